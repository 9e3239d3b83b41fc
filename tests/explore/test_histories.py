"""Long random histories of a larger set: more at once than a search can exhaust.

CAFE_HISTORIES is how many are tried, 30 by default. They are not shrunk: a shorter path to what
one finds is for a search to find. A failure prints its path and the line that repeats it.
"""

from __future__ import annotations

import os
from contextlib import ExitStack

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as some
from hypothesis.stateful import RuleBasedStateMachine, rule

from tests.explore.harness import product
from tests.explore.invariants import Invariants
from tests.explore.scenario import Scenario
from tests.explore.scenarios import VERBS
from tests.explore.search import Search

SCENES = [
    Scenario(
        "a history",
        mode=mode,
        cells={"CellA": 2, "CellB": 1},
        strategy={"maxUnavailable": 1, "needWaitingForConfirm": confirmed},
        verbs=VERBS,
        said=4,
        crashes=3,
        faults=3,
        deletions=1,
        restarts=1,
        lag=True,
        forced=True,
    )
    for mode in ("Gate", "Label", "None")
    for confirmed in (False, True)
]
STEPS = 80


class Histories(RuleBasedStateMachine):
    """One history: whatever may happen next, something of it does."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.search: Search | None = None

    @rule(data=some.data())
    def step(self, data: some.DataObject) -> None:
        """Something happens, and breaks nothing."""
        if self.search is None:
            self._begin(data.draw(some.sampled_from(SCENES)))
        assert self.search is not None
        outcomes = list(self.search.steps.after(self.world))
        if not outcomes:
            return
        # The first ones are what happens by itself: a history is more of that than of trouble.
        chosen = outcomes[data.draw(some.integers(0, 999)) * len(outcomes) // 1000]
        self.path.append(chosen.label)
        broken = self.judge.broken(self.world, chosen)
        assert not broken, "\n".join([*broken, *self.path])
        self.world = chosen.world

    def _begin(self, scene: Scenario) -> None:
        self.search = Search(scene)
        self.stack.enter_context(product(self.search.worlds))
        self.judge = Invariants(self.search.steps)
        self.world = self.search.steps.first()
        self.path = [f"{scene.mode}, {scene.strategy}"]

    def teardown(self) -> None:
        """However it went, some sequence of verbs ends the release (I13)."""
        try:
            if self.search is not None:
                assert self.search.can_end(self.world), "\n".join(self.path)
        finally:
            self.stack.close()


TestHistories = Histories.TestCase
TestHistories.settings = settings(
    max_examples=int(os.environ.get("CAFE_HISTORIES", "30")),
    stateful_step_count=STEPS,
    deadline=None,
    database=None,
    print_blob=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)

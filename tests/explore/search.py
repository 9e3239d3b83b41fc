"""Breadth first over all states, so the first violation that is found has a shortest path."""

from __future__ import annotations

import math
import time
from array import array
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter

from statemachine.lifecycle import State, Trigger
from tests.explore.harness import product
from tests.explore.invariants import Invariants
from tests.explore.policies import IN_FORCE, refusing
from tests.explore.scenario import Scenario
from tests.explore.state import POLICY, VERBS
from tests.explore.state import State as World
from tests.explore.steps import Steps
from tests.explore.world import Worlds

RESCUERS = (
    Trigger.RESUME,
    Trigger.CONFIRM,
    Trigger.RETRY,
    Trigger.ABORT,
    Trigger.ROLLBACK,
)
"""What people may say to end a release (I13)."""
GOALS = (State.COMPLETED, State.ROLLED_BACK)
RESCUE_VERBS = 4
RESCUE_LIMIT = 4000
"""States in which the end must be found."""


@dataclass
class Found:
    """What a search has seen. `path` leads to the first violation, step by step.

    `seconds` are of one processor.
    """

    scene: Scenario
    states: int = 0
    transitions: int = 0
    seconds: float = 0.0
    violations: list[str] = field(default_factory=list)
    path: list[str] = field(default_factory=list)
    ends: dict[str, int] = field(default_factory=dict)
    rescued: int = 0
    complete: bool = True

    def __str__(self) -> str:
        ends = ", ".join(f"{count} {state}" for state, count in sorted(self.ends.items()))
        whole = "" if self.complete else " (cut short)"
        said = (
            f"{self.scene.name}: {self.states} states, {self.transitions} transitions{whole}, "
            f"{len(self.violations)} violations, {self.seconds:.1f} s; ends: {ends or 'none'}"
        )
        if self.violations:
            steps = "\n".join(f"  {n:3}. {step}" for n, step in enumerate(self.path, start=1))
            said += "\n" + "\n".join(self.violations) + f"\n{steps}"
        return said


class Search:
    """One search; it stops after `limit` states, or after `seconds` of one processor."""

    def __init__(self, scene: Scenario, limit: int = 1_000_000, seconds: float = math.inf) -> None:
        self.found = Found(scene)
        self.worlds = Worlds(refusing(scene.policy, scene.about))
        self.steps = Steps(scene, self.worlds)
        self._judge = Invariants(self.steps)
        self._limit, self._seconds = limit, seconds
        self._numbers: dict[World, int] = {}
        self._parents = array("l")
        self._labels: list[str] = []
        self._from, self._to = array("l"), array("l")
        self._ended: set[int] = set()
        self._saved: dict[tuple[str, World], bool] = {}

    def run(self, progress: Callable[[str], None] = lambda _: None) -> Found:
        """Explore until all is seen, something is broken, or a limit is reached."""
        began = time.process_time()
        with product(self.worlds):
            self._explore(progress, began)
            if not self.found.violations:
                self._all_can_end()
                self._all_can_stop()
                self._no_deadline_is_needed()
                self._some_completes()
        self.found.states = len(self._numbers)
        self.found.transitions = len(self._from)
        self.found.seconds = time.process_time() - began
        return self.found

    def _explore(self, progress: Callable[[str], None], began: float) -> None:
        first = self.steps.first()
        self._numbers[first] = 0
        self._parents.append(-1)
        self._labels.append("the upgrade is recorded")
        queue = deque([first])
        while queue:
            world = queue.popleft()
            here = self._numbers[world]
            if self.steps.over(world):
                self._ended.add(here)
                state = str(self.steps.cafe(world).position.state)
                self.found.ends[state] = self.found.ends.get(state, 0) + 1
            for outcome in self.steps.after(world):
                there = self._numbers.get(outcome.world)
                if there is None:
                    there = self._numbers[outcome.world] = len(self._parents)
                    self._parents.append(here)
                    self._labels.append(outcome.label)
                    queue.append(outcome.world)
                    if there % 5000 == 0:
                        progress(f"{there} states, {time.process_time() - began:.0f} s")
                self._from.append(here)
                self._to.append(there)
                if broken := self._judge.broken(world, outcome):
                    self.found.violations = broken
                    self.found.path = [*self._path(here), outcome.label]
                    return
            spent = time.process_time() - began
            if len(self._numbers) >= self._limit or spent >= self._seconds:
                self.found.complete = not queue
                return

    def _path(self, number: int) -> list[str]:
        path = []
        while number >= 0:
            path.append(self._labels[number])
            number = self._parents[number]
        return path[::-1]

    # I13

    def _all_can_end(self) -> None:
        """Every state that was expanded reaches an end, with what people may still say.

        Unless it is being aborted, without an abort: the release can be carried on, or back.
        """
        if not self.found.complete:
            return  # The ways on from what was not expanded are not known.
        worlds, scene = list(self._numbers), self.found.scene
        steps = list(zip(self._from, self._to, strict=True))
        everywhere = range(len(worlds))
        self._all_reach(self._ended, everywhere, steps, self.can_end, "no sequence of verbs ends")
        if scene.deleted or scene.disowned or (scene.first and not scene.starts):
            return  # There is nothing to go on with, or nothing to go back to.
        if scene.templates and scene.deletions:
            return  # `repair` brings back a pod of an edited template, and is no verb here.
        goals = [n for n in self._ended if self._state(worlds[n]) in GOALS]
        going = [n for n in everywhere if not self._aborts(worlds[n])]
        self._all_reach(goals, going, steps, self.can_go_on, "nothing but an abort ends")

    def _all_can_stop(self) -> None:
        """Where nobody says anything, and nothing else happens, every driver leaves in the end.

        While writes are refused as well.
        """
        if not self.found.complete:
            return
        self._all_leave(attrgetter("left"), self.can_stop, "by itself no driver leaves")

    def _no_deadline_is_needed(self) -> None:
        """Where nothing goes wrong any more, a driver ends before another deadline passes."""
        scene = self.found.scene
        if scene.edits or not (self.found.complete and scene.starts):
            return  # A pod whose image another client has patched may wait for its deadline.
        said = "nothing but a deadline carries on"
        self._all_leave(attrgetter("left", "era"), self.can_move, said)

    def _all_leave(
        self, same: Callable[[World], object], can: Callable[[World], bool], else_: str
    ) -> None:
        """Each driver leaves by steps that do not change what `same` reads of a state."""
        worlds = list(self._numbers)
        driven = [n for n, world in enumerate(worlds) if world.driver >= 0]
        left = [n for n, world in enumerate(worlds) if world.driver < 0]
        steps = (
            (source, target)
            for source, target in zip(self._from, self._to, strict=True)
            if same(worlds[source]) == same(worlds[target])
        )
        self._all_reach(left, driven, steps, can, else_)

    def _state(self, world: World) -> State:
        return self.steps.cafe(world).position.state

    def _aborts(self, world: World) -> bool:
        record = self.steps.cafe(world).record
        assert record is not None
        return State.ABORTING in (record.state, record.origin) or record.state is State.ABORTED

    def _all_reach(
        self,
        ends: Iterable[int],
        wanted: Sequence[int],
        steps: Iterable[tuple[int, int]],
        can: Callable[[World], bool],
        else_: str,
    ) -> None:
        """Each state of `wanted` reaches one of `ends` by these steps, or can by others."""
        before: list[list[int]] = [[] for _ in self._parents]
        for source, target in steps:
            before[target].append(source)
        if self.found.violations:
            return
        good = bytearray(len(self._parents))
        _backwards(before, good, list(ends))
        worlds = list(self._numbers)
        for number in reversed(wanted):
            if good[number]:
                continue
            if not can(worlds[number]):
                self.found.violations = [f"I13: {else_} the release from here"]
                self.found.path = self._path(number)
                return
            self.found.rescued += 1
            _backwards(before, good, [number])

    def _some_completes(self) -> None:
        """A release of images that start is not only ended by people: some path completes."""
        starts = self.found.scene.starts and self.found.complete
        if starts and not self.found.violations and State.COMPLETED not in self.found.ends:
            self.found.violations = ["I13: no path completes the release"]

    def can_end(self, world: World) -> bool:
        """Whether some sequence of verbs ends the release, if nothing else goes wrong."""
        verbs = self.steps.scene.but(verbs=RESCUERS, forced=True, drives=True)
        return self._reaches("end", _left(world, {VERBS: RESCUE_VERBS}), verbs, self.steps.over)

    def can_go_on(self, world: World) -> bool:
        """Whether some sequence of verbs carries the release on, or back, without an abort."""
        verbs = self.steps.scene.but(
            verbs=tuple(v for v in RESCUERS if v is not Trigger.ABORT), forced=False, drives=True
        )

        def there(world: World) -> bool:
            return self.steps.over(world) and self._state(world) in GOALS

        return self._reaches("go on", _left(world, {VERBS: RESCUE_VERBS}), verbs, there)

    def can_stop(self, world: World) -> bool:
        """Whether the driver leaves by itself, while writes that are refused go on being so."""
        alone = self.steps.scene.but(verbs=(), policy_goes=False)
        left = _left(world, {POLICY: IN_FORCE} if world.left[POLICY] == IN_FORCE else {})
        return self._reaches("stop", left, alone, lambda one: one.driver < 0)

    def can_move(self, world: World) -> bool:
        """Whether the driver leaves by itself before another deadline passes, if all goes well."""
        alone = self.steps.scene.but(verbs=())
        return self._reaches("move", _left(world, {}), alone, lambda w: w.driver < 0, eras=0)

    def _reaches(
        self,
        what: str,
        start: World,
        scene: Scenario,
        goal: Callable[[World], bool],
        eras: int = 1,
    ) -> bool:
        """Whether some path leads to the goal; deadlines may pass `eras` times, all is seen."""
        key = (what, start)
        if key in self._saved:
            return self._saved[key]
        scene = scene.but(lag=False, eras=start.era + eras, deletions=0)
        steps = Steps(scene, self.worlds)
        seen, queue = {start}, deque([start])
        reached = False
        while queue and not reached and len(seen) < RESCUE_LIMIT:
            # Last in, first out: some way is enough, and most are short.
            here = queue.pop()
            if goal(here):
                reached = True
                break
            for outcome in steps.after(here):
                if outcome.world not in seen:
                    seen.add(outcome.world)
                    queue.append(outcome.world)
        self._saved[key] = reached
        return reached


def _left(world: World, left: Mapping[int, int]) -> World:
    """`world` where nothing more goes wrong but what is `left`."""
    return world._replace(left=tuple(left.get(n, 0) for n in range(len(world.left))))


def _backwards(before: list[list[int]], good: bytearray, known: list[int]) -> None:
    """Mark all from which one of `known` is reached."""
    while known:
        number = known.pop()
        if not good[number]:
            good[number] = 1
            known += [source for source in before[number] if not good[source]]

"""The small searches, and the guards that a search must miss."""

from __future__ import annotations

import pytest

from tests.explore import broken
from tests.explore.scenario import Scenario
from tests.explore.scenarios import SMALL, by_name
from tests.explore.search import Search

LIMIT = 60_000
GUARDS = broken.read()


@pytest.mark.parametrize("scene", SMALL, ids=[scene.name for scene in SMALL])
def test_nothing_is_broken_in_any_state_and_every_state_can_end(scene: Scenario) -> None:
    found = Search(scene, LIMIT).run()
    print(found)
    assert not found.violations, str(found)
    assert found.complete, "the search was cut short"
    assert found.ends, "no release ended"


@pytest.mark.parametrize("guard", GUARDS, ids=[guard.name for guard in GUARDS])
def test_without_a_guard_something_breaks(guard: broken.Guard) -> None:
    with broken.without(guard):
        found = Search(by_name(guard.scenario), LIMIT).run()
    assert found.violations


def test_a_guard_that_was_taken_out_is_back_afterwards() -> None:
    scene = by_name("plain")
    with broken.without(GUARDS[0]):
        assert Search(scene, LIMIT).run().violations
    assert not Search(scene, LIMIT).run().violations


def test_a_search_counts_the_same_states_every_time() -> None:
    first, second = (Search(by_name("plain"), LIMIT).run() for _ in range(2))
    assert (first.states, first.transitions) == (second.states, second.transitions)


def test_a_search_that_takes_too_long_is_cut_short() -> None:
    found = Search(by_name("plain"), LIMIT, seconds=0.0).run()
    assert not found.complete
    assert found.states < Search(by_name("plain"), LIMIT).run().states

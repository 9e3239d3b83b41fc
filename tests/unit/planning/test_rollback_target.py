"""Which revision a rollback goes to (protocol 7)."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.errors import Refused
from kubectl_cafe.planning.rollback_target import (
    UnknownRevision,
    chosen,
    numbered,
    rollback_target,
)
from statemachine.lifecycle import State
from statemachine.steps import Kind
from tests.unit.builders import cafe_object, release, revision

CAFE = CafeDeployment(cafe_object())
THREE = tuple(revision(f"v{n}", n) for n in (1, 2, 3))


def goal(number: int, state: State = State.COMPLETED, **changes: Any) -> str:
    """The revision that a rollback to `number` goes to, of a release from v1 to v2."""
    return chosen(CAFE, release(state, **changes), THREE, number).name


def test_a_revision_is_chosen_by_its_number() -> None:
    assert (goal(1), goal(3)) == ("v1", "v3")


def test_an_unknown_number_names_those_there_are() -> None:
    with pytest.raises(UnknownRevision, match=r"revision 4 not found \(existing: 1, 2, 3\)"):
        numbered(CAFE, reversed(THREE), 4)


def test_without_revisions_none_is_known() -> None:
    with pytest.raises(UnknownRevision, match="existing: none"):
        numbered(CAFE, (), 1)


@pytest.mark.guard("no-rollback-to-where-it-is")
@pytest.mark.parametrize("state", [State.COMPLETED, State.ROLLED_BACK])
def test_there_is_no_going_back_to_where_every_pod_is(state: State) -> None:
    with pytest.raises(Refused, match=r"already at revision \d+"):
        goal(2, state)


@pytest.mark.parametrize("state", [State.PROGRESSING, State.PAUSED, State.FAILED])
def test_there_is_no_going_back_to_where_the_release_goes(state: State) -> None:
    with pytest.raises(Refused, match=r"revision \d+ is the target"):
        goal(2, state)


def test_a_rollback_that_failed_may_be_told_its_own_goal_again() -> None:
    assert goal(2, State.FAILED, kind=Kind.ROLLBACK) == "v2"


def test_an_aborted_mix_may_be_brought_to_the_revision_that_was_given_up() -> None:
    assert goal(2, State.ABORTED) == "v2"


def test_after_a_rollback_neither_its_goal_nor_what_it_left_is_an_earlier_revision() -> None:
    one, two, three = (revision(f"v{n}", n, "Completed") for n in (1, 2, 3))
    back = release(State.ROLLED_BACK, kind=Kind.ROLLBACK, from_revision="v2", to_revision="v3")
    assert rollback_target(back, (one, two, three)) == one


def test_after_a_rollback_there_is_no_going_back_to_where_every_pod_is() -> None:
    with pytest.raises(Refused, match=r"already at revision \d+"):
        goal(2, State.ROLLED_BACK, kind=Kind.ROLLBACK)


@pytest.mark.parametrize(
    ("outcomes", "target"),
    [
        (("Completed", "Completed"), "v2"),
        (("Completed", "RolledBack"), "v2"),
        (("Completed", "Aborted"), "v1"),
        (("Completed", "Superseded"), "v1"),
        (("Aborted", "Aborted"), "v2"),
        (("", ""), "v2"),
    ],
)
def test_it_goes_back_to_the_last_revision_that_ended_well_else_to_where_it_came_from(
    outcomes: tuple[str, str], target: str
) -> None:
    """The release came from v2."""
    known = [revision(f"v{n}", n, outcome) for n, outcome in enumerate((*outcomes, ""), 1)]
    of = release(State.FAILED, from_revision="v2", to_revision="v3")
    found = rollback_target(of, known)
    assert found is not None
    assert found.name == target


def test_a_release_that_came_from_a_revision_that_was_pruned_goes_back_to_the_last_good_one() -> (
    None
):
    known = (revision("v1", 1, "Completed"), revision("v3", 3))
    of = release(State.FAILED, from_revision="v2", to_revision="v3")
    assert rollback_target(of, known) == known[0]


def test_after_a_rollback_whose_goal_was_pruned_every_good_revision_is_an_earlier_one() -> None:
    known = tuple(revision(f"v{n}", n, "Completed") for n in (1, 2, 4))
    back = release(State.ROLLED_BACK, kind=Kind.ROLLBACK, from_revision="v4", to_revision="v3")
    assert rollback_target(back, known) == known[1]

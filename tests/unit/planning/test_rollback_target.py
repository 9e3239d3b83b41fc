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
from kubectl_cafe.revisions.past_releases import PastRelease
from statemachine.lifecycle import State
from statemachine.record import Record
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


def ended(*releases: tuple[str, str, Kind]) -> tuple[PastRelease, ...]:
    """Releases in the order of time, each to a revision with an outcome."""
    return tuple(
        PastRelease(f"r{n}", kind, outcome, f"2026-01-{n:02}T00:00:00Z", "", "", to_revision=to)
        for n, (to, outcome, kind) in enumerate(releases, 1)
    )


UP, BACK = Kind.UPGRADE, Kind.ROLLBACK
V1, V2, V3 = (("v1", "Completed", UP), ("v2", "Completed", UP), ("v3", "Completed", UP))


def after(source: str, target: str) -> Record:
    """The record of a rollback from `source` to `target` that ended."""
    return release(State.ROLLED_BACK, kind=BACK, from_revision=source, to_revision=target)


@pytest.mark.parametrize(
    ("releases", "record", "target"),
    [
        # What ran before the goal.
        (
            [("v1", "Completed", UP), ("v2", "Completed", UP), ("v3", "Completed", UP)],
            ("v3", "v2"),
            "v1",
        ),
        # Nothing ran before the first one.
        (
            [("v1", "Completed", UP), ("v2", "Completed", UP), ("v3", "Completed", UP)],
            ("v3", "v1"),
            "",
        ),
        # The goal was released again after the other one.
        (
            [("v1", "Completed", UP), ("v2", "Completed", UP), ("v1", "Completed", UP)],
            ("v3", "v1"),
            "v2",
        ),
        # A rollback to the goal is no release of it: what it left was no better.
        (
            [V1, V2, V3, ("v2", "RolledBack", BACK)],
            ("v3", "v2"),
            "v1",
        ),
        # The goal's own release is not known any more.
        ([V1, V3], ("v3", "v2"), "v1"),
    ],
)
def test_after_a_rollback_the_way_back_leads_to_what_ran_before_its_goal(
    releases: list[tuple[str, str, Kind]], record: tuple[str, str], target: str
) -> None:
    found = rollback_target(after(*record), THREE, ended(*releases))
    assert (found.name if found else "") == target


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
        ((), "v2"),
    ],
)
def test_it_goes_back_to_the_last_revision_that_ended_well_else_to_where_it_came_from(
    outcomes: tuple[str, ...], target: str
) -> None:
    """The release came from v2."""
    releases = ended(*((f"v{n}", outcome, UP) for n, outcome in enumerate(outcomes, 1)))
    of = release(State.FAILED, from_revision="v2", to_revision="v3")
    found = rollback_target(of, THREE, releases)
    assert found is not None
    assert found.name == target


def test_a_release_that_came_from_a_revision_that_was_pruned_goes_back_to_the_last_good_one() -> (
    None
):
    known = (revision("v1", 1), revision("v3", 3))
    of = release(State.FAILED, from_revision="v2", to_revision="v3")
    assert rollback_target(of, known, ended(("v1", "Completed", UP))) == known[0]


def test_the_last_good_one_is_the_one_that_a_rollback_went_to_not_the_highest_number() -> None:
    """v2 was rolled back to v1, and the source of the release is not known any more."""
    releases = ended(("v1", "Completed", UP), ("v2", "Completed", UP), ("v1", "RolledBack", BACK))
    of = release(State.FAILED, from_revision="v9", to_revision="v3")
    assert rollback_target(of, THREE, releases) == THREE[0]


def test_a_scale_is_no_revision_to_go_back_to() -> None:
    """The release of kind scale comes from v2 and goes to v2: v1 is the one before."""
    ended = [
        PastRelease(f"r{n}", Kind.UPGRADE, "Completed", "", "", "alice", to_revision=f"v{n}")
        for n in (1, 2)
    ]
    scaled = release(State.COMPLETED, kind=Kind.SCALE, from_revision="v2", to_revision="v2")
    found = rollback_target(scaled, THREE, ended)
    assert found is not None
    assert found.name == "v1"

"""What a refusal names as legal: verbs as they are typed (protocol 9)."""

from __future__ import annotations

import pytest
from msgspec import structs

from kubectl_cafe import names
from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.planning.allowed_commands import illegal, legal_verbs
from statemachine.lifecycle import State, Trigger
from statemachine.record import Entry, Record
from statemachine.record_json import encode
from statemachine.steps import Kind
from tests.unit.builders import cafe_object, release

STARTED = Entry("2026-11-23T10:00:00Z", Trigger.START, State.PROGRESSING, "alice", "new menu")
PAUSED = Entry("2026-11-23T10:05:00Z", Trigger.PAUSE, State.PAUSED, "bob", "lunch")


def refused(record: Record, driver: str = "") -> str:
    """The refusal to start a release beside that of `record`."""
    obj = cafe_object()
    obj["metadata"]["annotations"][names.RELEASE] = encode(record)
    return illegal(CafeDeployment(obj), Trigger.START, driver).message


@pytest.mark.parametrize(
    ("state", "verbs"),
    [
        (State.IDLE, ["upgrade", "rollback"]),
        (State.PROGRESSING, ["pause", "rollback", "abort"]),
        (State.FAILED, ["retry", "rollback", "upgrade --supersede", "abort"]),
        (State.ABORTING, ["abort --force"]),
    ],
)
def test_the_legal_verbs_of_a_state(state: State, verbs: list[str]) -> None:
    assert legal_verbs(state) == verbs


def test_a_refusal_says_which_release_is_under_way_and_what_was_said_to_it_last() -> None:
    record = release(
        State.PAUSED, origin=State.PROGRESSING, why="new menu", journal=(STARTED, PAUSED)
    )
    assert refused(record, "driven by carol") == (
        "upgrade is not allowed while the release is Paused (upgrade r1 to v2, started by alice at "
        f"{record.started}: new menu, last action: pause by bob at {PAUSED.at}: lunch, "
        "driven by carol); allowed now: resume, rollback, upgrade --supersede, abort"
    )


def test_what_started_a_release_is_not_said_twice() -> None:
    record = release(journal=(STARTED,))
    assert refused(record) == (
        "upgrade is not allowed while the release is Progressing (upgrade r1 to v2, started by "
        "alice "
        f"at {record.started}); allowed now: pause, rollback, abort"
    )


def test_of_a_release_that_is_over_a_refusal_says_its_state_alone() -> None:
    record = release(State.COMPLETED, journal=(STARTED,))
    assert "while the release is Completed; allowed now: " in refused(record)


def test_a_release_of_kind_scale_names_the_rollback_that_puts_its_counts_back() -> None:
    plan = structs.replace(release().plan, before={"": 1})
    scaling = release(State.PAUSED, kind=Kind.SCALE, plan=plan, origin=State.PROGRESSING)
    allowed = refused(scaling).partition("allowed now: ")[2]
    assert "abort" in allowed
    assert "rollback" in allowed

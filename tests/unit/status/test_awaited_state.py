"""`status --for`: reached, still to come, or out of reach."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_cafe import names
from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.status.awaited_state import GRACE, OutOfReach, reached, timed_out
from statemachine.lifecycle import State
from statemachine.record import Failure
from statemachine.record_json import encode
from tests.unit.builders import cafe_object, release, template

RELEASED = CafeDeployment(cafe_object()).spec_hash
EDITS = [{"template": template("app:v3")}, {"replicas": 3}, {"podSetType": "ReplicaSet"}]


def cafe(state: State | None, **changes: Any) -> CafeDeployment:
    """One whose spec is the released one, unless `spec` has edits of it."""
    spec: dict[str, Any] = changes.pop("spec", {})
    obj = cafe_object(**spec)
    if state is not None:
        record = release(state, **{"spec_hash": RELEASED, **changes})
        obj["metadata"]["annotations"] = {names.RELEASE: encode(record)}
    return CafeDeployment(obj)


def test_the_state_itself_is_reached() -> None:
    assert reached(cafe(State.COMPLETED), State.COMPLETED)


@pytest.mark.parametrize("state", [None, State.PROGRESSING, State.AWAITING_CONFIRM])
def test_what_can_still_come_is_waited_for(state: State | None) -> None:
    assert not reached(cafe(state), State.COMPLETED)


@pytest.mark.guard("a-failed-release-is-not-waited-for")
def test_of_a_failed_release_its_completion_is_out_of_reach_and_the_reason_is_said() -> None:
    failed = cafe(State.FAILED, origin=State.PROGRESSING, failure=Failure("ErrImagePull"))

    with pytest.raises(OutOfReach) as error:
        reached(failed, State.COMPLETED)

    assert error.value.exit_code == 4
    assert "the release is Failed (ErrImagePull)" in error.value.message
    assert "kubectl cafe rollback shop -n stores, or kubectl cafe upgrade shop" in error.value.hint


def test_of_a_failed_release_its_rollback_is_waited_for() -> None:
    assert not reached(cafe(State.FAILED, origin=State.PROGRESSING), State.ROLLED_BACK)


@pytest.mark.parametrize("state", [State.ROLLING_BACK, State.ROLLED_BACK, State.ABORTED])
def test_a_release_that_goes_or_went_back_never_completes(state: State) -> None:
    with pytest.raises(OutOfReach, match="Completed can no longer be reached"):
        reached(cafe(state), State.COMPLETED)


@pytest.mark.guard("an-edited-spec-is-not-completed")
@pytest.mark.parametrize("spec", EDITS)
def test_while_the_spec_is_ahead_completed_is_not_reached(spec: dict[str, Any]) -> None:
    assert not reached(cafe(State.COMPLETED, spec=spec), State.COMPLETED)


def test_an_edited_strategy_is_no_release_to_come() -> None:
    edited = cafe(State.COMPLETED, spec={"strategy": {"maxUnavailable": 1}})
    assert reached(edited, State.COMPLETED)


@pytest.mark.parametrize("state", [State.ROLLED_BACK, State.ABORTED])
def test_while_the_spec_is_ahead_the_next_release_is_still_to_come(state: State) -> None:
    assert not reached(cafe(state, spec=EDITS[0]), State.COMPLETED)


def test_a_failed_release_is_not_waited_past_though_the_spec_is_ahead() -> None:
    failed = cafe(State.FAILED, origin=State.PROGRESSING, spec=EDITS[0])
    with pytest.raises(OutOfReach, match="Completed can no longer be reached"):
        reached(failed, State.COMPLETED)


@pytest.mark.guard("a-wait-that-begins-early-is-no-failure")
def test_an_end_that_was_there_before_the_wait_is_given_a_moment_to_be_replaced() -> None:
    old = cafe(State.ROLLED_BACK)

    assert not reached(old, State.COMPLETED, first=old, waited=GRACE - 1)
    with pytest.raises(OutOfReach, match="Completed can no longer be reached"):
        reached(old, State.COMPLETED, first=old, waited=GRACE)


def test_an_end_that_came_during_the_wait_is_judged_at_once() -> None:
    with pytest.raises(OutOfReach, match="the release is RolledBack"):
        reached(
            cafe(State.ROLLED_BACK),
            State.COMPLETED,
            first=cafe(State.ROLLING_BACK),
            waited=1,
        )


def test_a_time_out_says_that_the_spec_is_ahead_and_what_releases_it() -> None:
    error = timed_out(cafe(State.COMPLETED, spec=EDITS[0]), State.COMPLETED, 90)
    assert error.message.endswith("the release is Completed with unreleased changes of the spec")
    assert error.hint == "kubectl cafe upgrade shop -n stores"


def test_time_out_says_where_it_stands_and_exits_5() -> None:
    error = timed_out(cafe(State.PROGRESSING), State.COMPLETED, 90)
    assert error.exit_code == 5
    assert error.message == "Completed was not reached within 1m30s: the release is Progressing"


def test_a_rollback_that_is_over_is_reached_although_the_spec_is_ahead() -> None:
    assert reached(cafe(State.ROLLED_BACK, spec=EDITS[0]), State.ROLLED_BACK)


def test_a_time_out_under_a_release_whose_spec_was_edited_says_how_it_goes_on() -> None:
    error = timed_out(cafe(State.PROGRESSING, spec=EDITS[0]), State.COMPLETED, 90)
    assert error.hint == "kubectl cafe drive shop -n stores"


@pytest.mark.parametrize("waited", [0.0, GRACE])
def test_a_release_that_had_failed_before_the_wait_is_out_of_reach_at_once(waited: float) -> None:
    failed = cafe(State.FAILED, origin=State.PROGRESSING)
    with pytest.raises(OutOfReach, match="the release is Failed"):
        reached(failed, State.COMPLETED, first=failed, waited=waited)


@pytest.mark.parametrize(
    ("state", "command"), [(State.ROLLED_BACK, "status"), (State.ROLLING_BACK, "drive")]
)
def test_where_a_state_is_out_of_reach_a_command_is_named(state: State, command: str) -> None:
    with pytest.raises(OutOfReach) as error:
        reached(cafe(state), State.COMPLETED)
    assert error.value.hint == f"kubectl cafe {command} shop -n stores"

"""`status --for`: reached, still to come, or out of reach."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_cafe import names
from kubectl_cafe.engine.awaiting import OutOfReach, reached, timed_out
from kubectl_cafe.engine.cafedeployment import CafeDeployment
from statemachine.lifecycle import State
from statemachine.record import Failure, encode
from tests.unit.builders import cafe_object, release


def cafe(state: State | None, **changes: Any) -> CafeDeployment:
    obj = cafe_object()
    if state is not None:
        obj["metadata"]["annotations"] = {names.RELEASE: encode(release(state, **changes))}
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
    assert "kubectl cafe retry shop -n stores, or kubectl cafe rollback" in error.value.hint


def test_of_a_failed_release_its_rollback_is_waited_for() -> None:
    assert not reached(cafe(State.FAILED, origin=State.PROGRESSING), State.ROLLED_BACK)


@pytest.mark.parametrize("state", [State.ROLLING_BACK, State.ROLLED_BACK, State.ABORTED])
def test_a_release_that_goes_or_went_back_never_completes(state: State) -> None:
    with pytest.raises(OutOfReach, match="Completed can't be reached any more"):
        reached(cafe(state), State.COMPLETED)


def test_time_out_says_where_it_stands_and_exits_5() -> None:
    error = timed_out(cafe(State.PROGRESSING), State.COMPLETED, 90)
    assert error.exit_code == 5
    assert error.message == "Completed was not reached within 90s: it is Progressing"

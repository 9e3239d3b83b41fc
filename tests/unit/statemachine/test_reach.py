"""Which states a release can still come to."""

from __future__ import annotations

import pytest

from statemachine.lifecycle import Position, State
from statemachine.reach import reachable

S = State
BACK = {S.ROLLING_BACK, S.ROLLED_BACK, S.ABORTING, S.ABORTED, S.PAUSED, S.FAILED}
ALL_BUT_IDLE = set(State) - {S.IDLE}

# Written down by what a person may still hope for, not from the code.
EXPECTED = [
    (S.IDLE, None, set(State)),
    (S.PROGRESSING, None, ALL_BUT_IDLE),
    (S.AWAITING_CONFIRM, None, ALL_BUT_IDLE),
    (S.PAUSED, S.PROGRESSING, ALL_BUT_IDLE),
    (S.PAUSED, S.ROLLING_BACK, BACK),
    (S.ROLLING_BACK, None, BACK),
    (S.FAILED, S.PROGRESSING, BACK),
    (S.ABORTING, None, {S.ABORTED, S.FAILED, *BACK}),
    (S.COMPLETED, None, set()),
    (S.ROLLED_BACK, None, set()),
    (S.ABORTED, None, set()),
]


@pytest.mark.parametrize(("state", "origin", "states"), EXPECTED)
def test_from_here_a_release_can_come_to(
    state: State, origin: State | None, states: set[State]
) -> None:
    assert reachable(Position(state, origin)) == states

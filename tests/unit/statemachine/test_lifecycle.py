"""The table of protocol 9, by hand, against the one that runs."""

from __future__ import annotations

import pytest

from statemachine.lifecycle import (
    REMEMBERS_ORIGIN,
    TABLE,
    Facts,
    Guard,
    IllegalMove,
    Position,
    Row,
    State,
    Trigger,
    legal,
    move,
)

# from, trigger, to, condition: written down from protocol 9, not from the code.
EXPECTED = """
Idle            start        Progressing
Completed       start        Progressing
RolledBack      start        Progressing
Aborted         start        Progressing
Idle            rollback     RollingBack
Completed       rollback     RollingBack
RolledBack      rollback     RollingBack
Aborted         rollback     RollingBack
Progressing     step_done    Progressing      more steps, no confirmation due
Progressing     step_done    AwaitingConfirm  a confirmation is due
Progressing     step_done    Completed        the last step is done
AwaitingConfirm confirm      Progressing      the confirmed group is waiting
RollingBack     step_done    RollingBack      more steps, no confirmation due
RollingBack     step_done    RolledBack       the last step is done
Progressing     pause        Paused
AwaitingConfirm pause        Paused
RollingBack     pause        Paused
Paused          resume       Progressing      the release was in that state before
Paused          resume       AwaitingConfirm  the release was in that state before
Paused          resume       RollingBack      the release was in that state before
Progressing     fail         Failed
AwaitingConfirm fail         Failed
RollingBack     fail         Failed
Aborting        fail         Failed
Failed          retry        Progressing      the release was in that state before
Failed          retry        AwaitingConfirm  the release was in that state before
Failed          retry        RollingBack      the release was in that state before
Failed          retry        Aborting         the release was in that state before
Progressing     rollback     RollingBack
AwaitingConfirm rollback     RollingBack
Paused          rollback     RollingBack
Failed          rollback     RollingBack
AwaitingConfirm supersede    Progressing
Paused          supersede    Progressing
Failed          supersede    Progressing
Progressing     abort        Aborting
AwaitingConfirm abort        Aborting
RollingBack     abort        Aborting
Paused          abort        Aborting
Failed          abort        Aborting
Aborting        pods_settled Aborted
Failed          abort        Aborted          --force
Aborting        abort        Aborted          --force
"""


def expected() -> set[tuple[str, str, str, str]]:
    rows = (line.split(maxsplit=3) for line in EXPECTED.strip().splitlines())
    return {(row[0], row[1], row[2], row[3] if len(row) > 3 else "") for row in rows}


def facts_for(row: Row) -> Facts:
    return Facts(
        last_step=row.guard is Guard.LAST_STEP,
        confirmation_due=row.guard is Guard.CONFIRMATION_DUE,
        group_waits=row.guard is Guard.GROUP_WAITS,
        forced=row.guard is Guard.FORCED,
    )


def position_for(row: Row) -> Position:
    origin = row.dest if row.guard is Guard.CAME_FROM else State.PROGRESSING
    return Position(row.source, origin if row.source in REMEMBERS_ORIGIN else None)


def named(row: Row) -> str:
    condition = f" if {row.guard}" if row.guard else ""
    return f"{row.source} {row.trigger} -> {row.dest}{condition}"


ABSENT_PAIRS = [(s, t) for s in State for t in Trigger if t not in legal(s)]
GUARDED = [
    (Position(State.AWAITING_CONFIRM), Trigger.CONFIRM),
    (Position(State.PAUSED), Trigger.RESUME),
    (Position(State.FAILED), Trigger.RETRY),
    (Position(State.ABORTING), Trigger.ABORT),
]


def test_the_table_is_the_one_of_the_protocol() -> None:
    assert {(r.source, r.trigger, r.dest, r.guard) for r in TABLE} == expected()


def test_no_row_stands_twice() -> None:
    assert len(TABLE) == len(expected())


@pytest.mark.parametrize("row", TABLE, ids=named)
def test_every_row_of_the_table_is_a_move(row: Row) -> None:
    assert move(position_for(row), row.trigger, facts_for(row)).state is row.dest


@pytest.mark.parametrize(("state", "trigger"), ABSENT_PAIRS, ids=lambda v: str(v))
def test_a_move_that_is_not_in_the_table_is_refused_and_names_the_legal_ones(
    state: State, trigger: Trigger
) -> None:
    everything = Facts(last_step=True, confirmation_due=True, group_waits=True, forced=True)
    with pytest.raises(IllegalMove) as refusal:
        move(Position(state, State.PROGRESSING), trigger, everything)
    assert refusal.value.legal == legal(state)
    assert str(refusal.value) == f"{trigger} is not allowed in state {state}"


@pytest.mark.parametrize(("position", "trigger"), GUARDED, ids=lambda v: str(v))
def test_a_move_whose_condition_does_not_hold_is_refused(
    position: Position, trigger: Trigger
) -> None:
    with pytest.raises(IllegalMove):
        move(position, trigger)


@pytest.mark.parametrize("state", [State.PROGRESSING, State.AWAITING_CONFIRM, State.ROLLING_BACK])
def test_a_pause_remembers_where_it_came_from(state: State) -> None:
    assert move(Position(state), Trigger.PAUSE) == Position(State.PAUSED, state)


def test_a_resume_forgets_where_the_pause_came_from() -> None:
    paused = Position(State.PAUSED, State.ROLLING_BACK)
    assert move(paused, Trigger.RESUME) == Position(State.ROLLING_BACK)


def test_the_last_step_asks_for_no_confirmation() -> None:
    facts = Facts(last_step=True, confirmation_due=True)
    assert move(Position(State.PROGRESSING), Trigger.STEP_DONE, facts).state is State.COMPLETED


def test_a_step_that_is_done_leads_to_the_next_one_where_nothing_else_is_known() -> None:
    at = Position(State.PROGRESSING)
    assert move(at, Trigger.STEP_DONE) == at


def test_of_a_resume_the_note_that_the_confirmation_is_reset_is_told_of_that_state_alone() -> None:
    noted = [row.dest for row in TABLE if row.trigger is Trigger.RESUME and row.note]
    assert noted == [State.AWAITING_CONFIRM]


def test_an_abort_without_force_is_not_taken_for_a_forced_one() -> None:
    failed = Position(State.FAILED, State.PROGRESSING)
    assert move(failed, Trigger.ABORT).state is State.ABORTING


def test_from_every_state_some_sequence_of_moves_ends_the_release() -> None:
    ends = {State.COMPLETED, State.ROLLED_BACK, State.ABORTED}
    reached = set(ends)
    while more := {r.source for r in TABLE if r.dest in reached} - reached:
        reached |= more
    assert reached == set(State)

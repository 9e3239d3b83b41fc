"""The states of a release and the only legal moves between them (protocol 9).

`TABLE` is the one source: the machine runs it, `kubectl cafe states` prints it and
docs/state-machine.md is generated from it.
"""

from __future__ import annotations

import logging
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from transitions import Machine


class State(StrEnum):
    """The state of a release."""

    IDLE = "Idle"
    PROGRESSING = "Progressing"
    AWAITING_CONFIRM = "AwaitingConfirm"
    PAUSED = "Paused"
    ROLLING_BACK = "RollingBack"
    ABORTING = "Aborting"
    FAILED = "Failed"
    COMPLETED = "Completed"
    ROLLED_BACK = "RolledBack"
    ABORTED = "Aborted"


class Trigger(StrEnum):
    """The trigger of a move: a command of a user, or a finding of the driver."""

    START = "start"
    STEP_DONE = "step_done"
    CONFIRM = "confirm"
    PAUSE = "pause"
    RESUME = "resume"
    FAIL = "fail"
    RETRY = "retry"
    ROLLBACK = "rollback"
    SUPERSEDE = "supersede"
    ABORT = "abort"
    PODS_SETTLED = "pods_settled"
    TAKE_OVER = "take_over"
    """Another driver continues the release: an entry of the journal, not a move of the table."""


class Guard(StrEnum):
    """The condition under which a row of the table applies."""

    ALWAYS = ""
    MORE_STEPS = "more steps, no confirmation due"
    CONFIRMATION_DUE = "a confirmation is due"
    LAST_STEP = "the last step is done"
    GROUP_WAITS = "the confirmed group is waiting"
    CAME_FROM = "the release was in that state before"
    FORCED = "--force"


class Facts(Struct, frozen=True):
    """The inputs of the guards of a move. Each is False unless the caller sets it."""

    last_step: bool = False
    confirmation_due: bool = False
    group_waits: bool = False
    forced: bool = False


NO_FACTS = Facts()


class Row(Struct, frozen=True):
    """One legal move: from `source` by `trigger` to `dest`, if `guard` holds."""

    source: State
    trigger: Trigger
    dest: State
    guard: Guard = Guard.ALWAYS
    note: str = ""


class Position(Struct, frozen=True):
    """The state of a release. `origin`: in Paused and Failed the state before that, else None."""

    state: State
    origin: State | None = None


class IllegalMove(ValueError):
    """A move that the table does not have or whose guards do not hold.

    `legal` are the triggers that the table has in the present state.
    """

    def __init__(self, position: Position, trigger: Trigger) -> None:
        self.position = position
        self.trigger = trigger
        self.legal = legal(position.state)
        super().__init__(f"{trigger} is not allowed in state {position.state}")


_S, _T, _G = State, Trigger, Guard
RESTING = (_S.IDLE, _S.COMPLETED, _S.ROLLED_BACK, _S.ABORTED)
"""States in which no release is under way."""
SUCCEEDED = (_S.COMPLETED, _S.ROLLED_BACK)
"""States in which every pod is at the revision that the release went to."""
FORWARD = (_S.PROGRESSING, _S.AWAITING_CONFIRM)
"""States of a create, an upgrade or a scale on the way to its target; not of a rollback."""
RUNNING = (_S.PROGRESSING, _S.ROLLING_BACK, _S.ABORTING)
"""States in which the driver has work to do."""
MOVING = (_S.PROGRESSING, _S.ROLLING_BACK)
"""States in which further pods may be taken. In the others the release waits for a user, finishes
the pods in flight (Aborting), or rests."""
BEGINNINGS = (_T.START, _T.SUPERSEDE)
"""Moves that begin a release."""
LEGS = (*BEGINNINGS, _T.ROLLBACK)
"""Moves that begin a leg: the groups are counted from 1 again. A rollback is the second leg of its
release."""
REMEMBERS_ORIGIN = (_S.PAUSED, _S.FAILED)


def _rows() -> tuple[Row, ...]:
    started = [Row(s, _T.START, _S.PROGRESSING, note="a new release") for s in RESTING]
    morning_after = [Row(s, _T.ROLLBACK, _S.ROLLING_BACK, note="a new release") for s in RESTING]
    steps = [
        Row(_S.PROGRESSING, _T.STEP_DONE, _S.PROGRESSING, _G.MORE_STEPS),
        Row(_S.PROGRESSING, _T.STEP_DONE, _S.AWAITING_CONFIRM, _G.CONFIRMATION_DUE),
        Row(_S.PROGRESSING, _T.STEP_DONE, _S.COMPLETED, _G.LAST_STEP),
        Row(_S.AWAITING_CONFIRM, _T.CONFIRM, _S.PROGRESSING, _G.GROUP_WAITS),
        Row(_S.ROLLING_BACK, _T.STEP_DONE, _S.ROLLING_BACK, _G.MORE_STEPS),
        Row(_S.ROLLING_BACK, _T.STEP_DONE, _S.ROLLED_BACK, _G.LAST_STEP),
    ]
    pausable = (_S.PROGRESSING, _S.AWAITING_CONFIRM, _S.ROLLING_BACK)
    pauses = [Row(s, _T.PAUSE, _S.PAUSED) for s in pausable]
    resumes = [
        Row(
            _S.PAUSED,
            _T.RESUME,
            s,
            _G.CAME_FROM,
            "the confirmation is reset" if s is _S.AWAITING_CONFIRM else "",
        )
        for s in pausable
    ]
    fallible = (*pausable, _S.ABORTING)
    fails = [Row(s, _T.FAIL, _S.FAILED) for s in fallible]
    retries = [Row(_S.FAILED, _T.RETRY, s, _G.CAME_FROM) for s in fallible]
    waiting = (_S.AWAITING_CONFIRM, _S.PAUSED, _S.FAILED)
    back = [
        Row(s, _T.ROLLBACK, _S.ROLLING_BACK, note="the same release with a new plan")
        for s in (_S.PROGRESSING, *waiting)
    ]
    over = [
        Row(s, _T.SUPERSEDE, _S.PROGRESSING, note="a new release from pods at mixed revisions")
        for s in waiting
    ]
    aborts = [
        *(Row(s, _T.ABORT, _S.ABORTING) for s in (*pausable, _S.PAUSED)),
        # The forced row stands first: transitions takes the first row whose guard holds.
        Row(_S.FAILED, _T.ABORT, _S.ABORTED, _G.FORCED, "lists pods that stay out of traffic"),
        Row(_S.FAILED, _T.ABORT, _S.ABORTING),
        Row(_S.ABORTING, _T.ABORT, _S.ABORTED, _G.FORCED, "lists pods that stay out of traffic"),
        Row(_S.ABORTING, _T.PODS_SETTLED, _S.ABORTED, note="lists the pods' revisions"),
    ]
    return (
        *started,
        *morning_after,
        *steps,
        *pauses,
        *resumes,
        *fails,
        *retries,
        *back,
        *over,
        *aborts,
    )


TABLE: tuple[Row, ...] = _rows()


class _Model:
    """The model object for `transitions`: a state, and the facts that the guards read."""

    state: str

    def __init__(self, position: Position, facts: Facts) -> None:
        self.position = position
        self.facts = facts

    def holds(self, row: Row) -> bool:
        """Whether the guard of `row` holds."""
        facts = self.facts
        return {
            _G.ALWAYS: True,
            _G.MORE_STEPS: not facts.last_step and not facts.confirmation_due,
            _G.CONFIRMATION_DUE: not facts.last_step and facts.confirmation_due,
            _G.LAST_STEP: facts.last_step,
            _G.GROUP_WAITS: facts.group_waits,
            _G.CAME_FROM: self.position.origin is row.dest,
            _G.FORCED: facts.forced,
        }[row.guard]


@cache
def _machine() -> Machine:
    # Imported here: commands that only read a release do not pay for this import.
    from transitions import Machine

    # `transitions` logs every move at INFO; the release's journal has every move already.
    logging.getLogger("transitions").setLevel(logging.WARNING)
    machine = Machine(
        model=None, states=[str(s) for s in State], initial=None, auto_transitions=False
    )
    for row in TABLE:
        machine.add_transition(
            str(row.trigger),
            str(row.source),
            str(row.dest),
            conditions=_condition(row),
        )
    return machine


def _condition(row: Row):  # type: ignore[no-untyped-def]
    # `transitions` calls this with the arguments of the trigger: `move` passes the model.
    return lambda model: model.holds(row)


def legal(state: State) -> tuple[Trigger, ...]:
    """The triggers of the moves out of `state`, in the table's order."""
    return tuple(dict.fromkeys(row.trigger for row in TABLE if row.source is state))


def move(position: Position, trigger: Trigger, facts: Facts = NO_FACTS) -> Position:
    """The position after `trigger`.

    Raises IllegalMove where the table has no such row or no guard holds.
    """
    from transitions import MachineError

    if trigger not in legal(position.state):
        raise IllegalMove(position, trigger)
    model = _Model(position, facts)
    machine = _machine()
    machine.add_model(model, initial=str(position.state))
    try:
        moved = getattr(model, trigger)(model)
    except MachineError:
        moved = False
    finally:
        machine.remove_model(model)
    if not moved:
        raise IllegalMove(position, trigger)
    dest = State(model.state)
    if dest not in REMEMBERS_ORIGIN:
        return Position(dest)
    return Position(dest, position.state)

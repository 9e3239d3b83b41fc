"""Which states a release can still come to, for whoever waits for one."""

from __future__ import annotations

from statemachine.lifecycle import (
    REMEMBERS_ORIGIN,
    RESTING,
    TABLE,
    Guard,
    Position,
    Row,
    State,
    Trigger,
)

ANEW = (Trigger.START, Trigger.SUPERSEDE, Trigger.RETRY)
"""Moves that nobody who waits may count on: another release, another try."""


def reachable(position: Position) -> frozenset[State]:
    """The states that this release can come to without being begun or tried anew.

    From Idle all of them: the first release is what is waited for. A state is not counted as
    reached by being there.
    """
    if position.state is State.IDLE:
        return frozenset(State)
    seen: set[Position] = set()
    ahead = [position]
    while ahead:
        here = ahead.pop()
        found = {_after(here, row) for row in TABLE if _follows(here, row)} - seen
        seen |= found
        ahead += found
    return frozenset(after.state for after in seen)


def _follows(here: Position, row: Row) -> bool:
    another = row.trigger in ANEW or row.source in RESTING
    came_from = row.guard is not Guard.CAME_FROM or row.dest is here.origin
    return row.source is here.state and not another and came_from


def _after(here: Position, row: Row) -> Position:
    return Position(row.dest, here.state if row.dest in REMEMBERS_ORIGIN else None)

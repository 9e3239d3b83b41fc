"""The states that a release can still reach, for commands that wait for a state."""

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
"""Moves that a waiting command must not count on: they begin another release or another try."""


def reachable(position: Position) -> frozenset[State]:
    """The states that this release can still reach without a new release or a retry.

    From Idle every state is reachable, by the first release. The present state is among them only
    if a move leads back to it.
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

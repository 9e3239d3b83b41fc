"""One move of a release in one line."""

from __future__ import annotations

from statemachine.lifecycle import State
from statemachine.record import Record, cut
from statemachine.steps import Step


def move_line(record: Record) -> str:
    """Time, state, and what that state is about."""
    at = record.since[11:19]
    return f"{at}  {record.state}: {about(record)}"


def about(record: Record) -> str:
    """What the state of the record is about, in a few words."""
    grouped = sum(step.is_group for step in record.steps)
    match record.state:
        case State.AWAITING_CONFIRM:
            return f"group {record.waiting_group} of {grouped} waits for a confirmation"
        case State.FAILED:
            return cut(str(record.failure), 240)
        case State.COMPLETED | State.ROLLED_BACK | State.ABORTED:
            return f"release {record.id} to {record.to_revision}"
        case State.PAUSED:
            return f"was {record.origin}; pods in flight finish"
    step = record.current
    return describe(step, grouped) if step else "the last step"


def describe(step: Step, grouped: int) -> str:
    """A step in words."""
    if not step.is_group:
        return str(step.kind)
    return f"{step.kind} group {step.group} of {grouped} ({counts(step)})"


def counts(step: Step) -> str:
    """A group's cumulative counts."""
    return ", ".join(f"{cell or 'all'} {count}" for cell, count in (step.counts or {}).items())

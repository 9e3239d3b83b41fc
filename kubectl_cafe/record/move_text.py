"""The last move of a release as one line of text."""

from __future__ import annotations

from msgspec.structs import replace

from kubectl_cafe.text import one_line
from statemachine.lifecycle import State, Trigger
from statemachine.record import Record, cut
from statemachine.steps import Step

PEOPLE = frozenset(
    {
        Trigger.START,
        Trigger.CONFIRM,
        Trigger.PAUSE,
        Trigger.RESUME,
        Trigger.RETRY,
        Trigger.ROLLBACK,
        Trigger.SUPERSEDE,
        Trigger.ABORT,
        Trigger.TAKE_OVER,
    }
)
"""Triggers of journal entries that users cause; all others are the driver's."""


def move_line(record: Record, reader: str = "", *, brief: bool = False) -> str:
    """One line with time, state, its subject, and the user unless that is the `reader`.

    `brief`: a failure is shown by pod and reason alone, because its message is shown beside the
    line.
    """
    what = about(record)
    if brief and record.failure and record.state is State.FAILED:
        what = str(replace(record.failure, message=""))
    return one_line(f"{record.since[11:19]}Z  {record.state}: {what}{_by(record, reader)}")


def _by(record: Record, reader: str) -> str:
    """The user who made the last move, if not `reader`, and the reason."""
    last = record.journal[-1] if record.journal else None
    if not reader or last is None or last.trigger not in PEOPLE or last.who == reader:
        return ""
    if last.trigger is Trigger.TAKE_OVER:
        return f", taken over by {last.who}"
    return f", by {last.who}" + (f": {last.why}" if last.why else "")


def about(record: Record) -> str:
    """The text after the state: the group, the step, the failure or the release."""
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
        return f"{step.kind} ({step.kind.meaning})" if step.kind.meaning else str(step.kind)
    return f"{step.kind} group {step.group} of {grouped} ({counts(step)})"


def counts(step: Step) -> str:
    """A group's cumulative counts as text: `a 1, b 1`."""
    return ", ".join(f"{cell or 'all'} {count}" for cell, count in (step.counts or {}).items())

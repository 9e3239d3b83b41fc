"""The commands that are allowed in each state of a release (protocol 9). Pure."""

from __future__ import annotations

from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.errors import Refused
from kubectl_cafe.hints import cafe_command
from statemachine.lifecycle import RESTING, TABLE, Guard, State, Trigger, legal
from statemachine.record import Entry, Record

VERBS = {
    Trigger.START: "upgrade",
    Trigger.CONFIRM: "confirm",
    Trigger.PAUSE: "pause",
    Trigger.RESUME: "resume",
    Trigger.RETRY: "retry",
    Trigger.ROLLBACK: "rollback",
    Trigger.ABORT: "abort",
    Trigger.SUPERSEDE: "upgrade --supersede",
}
"""The commands of the moves that a user can make, without `kubectl cafe`."""


def illegal(cafe: CafeDeployment, trigger: Trigger, driver: str = "") -> Refused:
    """The refusal of a move that the state does not allow (exit 7).

    It names the allowed commands and the release under way. `driver` is a phrase about the
    release's driver; empty if the Lease was not read.
    """
    state = cafe.position.state
    can = legal_verbs(state)
    able = f"allowed now: {', '.join(can)}" if can else "no command applies in this state"
    return Refused(
        f"{VERBS.get(trigger, trigger)} is not allowed while the release is {state}"
        f"{_under_way(cafe, driver)}; {able}",
        where=cafe.where,
        hint=cafe_command("status", cafe.name, cafe.namespace),
    )


def _under_way(cafe: CafeDeployment, driver: str) -> str:
    """A clause about the release under way: goal, user, time, reason, last action; else empty."""
    record = cafe.record
    if record is None or record.state in RESTING:
        return ""
    last = f", last action: {last_said(record)}" if len(record.journal) > 1 else ""
    why = f": {record.why}" if record.why else ""
    return (
        f" ({record.kind} {record.id} to {record.to_revision}, started by {record.who} at "
        f"{record.started}{why}{last}{f', {driver}' if driver else ''})"
    )


def last_said(record: Record) -> str:
    """The last action of a user: move, user, time and reason; empty if there is none."""
    said = [entry for entry in record.journal if entry.trigger in VERBS]
    return f"{said[-1].trigger} by {signed(said[-1])}" if said else ""


def signed(entry: Entry) -> str:
    """The user, the time and the reason of the move, in words."""
    return f"{entry.who} at {entry.at}" + (f": {entry.why}" if entry.why else "")


def legal_verbs(state: State) -> list[str]:
    """The commands that are allowed in `state`, as they are typed."""
    return [
        f"{VERBS[trigger]}{' --force' if _by_force_alone(state, trigger) else ''}"
        for trigger in legal(state)
        if trigger in VERBS
    ]


def _by_force_alone(state: State, trigger: Trigger) -> bool:
    rows = [row for row in TABLE if (row.source, row.trigger) == (state, trigger)]
    return all(row.guard is Guard.FORCED for row in rows)

"""What a person can say to a release in each of its states (protocol 9); pure."""

from __future__ import annotations

from kubectl_cafe.engine.cafedeployment import CafeDeployment
from kubectl_cafe.errors import Refused
from statemachine.lifecycle import TABLE, Guard, State, Trigger, legal

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
"""The triggers that a person can pull, as the verbs are called."""


def illegal(cafe: CafeDeployment, trigger: Trigger) -> Refused:
    """The refusal of an illegal move: it names the legal ones (exit 7)."""
    state = cafe.position.state
    can = legal_verbs(state)
    able = f"legal now: {', '.join(can)}" if can else "nothing can be said to it now"
    return Refused(
        f"{VERBS.get(trigger, trigger)} is not legal while the release is {state}; {able}",
        where=cafe.where,
        hint=f"kubectl cafe status {cafe.name} -n {cafe.namespace}",
    )


def legal_verbs(state: State) -> list[str]:
    """What a person can say in `state`, as it is typed."""
    return [
        f"{VERBS[trigger]}{' --force' if _by_force_alone(state, trigger) else ''}"
        for trigger in legal(state)
        if trigger in VERBS
    ]


def _by_force_alone(state: State, trigger: Trigger) -> bool:
    rows = [row for row in TABLE if (row.source, row.trigger) == (state, trigger)]
    return all(row.guard is Guard.FORCED for row in rows)

"""The group before the current one: while its pods are unavailable, the current one doesn't begin.

A confirmation may come hours after that group was over, and `confirm` does not read the pods. So
the driver checks them again before it takes the first pod of a group.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kubectl_cafe.assessment.node_clocks import moved_at
from kubectl_cafe.assessment.pod import Assessment, PodState, touched
from kubectl_cafe.assessment.snapshot import Snapshot
from statemachine.lifecycle import State, Trigger
from statemachine.record import Failure
from statemachine.steps import Step, StepKind

REASON = "GroupNotAvailable"
TOLERANCE = 30.0
"""Seconds for which pods of the group before may be unready until the release fails."""


def held(
    snapshot: Snapshot, assessments: Sequence[Assessment], wanted: Mapping[str, int]
) -> Step | None:
    """The group before the current one, if it has to become available first (protocol 7).

    None once the current group has taken a pod: then its own count and the budget apply. `wanted`
    is the number of pods of each cell. A rollback is an emergency and does not wait for this.
    """
    if (before := _before(snapshot, assessments)) is None:
        return None
    whole = all(
        _available(assessments, cell) >= min(size, before.count(cell))
        for cell, size in wanted.items()
    )
    return None if whole else before


def _before(snapshot: Snapshot, assessments: Sequence[Assessment]) -> Step | None:
    """The group before the current one; None once the current one has taken its first pod.

    None before a scale-in, too: `removals.choose` keeps enough pods available.
    """
    record = snapshot.record
    step = record.current
    if record.state is not State.PROGRESSING or step is None or not step.is_group:
        return None
    if step.kind is StepKind.SCALE_IN:
        return None
    before = next((s for s in reversed(record.steps[: record.step]) if s.is_group), None)
    return None if before is None or _begun(snapshot, assessments, before) else before


def restarted(snapshot: Snapshot, assessments: Sequence[Assessment]) -> Failure | None:
    """The failure where a container has restarted since its pod's group was over.

    It may be Ready again, but the version is less stable than it seemed when the group was
    confirmed. `retry` accepts such restarts. Pod records of older versions have no restart counts.
    """
    last = snapshot.record.last_move
    if (last is not None and last.trigger is Trigger.RETRY) or not (
        before := _before(snapshot, assessments)
    ):
        return None
    for pod in (one.pod for one in _upgraded(snapshot, assessments)):
        known = pod.record.restarts if pod.record else {}
        for name, container in pod.containers.items():
            more = container.restart_count - known.get(name, container.restart_count)
            if more > 0:
                message = (
                    f"container {name} has restarted {_times(more)} since group "
                    f"{before.group} ended"
                )
                return Failure(REASON, message, pod.name)
    return None


def failure(
    snapshot: Snapshot, assessments: Sequence[Assessment], before: Step | None
) -> Failure | None:
    """The failure where a pod of the group `before` was unready for too long.

    A pod that is Ready and within its minReadySeconds is no failure. Neither is a pod that is gone:
    its replacement is upgraded with that group again.
    """
    since = max(moved_at(snapshot), snapshot.driven_since)
    if before is None or snapshot.time - since < TOLERANCE:
        return None
    for one in _upgraded(snapshot, assessments):
        if not one.released:
            message = f"the pod became unready after group {before.group} ended: {_why(one)}"
            return Failure(REASON, message, one.pod.name)
    return None


def _upgraded(snapshot: Snapshot, assessments: Sequence[Assessment]) -> list[Assessment]:
    """The pods that this release brought to the goal, by name."""
    found = (one for one in assessments if one.row is PodState.AT_GOAL and touched(one, snapshot))
    return sorted(found, key=lambda one: one.pod.name)


def _begun(snapshot: Snapshot, assessments: Sequence[Assessment], before: Step) -> bool:
    """Whether more pods of a cell are at the goal, drained or busy than `before` has."""
    taken: dict[str, int] = {}
    for one in assessments:
        if one.upgraded or one.row is PodState.DRAINED or one.pod.uid in snapshot.busy:
            taken[one.pod.cell] = taken.get(one.pod.cell, 0) + 1
    return any(count > before.count(cell) for cell, count in taken.items())


def _available(assessments: Sequence[Assessment], cell: str) -> int:
    return sum(s.available and s.row is PodState.AT_GOAL for s in assessments if s.pod.cell == cell)


def _times(count: int) -> str:
    """The number `count` in a message: "once" or "N times"."""
    return "once" if count == 1 else f"{count} times"


def _why(assessment: Assessment) -> str:
    """Why the pod is unready, by its containers and its conditions."""
    pod = assessment.pod
    said = [
        f"container {c.name}: {c.waiting or c.terminated or 'not ready'}"
        + (f", restarted {_times(c.restart_count)}" if c.restart_count else "")
        for c in pod.containers.values()
        if not c.ready
    ]
    if not said:
        said = [": ".join(p for p in ("not Ready", pod.ready.reason, pod.ready.message) if p)]
    return "; ".join(said)

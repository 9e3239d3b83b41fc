"""The pods that a group takes next: their number per cell and their order (protocol 7)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial

from kubectl_cafe import names
from kubectl_cafe.assessment import desired_replicas
from kubectl_cafe.assessment.disruption_budgets import DisruptionBudget
from kubectl_cafe.assessment.pod import Assessment, PodState
from kubectl_cafe.assessment.snapshot import Snapshot
from kubectl_cafe.pods.model import Pod
from kubectl_cafe.pods.record import Mode
from kubectl_cafe.podsets import PodSet
from kubectl_cafe.reconcile import availability, previous_group
from statemachine.record import Record
from statemachine.steps import StepKind


def counts(snapshot: Snapshot, assessments: Sequence[Assessment]) -> dict[str, int]:
    """How many pods of each cell the current step brings to the goal.

    The last group and the sweep upgrade every pod that lives or is desired, so also pods that
    another client has added (C51). A cell whose workload has fewer replicas than the step's count
    is done sooner (C52). A pod that is missing, terminating or not yet replaced is waited for: a
    group is not over because its pod is gone (C45, C49). Where the group before is no longer
    available, its counts apply until it is (`previous_group`). A rollback that removes pods after
    its last group upgrades only as many as stay.
    """
    record, wanted = snapshot.record, wished(snapshot, assessments)
    step = previous_group.held(snapshot, assessments, wanted) or record.current
    if step is None or step.kind in (StepKind.COMMIT, StepKind.SCALE_IN):
        return dict.fromkeys(wanted, 0)
    if step.kind is StepKind.SCALE_OUT:
        growing = record.plan.growing(record.kind)
        return {
            cell: step.count(cell) if cell in growing else min(wanted[cell], step.count(cell))
            for cell in record.plan.cells
        }
    last = step.counts == record.plan.upgraded(record.kind)
    if step.kind is StepKind.SWEEP or (last and not desired_replicas.removes_later(record)):
        return wanted
    return {cell: min(size, step.count(cell)) for cell, size in wanted.items()}


def wished(snapshot: Snapshot, assessments: Sequence[Assessment]) -> dict[str, int]:
    """The number of pods of each cell: the desired number, or the living pods if they are more."""
    wanted = desired_replicas.per_cell(snapshot)
    for cell, living in living_per_cell(assessments).items():
        wanted[cell] = max(living, wanted.get(cell, 0))
    return wanted


def living_per_cell(assessments: Iterable[Assessment]) -> dict[str, int]:
    """The number of pods in each cell that are not terminating, Failed or Succeeded."""
    living: dict[str, int] = {}
    for assessment in assessments:
        if assessment.row is not PodState.FORGOTTEN:
            living[assessment.pod.cell] = living.get(assessment.pod.cell, 0) + 1
    return living


def surplus(snapshot: Snapshot, assessments: Sequence[Assessment]) -> frozenset[str]:
    """The uids of drained pods that their cell's count does not need: they are reopened (C48)."""
    result: set[str] = set()
    for cell, count in counts(snapshot, assessments).items():
        here = [s for s in assessments if s.pod.cell == cell]
        there = sum(s.upgraded or s.row is PodState.PATCHED_ELSEWHERE for s in here)
        drained = _in_order(snapshot, (s for s in here if s.row is PodState.DRAINED))
        result.update(s.pod.uid for s in drained[max(0, count - there) :])
    return frozenset(result)


def choose(snapshot: Snapshot, assessments: Sequence[Assessment]) -> list[Assessment]:
    """The pods to take now, in order: within the group's counts and within every budget."""
    return availability.afford(snapshot, assessments, wanted(snapshot, assessments))[0]


def closed(snapshot: Snapshot, assessments: Sequence[Assessment]) -> tuple[DisruptionBudget, ...]:
    """The PodDisruptionBudgets that block a candidate which maxUnavailable would allow (C64)."""
    if not snapshot.budgets or not snapshot.running:
        return ()
    return availability.afford(snapshot, assessments, wanted(snapshot, assessments))[1]


def wanted(snapshot: Snapshot, assessments: Sequence[Assessment]) -> list[Assessment]:
    """The candidates that the current group still needs in each cell, in order."""
    by_cell: dict[str, list[Assessment]] = {}
    for assessment in assessments:
        by_cell.setdefault(assessment.pod.cell, []).append(assessment)
    wanted: list[Assessment] = []
    for cell, count in counts(snapshot, assessments).items():
        here = by_cell.get(cell, [])
        taken = sum(s.upgraded or s.in_flight or s.pod.uid in snapshot.busy for s in here)
        free = _in_order(snapshot, (s for s in here if is_candidate(s, snapshot)))
        spare = _spare(snapshot.record, cell, taken + len(free))
        wanted += free[spare : spare + max(0, count - taken)]
    return wanted


def _spare(record: Record, cell: str, pods: int) -> int:
    """How many of the cell's candidates are not upgraded, because the rollback will remove them.

    The first ones in order, the unavailable ones: the scale-in removes these first, too. `pods` is
    the number of the candidates and of the pods that were taken before.
    """
    if not desired_replicas.removes_later(record):
        return 0
    return max(0, pods - record.plan.cells.get(cell, 0))


def is_candidate(assessment: Assessment, snapshot: Snapshot) -> bool:
    """Whether the pod may be taken at all (C27, C29, C80).

    Not taken are a pod on a lost node, a pod with a write under way, and a pod whose return to
    traffic has yet to be seen by its kubelet or in the EndpointSlices.
    """
    pod = assessment.pod
    if pod.uid in snapshot.busy or pod.lost or pod.unexplained:
        return False
    if assessment.row is PodState.NEW:
        return not assessment.upgraded and bool(assessment.stuck)
    if assessment.row is PodState.UNLABELLED:
        return assessment.settled
    return (
        assessment.row is PodState.CANDIDATE
        and not opening(pod)
        and not joining(assessment, snapshot)
    )


def opening(pod: Pod) -> bool:
    """Whether the kubelet has yet to see that our gate is True (protocol 5).

    The gate is True and the containers are ready while Ready is still False. If Ready's message
    does not name our gate, the kubelet has seen it, and another client's gate keeps the pod unready
    (C29, C32): that gate is not waited for.
    """
    return (
        pod.gated
        and pod.gate.status == "True"
        and pod.containers_ready.status == "True"
        and pod.ready.status != "True"
        and not others_hold(pod)
    )


def joining(assessment: Assessment, snapshot: Snapshot) -> bool:
    """Whether the EndpointSlices have yet to show a Ready pod, as this process sees them (C22).

    Their watch may lag behind the pods' watch. If the pod were taken now, its absence from the
    slices would pass for being out of traffic, while the pod is about to get requests.
    """
    pod = assessment.pod
    return (
        assessment.mode is not Mode.NONE
        and pod.ready.status == "True"
        and bool(pod.ip)
        and pod.uid not in snapshot.endpoints
        and any(s.selects(pod.labels) and not s.publishes_unready for s in snapshot.services)
    )


def others_hold(pod: Pod) -> bool:
    """Whether Ready is False because of readiness gates other than ours."""
    return (
        pod.ready.status == "False"
        and "readiness gate" in pod.ready.message
        and names.IN_SERVICE not in pod.ready.message
    )


def order(
    podset: PodSet, pod: Pod, *, in_flight: bool, healthy: bool
) -> tuple[bool, bool, bool, float, str]:
    """The sort key of a pod inside its cell (protocol 7): in flight first, then unavailable.

    Equals are in the order of `podset`. A pod on a lost node comes later: it is never taken (C80).
    """
    return (not in_flight, pod.lost, healthy, *podset.order(pod))


def turn(snapshot: Snapshot, assessment: Assessment) -> tuple[bool, bool, bool, float, str]:
    """The sort key of the assessed pod inside its cell (`order`)."""
    pod, in_flight, healthy = assessment.pod, assessment.in_flight, assessment.healthy
    return order(snapshot.podset, pod, in_flight=in_flight, healthy=healthy)


def _in_order(snapshot: Snapshot, assessments: Iterable[Assessment]) -> list[Assessment]:
    return sorted(assessments, key=partial(turn, snapshot))


def missing(snapshot: Snapshot, assessments: Sequence[Assessment]) -> Mapping[str, int]:
    """How many available pods at the goal each cell lacks before the current step is over."""
    result: dict[str, int] = {}
    for cell, count in counts(snapshot, assessments).items():
        there = sum(
            s.available and s.row is PodState.AT_GOAL for s in assessments if s.pod.cell == cell
        )
        if there < count:
            result[cell] = count - there
    return result

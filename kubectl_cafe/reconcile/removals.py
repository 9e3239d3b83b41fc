"""The pods that a scale-in removes, called victims: drained, then deleted by their controller.

The ReplicaSet controller deletes unready pods first, and of these the one with the lowest deletion
cost. So a victim is drained and gets the lowest valid cost before its workload is scaled down
(protocol 8).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

from kubectl_cafe import names
from kubectl_cafe.assessment.pod import Assessment, PodState
from kubectl_cafe.assessment.snapshot import Snapshot
from kubectl_cafe.pods.model import Pod
from kubectl_cafe.pods.record import SCALE_IN, Mode
from kubectl_cafe.podsets import PodSet, WorkloadWrite, by_cell
from kubectl_cafe.reconcile import availability, candidates, shared_budgets
from kubectl_cafe.reconcile.out_of_traffic import is_off
from kubectl_cafe.traffic import finalizers
from statemachine.steps import Step, StepKind

REMOVABLE = (
    PodState.NEW,
    PodState.AT_GOAL,
    PodState.UNLABELLED,
    PodState.CANDIDATE,
    PodState.DRIFT,
)
"""States of pods that a scale-in may drain: in traffic, or new. A pod that is out of traffic for
another reason would be put into traffic if the release stops."""


def step(snapshot: Snapshot) -> Step | None:
    """The current step if it is a scale-in and the release proceeds; None while paused, too."""
    current = snapshot.record.current
    scales_in = current is not None and current.kind is StepKind.SCALE_IN
    return current if scales_in and snapshot.running else None


def is_victim(assessment: Assessment) -> bool:
    """Whether the pod was drained in order to be removed."""
    record = assessment.pod.record
    return assessment.row is PodState.DRAINED and record is not None and record.op == SCALE_IN


def surplus(snapshot: Snapshot, assessments: Iterable[Assessment]) -> dict[str, int]:
    """By cell, how many living pods are more than its workload's replicas, or than the step leaves.

    Once a workload has fewer replicas than pods, its controller deletes some at any moment, even if
    the release is paused or aborted: as many victims stay drained.
    """
    current, wishes = step(snapshot), by_cell.wished(snapshot.workloads)
    left = {} if current is None else _left(snapshot, current)
    result: dict[str, int] = {}
    for cell, living in candidates.living_per_cell(assessments).items():
        stay = wishes.get(cell, living)
        result[cell] = max(0, living - min(stay, left.get(cell, stay)))
    return result


def _left(snapshot: Snapshot, current: Step) -> dict[str, int]:
    """How many pods the step leaves in each cell that the release removes pods from.

    The count of another cell is another client's, an autoscaler's for example.
    """
    return {cell: current.count(cell) for cell in snapshot.record.plan.shrinking}


def kept_drained(snapshot: Snapshot, assessments: Sequence[Assessment]) -> frozenset[str]:
    """The uids of the victims that stay drained; all others are reopened.

    All of a workload stay drained while a write of it is unanswered: it may scale the workload down
    at any moment.
    """
    victims = [s for s in assessments if is_victim(s)]
    if not victims:
        return frozenset()
    pending = {one.uid for one in snapshot.workloads if one.name in snapshot.unanswered}
    found = {s.pod.uid for s in victims if s.pod.owner in pending}
    for cell, number in surplus(snapshot, assessments).items():
        here = (s for s in victims if s.pod.cell == cell)
        found.update(s.pod.uid for s in _in_order(snapshot, here)[:number])
    return frozenset(found)


def choose(snapshot: Snapshot, assessments: Sequence[Assessment]) -> list[Assessment]:
    """The pods to drain now: as many as the step removes, within every budget (I3).

    As many pods stay available as the step leaves, less maxUnavailable, and as many as each
    PodDisruptionBudget requires of the pods that are left. An unavailable pod has no such limit.
    """
    current = step(snapshot)
    if current is None or not snapshot.takes or snapshot.unseen_takes:
        return []
    room = _room(snapshot, assessments, current)
    chosen: list[Assessment] = []
    for cell, number in surplus(snapshot, assessments).items():
        here = [s for s in assessments if s.pod.cell == cell]
        number -= sum(is_victim(s) or s.pod.uid in snapshot.busy for s in here)
        free = _in_order(snapshot, (s for s in here if _may_go(s, snapshot)))
        for one in free[: max(0, number)]:
            if one.healthy and room < 1:
                continue
            room -= one.healthy
            chosen.append(one)
    return chosen


def waiting(snapshot: Snapshot, assessments: Sequence[Assessment]) -> bool:
    """Whether the step must drain further pods, and can't because too few pods are available."""
    current = step(snapshot)
    if current is None or choose(snapshot, assessments):
        return False
    drained = sum(map(is_victim, assessments))
    lacking = sum(surplus(snapshot, assessments).values()) - drained
    return lacking > 0 and _room(snapshot, assessments, current) < 1


def scaled(snapshot: Snapshot, assessments: Sequence[Assessment]) -> tuple[WorkloadWrite, ...]:
    """The writes that lower the workloads' replicas by the victims that may be deleted.

    None for a cell while one of its victims is still in traffic. Where no pod of a workload has a
    switch, none is drained: the controller chooses which to delete. Missing pods count as replicas:
    the controller may have created them already. They don't if it reports that creation is refused.
    """
    current = step(snapshot)
    if current is None or snapshot.unheard:
        return ()
    victims = kept_drained(snapshot, assessments)
    room = max(0, _room(snapshot, assessments, current))
    writes: list[WorkloadWrite] = []
    shrinking = snapshot.record.plan.shrinking
    for workload in (one for one in snapshot.workloads if one.cell in shrinking):
        cell = [
            s
            for s in assessments
            if s.pod.cell == workload.cell and s.row is not PodState.FORGOTTEN
        ]
        mine = [s for s in cell if s.pod.owner == workload.uid]
        if not all(gone(s, snapshot) for s in cell if s.pod.uid in victims):
            continue
        lowest = max(0, current.count(workload.cell) - (len(cell) - len(mine)))
        deleting = max(0, len(mine) - workload.replicas)
        if any(map(_switched, mine)):
            # Victims that an earlier wave has scaled down already live until they are deleted.
            able = max(0, sum(s.pod.uid in victims for s in mine) - deleting)
        elif deleting:
            able = 0
        else:
            unready = sum(not s.healthy for s in mine)
            able = min(len(mine), unready + room)
            room -= max(0, min(able, workload.replicas - lowest) - unready)
        present = min(workload.replicas, len(mine)) if workload.refusal else workload.replicas
        target = max(lowest, present - able)
        if target < workload.replicas:
            writes.append(snapshot.podset.scale(workload, target))
    return tuple(writes)


def over(snapshot: Snapshot, assessments: Iterable[Assessment], current: Step) -> bool:
    """Whether the step is over: no cell has more pods or replicas than it leaves.

    No pod is in flight, and the controllers have observed their replicas.
    """
    wishes = by_cell.wished(snapshot.workloads)
    rest = list(assessments)
    living = candidates.living_per_cell(rest)
    return (
        all(
            max(wishes.get(cell, 0), living.get(cell, 0)) <= current.count(cell)
            for cell in snapshot.record.plan.shrinking
        )
        and not any(s.in_flight for s in rest)
        and all(workload.spec_observed for workload in snapshot.workloads)
    )


def gone(assessment: Assessment, snapshot: Snapshot) -> bool:
    """Whether a victim may be deleted: it has been out of traffic for drainSeconds.

    Without an IP address a pod has never been in traffic, and no kubelet acknowledges its switch:
    no drainSeconds then.
    """
    pod = assessment.pod
    if pod.uid in snapshot.busy:
        return False
    if is_off(assessment, snapshot):
        return True
    held = finalizers.holding(pod, assessment.finalizers)
    return not pod.ip and not held and pod.uid not in snapshot.endpoints


def has_run(pod: Pod) -> bool:
    """Whether every container of the pod was started once."""
    return all(container.container_id for container in pod.containers.values())


def cost(pod: Pod) -> int:
    """The pod's deletion cost, 0 if unset or invalid: the controller deletes the lowest first."""
    try:
        return int(pod.annotations.get(names.DELETION_COST, "0"))
    except ValueError:
        return 0


def order(podset: PodSet, pod: Pod, available: bool) -> tuple[bool, int, float, str]:
    """The sort key of removals: unavailable pods first, then the lowest cost, then the newest."""
    return (available, cost(pod), *podset.order(pod))


def _room(snapshot: Snapshot, assessments: Iterable[Assessment], current: Step) -> int:
    """How many healthy pods may be drained now, by maxUnavailable and the PodDisruptionBudgets."""
    wishes = by_cell.wished(snapshot.workloads)
    counts = {cell: wishes.get(cell, size) for cell, size in (current.counts or {}).items()}
    left = sum((counts | _left(snapshot, current)).values())
    limit = availability.limit_of(snapshot.record.plan.strategy.max_unavailable, left)
    serving = [s.pod for s in assessments if s.available and s.pod.uid not in snapshot.busy]
    rooms = [len(serving) - left + limit]
    living = [s.pod for s in assessments if s.row is not PodState.FORGOTTEN]
    for one in snapshot.budgets:
        ours = sum(one.covers(pod.labels) for pod in living)
        others = shared_budgets.healthy(one, snapshot)
        if others is None:
            others = 0 if one in snapshot.shared_budgets else max(0, one.healthy - ours)
        after = max(0, one.expected - ours) + min(ours, left)
        here = sum(one.covers(pod.labels) for pod in serving)
        rooms.append(here + others - one.wanted_of(after) if one.observed else 0)
    return min(rooms)


def _may_go(assessment: Assessment, snapshot: Snapshot) -> bool:
    """Whether the pod may be drained in order to be removed.

    Not on a lost node (C80): no kubelet would acknowledge that the pod is out of traffic. Not
    without a switch: such a pod is not removed while others of its workload have one.
    """
    pod = assessment.pod
    return (
        assessment.row in REMOVABLE
        and pod.uid not in snapshot.busy
        and pod.uid not in snapshot.barred
        and _switched(assessment)
        and not pod.lost
        and not candidates.opening(pod)
        and not candidates.joining(assessment, snapshot)
    )


def _switched(assessment: Assessment) -> bool:
    """Whether the pod can be taken out of traffic."""
    return assessment.mode is not Mode.NONE


def _in_order(snapshot: Snapshot, assessments: Iterable[Assessment]) -> list[Assessment]:
    return sorted(assessments, key=partial(_turn, snapshot))


def _turn(snapshot: Snapshot, one: Assessment) -> tuple[bool, bool, int, float, str]:
    """The sort key of removals; victims come first."""
    return (not is_victim(one), *order(snapshot.podset, one.pod, one.released))

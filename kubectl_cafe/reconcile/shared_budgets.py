"""PodDisruptionBudgets that also cover pods of other owners, and how these count (protocol 7).

In Label mode a drained pod stays Ready, so a budget's status counts it as healthy. So a driver
whose budget also covers pods of another release reads the pods, not only the status.

Two drivers may each take a pod in the same moment, each having seen room for one. After the write
that takes its pod out of traffic, each reads a consistent list of all pods before it changes an
image. The driver whose write came later sees both pods, finds the budget exceeded, and puts its
pod back into traffic. So pods out of traffic may exceed the budget for as long as such a list
takes, restarts never. Mode None has no time between drain and restart: there both continue.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kubectl_cafe import names
from kubectl_cafe.assessment.disruption_budgets import DisruptionBudget
from kubectl_cafe.assessment.pod import Assessment, PodState
from kubectl_cafe.assessment.snapshot import Snapshot
from kubectl_cafe.pods.model import Pod
from kubectl_cafe.pods.record import Mode, Phase


def unread(snapshot: Snapshot) -> bool:
    """Whether pods of other owners must be listed before a pod is taken or its image changed."""
    sharing = snapshot.shared_budgets
    if snapshot.others is None:
        return bool(sharing)
    return any(
        _due(pod, sharing) and pod.uid not in snapshot.cleared for pod in snapshot.pods.values()
    )


def drained(pods: Iterable[Pod]) -> frozenset[str]:
    """The uids of those `pods` whose record has the phase drained.

    A list that begins after `pods` were read is later than their drain.
    """
    return frozenset(p.uid for p in pods if p.record and p.record.phase is Phase.DRAINED)


def _due(pod: Pod, sharing: Iterable[DisruptionBudget]) -> bool:
    """Whether the pod is drained and one of the budgets `sharing` covers it."""
    return bool(drained((pod,))) and any(one.covers(pod.labels) for one in sharing)


def serving(pod: Pod) -> bool:
    """Whether a pod of another owner is healthy: Ready, in traffic, no restart outstanding."""
    return (
        pod.ready.status == "True"
        and not pod.terminating
        and not pod.over
        and pod.labels.get(names.TRAFFIC, "on") == "on"
        and (not pod.gated or pod.gate.status == "True")
        and not _restarting(pod)
    )


def _restarting(pod: Pod) -> bool:
    """Whether a restart of the pod is outstanding: its record is unfinished.

    Mode None never finishes a record. There the restart is outstanding until the kubelet has seen
    the generation (kubelets before 1.34 do not publish it: 0) and every containerID has changed.
    """
    record = pod.record
    if record is None or record.phase is Phase.FINISHED:
        return False
    if record.mode is not Mode.NONE:
        return True
    return 0 < pod.observed < record.gen or any(
        pod.containers[name].container_id == before.container_id
        for name, before in record.before.items()
        if name in pod.containers
    )


def healthy(budget: DisruptionBudget, snapshot: Snapshot) -> int | None:
    """How many healthy pods of other owners the budget covers; None: its status counts them."""
    if snapshot.others is None or budget not in snapshot.shared_budgets:
        return None
    return sum(budget.covers(pod.labels) and serving(pod) for pod in snapshot.others)


def unproven(pod: Pod, snapshot: Snapshot) -> bool:
    """Whether another driver may have taken a pod in the same moment: no later list shows it."""
    return pod.uid not in snapshot.cleared and _due(pod, snapshot.shared_budgets)


def giving_way(snapshot: Snapshot, assessments: Sequence[Assessment]) -> frozenset[str]:
    """The uids of drained pods to reopen because a shared budget has too few healthy pods.

    Only pods that were healthy when taken. A pod that was unavailable needed no room in a budget
    and would be taken again at once.
    """
    result: set[str] = set()
    pods = [s for s in assessments if s.row is not PodState.FORGOTTEN]
    for one in snapshot.shared_budgets:
        others = healthy(one, snapshot)
        if others is None:
            continue
        covered = [s for s in pods if one.covers(s.pod.labels)]
        available = sum(s.available and s.pod.uid not in snapshot.busy for s in covered)
        owed = one.desired - available - others
        able = sorted((s for s in covered if _cost(s, snapshot)), key=lambda s: s.pod.name)
        result.update(s.pod.uid for s in able[: max(0, owed)])
    return frozenset(result)


def _cost(assessment: Assessment, snapshot: Snapshot) -> bool:
    """Whether a drained pod was healthy when it was taken; in Label mode it is still Ready."""
    pod = assessment.pod
    shows = assessment.mode is Mode.LABEL and pod.ready.status == "True"
    return assessment.row is PodState.DRAINED and (shows or pod.uid in snapshot.took)

"""Whether a group progresses: how long it may take, and when it has failed (protocol 7)."""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_cafe.assessment import desired_replicas, lost_switches
from kubectl_cafe.assessment.image_revisions import lacking
from kubectl_cafe.assessment.node_clocks import moved_at, ready_since, written_at
from kubectl_cafe.assessment.pod import Assessment, PodState, touched
from kubectl_cafe.assessment.snapshot import Snapshot
from kubectl_cafe.durations import exact
from kubectl_cafe.pods.model import Pod
from kubectl_cafe.reconcile import candidates, group_waits, previous_group
from kubectl_cafe.text import counted
from kubectl_cafe.waits import listed
from statemachine.lifecycle import State
from statemachine.record import Failure
from statemachine.steps import StepKind

DEADLINE = "ProgressDeadlineExceeded"
GONE = "WorkloadGone"
CREATE = "FailedCreate"
FINAL = ("forbidden", "denied", "is invalid")
"""Substrings of a permanent refusal's message: no pod of the template will be admitted."""
PASSING = ("exceeded quota", "failed calling webhook")
"""Substrings of a temporary refusal's message; it counts as temporary even with one of FINAL."""
REFUSED_FOR = 30.0
"""Seconds without a successful pod creation after which the group fails."""
NAMED = 5
"""The largest number of pods that a failure and an abort by force name."""


def failure(snapshot: Snapshot, assessments: Sequence[Assessment]) -> Failure | None:
    """Why the current step has failed; None if it has not (C18, C34, C36, C37, C82)."""
    for assessment in assessments:
        if not assessment.upgraded or not touched(assessment, snapshot):
            continue
        for stuck in assessment.stuck:
            if stuck.fails:
                return Failure(stuck.reason, stuck.message, assessment.pod.name, stuck.container)
    for assessment in assessments:
        if lost := lost_switches.failure(assessment, snapshot):
            return lost
    held = previous_group.held(snapshot, assessments, candidates.wished(snapshot, assessments))
    if unstable := (
        previous_group.failure(snapshot, assessments, held)
        or previous_group.restarted(snapshot, assessments)
    ):
        return unstable
    if found := creation_refused(snapshot, assessments) or workload_gone(snapshot):
        return found
    allowed = snapshot.record.plan.strategy.progress_deadline_seconds
    # A lower bound of the deadline: before it, `deadline` need not be computed.
    nearest = max(moved_at(snapshot), snapshot.driven_since) + allowed
    if snapshot.time < nearest or snapshot.time < deadline(snapshot, assessments):
        return None
    awaited = group_waits.waits(snapshot, assessments)
    return Failure(
        DEADLINE, f"no progress for {exact(allowed)}, waiting for: {listed(awaited) or 'no pods'}"
    )


def workload_gone(snapshot: Snapshot) -> Failure | None:
    """The failure where a workload is missing and the template to recreate it is not known."""
    cells = [cell or "all" for cell in desired_replicas.lost_cells(snapshot)]
    if not cells or desired_replicas.revision_now(snapshot) is not None:
        return None
    listed = ", ".join(cells)
    return Failure(GONE, f"the workload of cell {listed} is missing, and its template is unknown")


def deadline(snapshot: Snapshot, assessments: Sequence[Assessment]) -> float:
    """When the step fails without further progress, epoch seconds by the server's clock (C43, C44).

    Progress is read from the cluster, so another driver sees it too (C82): the release's last move
    (also a retry or a resume), a write of a pod's record, a creation, a pod that became available,
    a workload that a scale-in has lowered.
    """
    pods = [s.pod for s in assessments if s.row is not PodState.FORGOTTEN]
    of_release = [
        written_at(pod, snapshot)
        for pod in pods
        if pod.record and pod.record.release == snapshot.record.id
    ]
    released = [
        ready_since(s.pod, snapshot, s.finalizers) + snapshot.record.plan.strategy.min_ready_seconds
        for s in assessments
        if s.row is PodState.AT_GOAL and s.released
    ]
    created = creation_times(snapshot, assessments)
    created += _lowered(snapshot)
    last = max(moved_at(snapshot), snapshot.driven_since, *of_release, *released, *created)
    longest = max((_grace_sum(snapshot, pod) for pod in pods), default=0)
    return last + snapshot.record.plan.strategy.progress_deadline_seconds + longest


def creation_refused(snapshot: Snapshot, assessments: Sequence[Assessment]) -> Failure | None:
    """The failure where admission refuses every pod that the step needs, for 30 s (A1 403).

    A quota may have room later and a webhook may come back: these refusals are waited for. So are
    refusals from before the last move: the controller retries at growing intervals, and a refusal
    before a retry of the release says nothing about the next attempt.
    """
    if not _creates_pods(snapshot):
        return None
    kind = snapshot.podset.kind.lower()
    missing = candidates.missing(snapshot, assessments)
    for workload in snapshot.workloads:
        final = any(word in workload.refusal for word in FINAL)
        passing = any(words in workload.refusal for words in PASSING)
        anew = workload.refused >= moved_at(snapshot)
        lasting = anew and snapshot.time - workload.refused >= REFUSED_FOR
        if final and not passing and lasting and workload.cell in missing:
            return Failure(CREATE, f"{kind} {workload.name}: {workload.refusal}")
    return None


def creation_times(snapshot: Snapshot, assessments: Sequence[Assessment]) -> list[float]:
    """The creation times that count as progress in steps that create pods.

    Of the pods created in a cell since the last move, as many creations count as pods live now, the
    earliest ones. So a pod that replaces one that its node rejected is no progress, however often
    this happens (C50).
    """
    if not _creates_pods(snapshot):
        return []
    new = [s for s in assessments if s.pod.created >= moved_at(snapshot)]
    living_at: list[float] = []
    for cell, living in candidates.living_per_cell(new).items():
        living_at += sorted(s.pod.created for s in new if s.pod.cell == cell)[:living]
    return living_at


def _lowered(snapshot: Snapshot) -> list[float]:
    """When a scale-in lowered its workloads: the pods that it removes are gone with their records.

    By metadata.managedFields, whichever client wrote the replicas; none in other steps.
    """
    step, shrinking = snapshot.record.current, snapshot.record.plan.shrinking
    if step is None or step.kind is not StepKind.SCALE_IN:
        return []
    return [one.scaled_at for one in snapshot.workloads if one.cell in shrinking]


def _creates_pods(snapshot: Snapshot) -> bool:
    """Whether the current step waits for pods to be created."""
    step = snapshot.record.current
    return step is not None and step.kind in (StepKind.SCALE_OUT, StepKind.SWEEP)


def _grace_sum(snapshot: Snapshot, pod: Pod) -> int:
    """The grace periods of the changed containers in seconds, summed: they are killed in turn."""
    changed = len(pod.record.before) if pod.record else 0
    goal = snapshot.goal
    if not changed and goal is not None:
        changed = len(lacking(pod, goal.images, snapshot.revisions))
    return pod.grace * changed


def pod_deadline(snapshot: Snapshot, pod: Pod) -> float:
    """When a pod in flight is no longer waited for: epoch seconds by the server's clock."""
    since = max(written_at(pod, snapshot), snapshot.driven_since)
    if snapshot.record.state is State.ABORTING:
        since = max(since, moved_at(snapshot))
    allowed = snapshot.record.plan.strategy.progress_deadline_seconds
    return since + allowed + _grace_sum(snapshot, pod)


def unfinished(snapshot: Snapshot, in_flight: Sequence[Assessment]) -> Failure | None:
    """Why an abort has failed: restarts unfinished at their deadline; None without (protocol 9)."""
    pods = [s.pod.name for s in in_flight if not s.settled and all(o.late for o in s.stuck)]
    if not pods:
        return None
    allowed = snapshot.record.plan.strategy.progress_deadline_seconds
    names = ", ".join(sorted(pods)[:NAMED])
    restarts = counted(len(pods), "restart")
    return Failure(DEADLINE, f"{restarts} unfinished after {exact(allowed)}: {names}")

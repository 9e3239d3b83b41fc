"""Whether a group progresses: what it waits for, and when it has failed (protocol 7)."""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_cafe.assessment import desired_replicas, lost_switches, waiting_reasons
from kubectl_cafe.assessment.image_revisions import lacking
from kubectl_cafe.assessment.node_clocks import moved_at, ready_since, written_at
from kubectl_cafe.assessment.pod import Assessment, PodState, touched
from kubectl_cafe.assessment.snapshot import Snapshot
from kubectl_cafe.durations import exact
from kubectl_cafe.pods.model import Pod
from kubectl_cafe.pods.record import Mode
from kubectl_cafe.reconcile import candidates, previous_group
from kubectl_cafe.text import counted
from kubectl_cafe.traffic import finalizers
from kubectl_cafe.traffic.endpoints import Slice, unlisted
from kubectl_cafe.waits import For, Wait, listed, of_pods
from statemachine.lifecycle import State
from statemachine.record import Failure, cut
from statemachine.steps import StepKind

DEADLINE = "ProgressDeadlineExceeded"
GONE = "WorkloadGone"
CREATE = "FailedCreate"
FINAL = ("forbidden", "denied", "is invalid")
"""Words of a refusal that does not pass: no pod of the template will be admitted."""
PASSING = ("exceeded quota", "failed calling webhook")
"""Words of a refusal that may pass."""
REFUSED_FOR = 30.0
"""Seconds without a successful pod creation after which the group fails."""
NAMED = 5
"""The largest number of pods that a failure and an abort by force name."""
LINGERING = 5.0
"""Seconds after which `status` names an EndpointSlice that still shows a drained pod as ready."""
REFUSAL = 300
"""Characters of a refused creation that are shown: names of policies are long."""
LEFT_ALONE = {
    PodState.UNREADABLE: For.UNREADABLE,
    PodState.DRIFT: For.DRIFT,
    PodState.ORPHAN: For.ORPHAN,
}
SHOWN = 120
"""Characters of a kubelet's message that are shown among the waits; a failure shows more."""


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
    if found := births_refused(snapshot, assessments) or workload_gone(snapshot):
        return found
    allowed = snapshot.record.plan.strategy.progress_deadline_seconds
    # The earliest possible deadline: until then the exact one need not be computed.
    nearest = max(moved_at(snapshot), snapshot.driven_since) + allowed
    if snapshot.time < nearest or snapshot.time < deadline(snapshot, assessments):
        return None
    awaited = waits(snapshot, assessments)
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
    """When the step fails without further progress, by the server's clock (C43, C44, C82).

    Progress is read from the cluster, so it survives the driver: the release's last move (a retry
    and a resume start the time again), a pod's record, its creation, its Ready and its containers'
    starts.
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
    born = births(snapshot, assessments)
    last = max(moved_at(snapshot), snapshot.driven_since, *of_release, *released, *born)
    longest = max((_grace_sum(snapshot, pod) for pod in pods), default=0)
    return last + snapshot.record.plan.strategy.progress_deadline_seconds + longest


def births_refused(snapshot: Snapshot, assessments: Sequence[Assessment]) -> Failure | None:
    """The failure where admission refuses every pod that the step needs, for 30 s (A1 403).

    A quota may have room later and a webhook may come back: these refusals are waited for. So are
    refusals from before the last move: the controller retries at growing intervals, and a refusal
    before a retry of the release says nothing about the next attempt.
    """
    if not _bears(snapshot):
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


def births(snapshot: Snapshot, assessments: Sequence[Assessment]) -> list[float]:
    """The creation times that count as progress in steps that create pods.

    Of the pods that a cell got since the last move, the n-th creation is the first time at which n
    of them could live. A pod that replaces one which its node rejected comes after these: it is no
    progress, however often it happens (C50).
    """
    if not _bears(snapshot):
        return []
    new = [s for s in assessments if s.pod.created >= moved_at(snapshot)]
    living_at: list[float] = []
    for cell, living in candidates.living_per_cell(new).items():
        living_at += sorted(s.pod.created for s in new if s.pod.cell == cell)[:living]
    return living_at


def _bears(snapshot: Snapshot) -> bool:
    """Whether the current step waits for pods to be created."""
    step = snapshot.record.current
    return step is not None and step.kind in (StepKind.SCALE_OUT, StepKind.SWEEP)


def _grace_sum(snapshot: Snapshot, pod: Pod) -> int:
    """The sum of the grace periods of the changed containers: they are killed one by one."""
    changed = len(pod.record.before) if pod.record else 0
    goal = snapshot.goal
    if not changed and goal is not None:
        changed = len(lacking(pod, goal.images, snapshot.revisions))
    return pod.grace * changed


def pod_deadline(snapshot: Snapshot, pod: Pod) -> float:
    """When a pod in flight is no longer waited for, by the server's clock."""
    since = max(written_at(pod, snapshot), snapshot.driven_since)
    if snapshot.record.state is State.ABORTING:
        since = max(since, moved_at(snapshot))
    allowed = snapshot.record.plan.strategy.progress_deadline_seconds
    return since + allowed + _grace_sum(snapshot, pod)


def unfinished(snapshot: Snapshot, in_flight: Sequence[Assessment]) -> Failure | None:
    """Why an abort has failed: restarts unfinished at their deadline (protocol 9, 10)."""
    pods = [s.pod.name for s in in_flight if not s.settled and all(o.late for o in s.stuck)]
    if not pods:
        return None
    allowed = snapshot.record.plan.strategy.progress_deadline_seconds
    names = ", ".join(sorted(pods)[:NAMED])
    restarts = counted(len(pods), "restart")
    return Failure(DEADLINE, f"{restarts} unfinished after {exact(allowed)}: {names}")


def waits(snapshot: Snapshot, assessments: Sequence[Assessment]) -> tuple[Wait, ...]:
    """What the group waits for, the most specific first."""
    found = [Wait(For.SERVER, message=trouble) for trouble in snapshot.troubles]
    for assessment in assessments:
        pod = (assessment.pod.name,)
        found += [
            Wait(For.CONTAINER, pod, s.container, s.reason, cut(s.message, SHOWN))
            for s in assessment.stuck
            if assessment.upgraded or assessment.in_flight
        ]
        if why := waiting_reasons.trouble(assessment):
            found.append(Wait(For.POD, pod, message=cut(why, SHOWN)))
    for row, what in LEFT_ALONE.items():
        found += of_pods(what, (s.pod.name for s in assessments if s.row is row))
    found += _finalizers(assessments)
    drained = [s for s in assessments if s.row is PodState.DRAINED]
    found += _leaving([s for s in drained if not finalizers.holding(s.pod, s.finalizers)], snapshot)
    found += _patched(assessments)
    joining = (
        s.pod.name
        for s in assessments
        if s.row is PodState.CANDIDATE and candidates.joining(s, snapshot)
    )
    found += of_pods(For.ENDPOINTS, joining)
    found += of_pods(For.NODE, (s.pod.name for s in assessments if s.pod.lost))
    closed = candidates.closed(snapshot, assessments)
    found += [Wait(For.BUDGET, name=str(budget)) for budget in closed]
    found += _workloads(snapshot)
    kind = snapshot.podset.kind.lower()
    lacking = candidates.missing(snapshot, assessments)
    found += [
        Wait(For.CREATION, name=f"{kind} {workload.name}", message=cut(workload.refusal, REFUSAL))
        for workload in snapshot.workloads
        if workload.refusal and workload.cell in lacking
    ]
    if lacking and not found:
        cells = ", ".join(f"{cell or 'all'}: {count}" for cell, count in lacking.items())
        found.append(Wait(For.AVAILABLE, message=cells))
    return tuple(found)


def _workloads(snapshot: Snapshot) -> list[Wait]:
    """The waits for missing workloads that are being created again."""
    counts = {
        cell: desired_replicas.planned(snapshot.record, cell)
        for cell in (desired_replicas.lost_cells(snapshot) if snapshot.running else ())
    }
    return [
        Wait(For.WORKLOAD, name=cell or "all", message=counted(count, "pod"))
        for cell, count in counts.items()
    ]


def _leaving(drained: Sequence[Assessment], snapshot: Snapshot) -> list[Wait]:
    """The waits for drained pods, with the EndpointSlices that keep them in traffic."""
    pods: dict[tuple[For, str], list[str]] = {}
    for assessment in drained:
        why = For.TRAFFIC, ""
        if shown := ", ".join(map(str, holding(assessment, snapshot))):
            why = For.SHOWN_READY, shown
        elif absent := _absent(assessment, snapshot):
            why = For.NOT_LISTED, absent
        pods.setdefault(why, []).append(assessment.pod.name)
    found = [Wait(what, tuple(names), name) for (what, name), names in pods.items()]
    return sorted(found, key=lambda wait: wait.what.value.format(pods="", name=wait.name))


def _absent(assessment: Assessment, snapshot: Snapshot) -> str:
    """The Services whose EndpointSlices do not list a drained pod as unready yet (C22)."""
    if assessment.mode is not Mode.GATE or not _lingers(assessment.pod, snapshot):
        return ""
    return ", ".join(s.name for s in unlisted(assessment.pod, snapshot.services, snapshot.listed))


def _lingers(pod: Pod, snapshot: Snapshot) -> bool:
    """Whether a pod was drained longer ago than an endpoints controller usually needs."""
    since = written_at(pod, snapshot) if pod.record else snapshot.time
    return snapshot.time - since >= LINGERING


def holding(assessment: Assessment, snapshot: Snapshot) -> tuple[Slice, ...]:
    """The EndpointSlices that still show a drained pod ready after LINGERING seconds (C22).

    For example of a second Service, written by another client, or left behind.
    """
    pod = assessment.pod
    if not _lingers(pod, snapshot):
        return ()
    publishing = {s.name for s in snapshot.services if s.publishes_unready}
    return tuple(
        one
        for one in snapshot.slices
        if pod.uid in one.ready and (assessment.mode is Mode.LABEL or one.service not in publishing)
    )


def _patched(assessments: Sequence[Assessment]) -> list[Wait]:
    """The waits for pods that restart or whose new container is being verified."""
    under_way: dict[str, list[str]] = {}
    for one in assessments:
        if one.row in waiting_reasons.PATCHED and not waiting_reasons.unscheduled(one.pod):
            under_way.setdefault(waiting_reasons.progress(one), []).append(one.pod.name)
    return [Wait(For.RESTART, tuple(names), message=far) for far, names in under_way.items()]


def _finalizers(assessments: Sequence[Assessment]) -> list[Wait]:
    """The waits for traffic finalizers, with their pods (C31)."""
    gone: dict[str, list[str]] = {}
    back: dict[str, list[str]] = {}
    for assessment in assessments:
        pod, asked = assessment.pod, assessment.finalizers
        if assessment.row is PodState.DRAINED:
            for name in finalizers.holding(pod, asked):
                gone.setdefault(name, []).append(pod.name)
        elif assessment.row is PodState.AT_GOAL and pod.ready.status == "True":
            for name in finalizers.lacking(pod, asked):
                back.setdefault(name, []).append(pod.name)
    return [
        Wait(what, tuple(names), name)
        for what, pods in ((For.FINALIZER_GONE, gone), (For.FINALIZER_BACK, back))
        for name, names in pods.items()
    ]

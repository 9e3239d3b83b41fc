"""Whether a group gets on: what it waits for, and when it has failed (protocol 7)."""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_cafe.assessment import desired_replicas, lost_switches, waiting_reasons
from kubectl_cafe.assessment.image_revisions import lacking
from kubectl_cafe.assessment.node_clocks import moved_at, ready_since, written_at
from kubectl_cafe.assessment.pod import Assessment, PodState, touched
from kubectl_cafe.assessment.snapshot import Snapshot
from kubectl_cafe.pods.model import Pod
from kubectl_cafe.pods.record import Mode
from kubectl_cafe.reconcile import candidates, previous_group
from kubectl_cafe.traffic import finalizers
from kubectl_cafe.traffic.endpoints import Slice, unlisted
from statemachine.lifecycle import State
from statemachine.record import Failure, cut
from statemachine.steps import StepKind

DEADLINE = "ProgressDeadlineExceeded"
GONE = "WorkloadGone"
CREATE = "FailedCreate"
FINAL = ("forbidden", "denied", "is invalid")
"""Words of a server that lets in no pod of a template, however often it is asked."""
PASSING = ("exceeded quota", "failed calling webhook")
"""Words of a refusal that may pass."""
REFUSED_FOR = 30.0
"""Seconds for which no pod could be created, after which the group fails."""
NAMED = 5
"""How many pods a failure and an abort by force name."""
LINGERING = 5.0
"""Seconds after which an EndpointSlice that shows a drained pod ready is named."""
REFUSAL = 300
"""Characters of the words with which pods are refused: policies have long names."""
SHOWN = 120
"""Characters of a kubelet's message among what is awaited; a failure has more of it."""


def failure(snapshot: Snapshot, assessments: Sequence[Assessment]) -> Failure | None:
    """Why the current step has failed, if it has (C18, C34, C36, C37, C82)."""
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
    left = deadline(snapshot, assessments) - snapshot.time
    if left > 0:
        return None
    awaited = waits(snapshot, assessments)
    allowed = snapshot.record.plan.strategy.progress_deadline_seconds
    return Failure(DEADLINE, f"no progress for {allowed} s: {'; '.join(awaited) or 'no pods'}")


def workload_gone(snapshot: Snapshot) -> Failure | None:
    """Why the step has failed where a workload is gone and its template is not known."""
    cells = [cell or "all" for cell in desired_replicas.lost_cells(snapshot)]
    if not cells or desired_replicas.revision_now(snapshot) is not None:
        return None
    listed = ", ".join(cells)
    return Failure(GONE, f"the workload of cell {listed} is gone, and its template is not known")


def deadline(snapshot: Snapshot, assessments: Sequence[Assessment]) -> float:
    """When the step fails without further progress, by the server's clock (C43, C44, C82).

    Progress is read from the cluster, so it survives the driver: the last move (a retry and
    a resume start anew), a pod's own record, its birth, its Ready and its containers' starts.
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
    """The failure where admission lets in no pod that the step needs, for a while (A1 403).

    A quota may have room later, and a webhook may come back: those are waited for. So is what
    was refused before the last move: the controller tries again later and later, and a refusal
    that it met before a retry says nothing about the next one.
    """
    if not _bears(snapshot):
        return None
    missing = candidates.missing(snapshot, assessments)
    for workload in snapshot.workloads:
        final = any(word in workload.refusal for word in FINAL)
        passing = any(words in workload.refusal for words in PASSING)
        anew = workload.refused >= moved_at(snapshot)
        lasting = anew and snapshot.time - workload.refused >= REFUSED_FOR
        if final and not passing and lasting and workload.cell in missing:
            return Failure(CREATE, f"replicaset {workload.name}: {workload.refusal}")
    return None


def births(snapshot: Snapshot, assessments: Sequence[Assessment]) -> list[float]:
    """The births that are progress where pods are born: those that made more pods live than ever.

    Of the pods that a cell got since the last move, the n-th birth is the first moment at which
    n of them could live. What replaces a pod that its node has rejected comes after these: it is
    no progress, however often it happens (C50).
    """
    if not _bears(snapshot):
        return []
    new = [s for s in assessments if s.pod.created >= moved_at(snapshot)]
    counted: list[float] = []
    for cell, living in candidates.living_per_cell(new).items():
        counted += sorted(s.pod.created for s in new if s.pod.cell == cell)[:living]
    return counted


def _bears(snapshot: Snapshot) -> bool:
    """Whether the current step waits for births."""
    step = snapshot.record.current
    return step is not None and step.kind in (StepKind.SCALE_OUT, StepKind.SWEEP)


def _grace_sum(snapshot: Snapshot, pod: Pod) -> int:
    """Containers are killed one after the other, each with the whole grace period."""
    changed = len(pod.record.before) if pod.record else 0
    goal = snapshot.goal
    if not changed and goal is not None:
        changed = len(lacking(pod, goal.images, snapshot.revisions))
    return pod.grace * changed


def pod_deadline(snapshot: Snapshot, pod: Pod) -> float:
    """When a pod in flight is given up on, by the server's clock."""
    since = max(written_at(pod, snapshot), snapshot.driven_since)
    if snapshot.record.state is State.ABORTING:
        since = max(since, moved_at(snapshot))
    allowed = snapshot.record.plan.strategy.progress_deadline_seconds
    return since + allowed + _grace_sum(snapshot, pod)


def unfinished(snapshot: Snapshot, in_flight: Sequence[Assessment]) -> Failure | None:
    """Why an abort has failed: restarts that are not over at their deadline (protocol 9, 10)."""
    pods = [s.pod.name for s in in_flight if not s.settled and all(o.late for o in s.stuck)]
    if not pods:
        return None
    allowed = snapshot.record.plan.strategy.progress_deadline_seconds
    names = ", ".join(sorted(pods)[:NAMED])
    return Failure(DEADLINE, f"no end of {len(pods)} restarts within {allowed} s: {names}")


def waits(snapshot: Snapshot, assessments: Sequence[Assessment]) -> tuple[str, ...]:
    """What is awaited, in words, most telling first."""
    said: list[str] = list(snapshot.troubles)
    for assessment in assessments:
        pod = assessment.pod.name
        said += [
            f"pod {pod}: container {s.container}: {s.reason}: {cut(s.message, SHOWN)}"
            for s in assessment.stuck
            if assessment.upgraded or assessment.in_flight
        ]
        if why := waiting_reasons.trouble(assessment):
            said.append(f"pod {assessment.pod.name}: {cut(why, SHOWN)}")
    for row, words in (
        (PodState.UNREADABLE, "unreadable record, left alone"),
        (PodState.DRIFT, "runs an image of no known revision, left alone"),
        (PodState.ORPHAN, "out of traffic without a record, left alone"),
    ):
        said += _name_some(words, [s.pod for s in assessments if s.row is row])
    said += _finalizers(assessments)
    drained = [s for s in assessments if s.row is PodState.DRAINED]
    said += _leaving([s for s in drained if not finalizers.holding(s.pod, s.finalizers)], snapshot)
    said += _patched(assessments)
    joining = [
        s.pod
        for s in assessments
        if s.row is PodState.CANDIDATE and candidates.joining(s, snapshot)
    ]
    said += _name_some("to be shown ready by their EndpointSlices", joining)
    said += _name_some("on a lost node", [s.pod for s in assessments if s.pod.lost])
    said += [f"{budget} to leave room" for budget in candidates.closed(snapshot, assessments)]
    said += [
        f"the workload of cell {cell or 'all'}, which is gone: it is created again with "
        f"{desired_replicas.planned(snapshot.record, cell)} pods"
        for cell in desired_replicas.lost_cells(snapshot)
        if snapshot.running
    ]
    lacking = candidates.missing(snapshot, assessments)
    said += [
        f"replicaset {workload.name} to create pods: {cut(workload.refusal, REFUSAL)}"
        for workload in snapshot.workloads
        if workload.refusal and workload.cell in lacking
    ]
    if lacking and not said:
        cells = ", ".join(f"{cell or 'all'}: {count}" for cell, count in lacking.items())
        said.append(f"pods to become available ({cells})")
    return tuple(said)


def _leaving(drained: Sequence[Assessment], snapshot: Snapshot) -> list[str]:
    """The drained pods that are waited for, and the EndpointSlices that keep them in traffic."""
    pods: dict[str, list[Pod]] = {}
    for assessment in drained:
        shown = ", ".join(map(str, holding(assessment, snapshot)))
        words = "leaving traffic" + (f", still shown ready by {shown}" if shown else "")
        if not shown and (absent := _absent(assessment, snapshot)):
            words += f", not listed by the EndpointSlices of Service {absent}"
        pods.setdefault(words, []).append(assessment.pod)
    return [said for words in sorted(pods) for said in _name_some(words, pods[words])]


def _absent(assessment: Assessment, snapshot: Snapshot) -> str:
    """The Services whose EndpointSlices should list a drained pod as unready and don't (C22)."""
    if assessment.mode is not Mode.GATE or not _lingers(assessment.pod, snapshot):
        return ""
    return ", ".join(s.name for s in unlisted(assessment.pod, snapshot.services, snapshot.listed))


def _lingers(pod: Pod, snapshot: Snapshot) -> bool:
    """Whether a drained pod's EndpointSlices are older than a controller takes."""
    since = written_at(pod, snapshot) if pod.record else snapshot.time
    return snapshot.time - since >= LINGERING


def holding(assessment: Assessment, snapshot: Snapshot) -> tuple[Slice, ...]:
    """The EndpointSlices that show a drained pod ready for longer than a controller takes (C22).

    A second Service, an EndpointSlice that somebody wrote, or one that was left behind.
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


def _patched(assessments: Sequence[Assessment]) -> list[str]:
    """The pods that restart, and those whose new container is being verified."""
    under_way: dict[str, list[Pod]] = {}
    for assessment in assessments:
        if assessment.row in waiting_reasons.PATCHED and not waiting_reasons.unscheduled(
            assessment.pod
        ):
            under_way.setdefault(waiting_reasons.progress(assessment), []).append(assessment.pod)
    return [one for words, pods in under_way.items() for one in _name_some(words, pods)]


def _finalizers(assessments: Sequence[Assessment]) -> list[str]:
    """The traffic finalizers that are awaited, and on which pods (C31)."""
    gone: dict[str, list[Pod]] = {}
    back: dict[str, list[Pod]] = {}
    for assessment in assessments:
        pod, asked = assessment.pod, assessment.finalizers
        if assessment.row is PodState.DRAINED:
            for name in finalizers.holding(pod, asked):
                gone.setdefault(name, []).append(pod)
        elif assessment.row is PodState.AT_GOAL and pod.ready.status == "True":
            for name in finalizers.lacking(pod, asked):
                back.setdefault(name, []).append(pod)
    said: list[str] = []
    for name, pods in gone.items():
        said += _name_some(f"finalizer {name} to let go of", pods)
    for name, pods in back.items():
        said += _name_some(f"finalizer {name} to be back on", pods)
    return said


def _name_some(words: str, pods: Sequence[Pod], limit: int = 3) -> list[str]:
    if not pods:
        return []
    listed = ", ".join(pod.name for pod in pods[:limit])
    more = f" and {len(pods) - limit} more" if len(pods) > limit else ""
    return [f"{words}: {listed}{more}"]

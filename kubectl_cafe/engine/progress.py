"""Whether a group gets on: what it waits for, and when it has failed (protocol 7)."""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_cafe.engine import desired, earlier, groups, hindrances, switches
from kubectl_cafe.engine.clocks import moved_at, ready_since, written_at
from kubectl_cafe.engine.standing import Row, Standing, touched
from kubectl_cafe.engine.view import View
from kubectl_cafe.engine.vouching import lacking
from kubectl_cafe.pods.model import Pod
from kubectl_cafe.pods.record import Mode
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


def failure(view: View, standings: Sequence[Standing]) -> Failure | None:
    """Why the current step has failed, if it has (C18, C34, C36, C37, C82)."""
    for standing in standings:
        if not (standing.upgraded or standing.row is Row.PATCHED):
            continue
        if not touched(standing, view):
            continue
        for stuck in standing.stuck:
            if stuck.fails:
                return Failure(stuck.reason, stuck.message, standing.pod.name, stuck.container)
    for standing in standings:
        if lost := switches.failure(standing, view):
            return lost
    held = earlier.held(view, standings, groups.wished(view, standings))
    if unstable := earlier.failure(view, standings, held) or earlier.restarted(view, standings):
        return unstable
    if found := births_refused(view, standings) or workload_gone(view):
        return found
    left = deadline(view, standings) - view.time
    if left > 0:
        return None
    awaited = waits(view, standings)
    allowed = view.record.plan.strategy.progress_deadline_seconds
    return Failure(DEADLINE, f"no progress for {allowed} s: {'; '.join(awaited) or 'no pods'}")


def workload_gone(view: View) -> Failure | None:
    """Why the step has failed where a workload is gone and its template is not known."""
    cells = [cell or "all" for cell in desired.lost_cells(view)]
    if not cells or desired.revision_now(view) is not None:
        return None
    listed = ", ".join(cells)
    return Failure(GONE, f"the workload of cell {listed} is gone, and its template is not known")


def deadline(view: View, standings: Sequence[Standing]) -> float:
    """When the step fails without further progress, by the server's clock (C43, C44, C82).

    Progress is read from the cluster, so it survives the driver: the last move (a retry and
    a resume start anew), a pod's own record, its birth, its Ready and its containers' starts.
    """
    pods = [s.pod for s in standings if s.row is not Row.FORGOTTEN]
    of_release = [
        written_at(pod, view) for pod in pods if pod.record and pod.record.release == view.record.id
    ]
    released = [
        ready_since(s.pod, view, s.finalizers) + view.record.plan.strategy.min_ready_seconds
        for s in standings
        if s.row is Row.AT_GOAL and s.released
    ]
    born = births(view, standings)
    last = max(moved_at(view), view.driven_since, *of_release, *released, *born)
    longest = max((_grace_sum(view, pod) for pod in pods), default=0)
    return last + view.record.plan.strategy.progress_deadline_seconds + longest


def births_refused(view: View, standings: Sequence[Standing]) -> Failure | None:
    """The failure where admission lets in no pod that the step needs, for a while (A1 403).

    A quota may have room later, and a webhook may come back: those are waited for. So is what
    was refused before the last move: the controller tries again later and later, and a refusal
    that it met before a retry says nothing about the next one.
    """
    if not _bears(view):
        return None
    missing = groups.missing(view, standings)
    for workload in view.workloads:
        final = any(word in workload.refusal for word in FINAL)
        passing = any(words in workload.refusal for words in PASSING)
        anew = workload.refused >= moved_at(view)
        lasting = anew and view.time - workload.refused >= REFUSED_FOR
        if final and not passing and lasting and workload.cell in missing:
            return Failure(CREATE, f"replicaset {workload.name}: {workload.refusal}")
    return None


def births(view: View, standings: Sequence[Standing]) -> list[float]:
    """The births that are progress where pods are born: those that made more pods live than ever.

    Of the pods that a cell got since the last move, the n-th birth is the first moment at which
    n of them could live. What replaces a pod that its node has rejected comes after these: it is
    no progress, however often it happens (C50).
    """
    if not _bears(view):
        return []
    new = [s for s in standings if s.pod.created >= moved_at(view)]
    counted: list[float] = []
    for cell, living in groups.living_per_cell(new).items():
        counted += sorted(s.pod.created for s in new if s.pod.cell == cell)[:living]
    return counted


def _bears(view: View) -> bool:
    """Whether the current step waits for births."""
    step = view.record.current
    return step is not None and step.kind in (StepKind.SCALE_OUT, StepKind.SWEEP)


def _grace_sum(view: View, pod: Pod) -> int:
    """Containers are killed one after the other, each with the whole grace period."""
    changed = len(pod.record.before) if pod.record and pod.record.before else 0
    goal = view.goal
    if not changed and goal is not None:
        changed = len(lacking(pod, goal.images, view.revisions))
    return pod.grace * changed


def pod_deadline(view: View, pod: Pod) -> float:
    """When a pod in flight is given up on, by the server's clock."""
    since = max(written_at(pod, view), view.driven_since)
    if view.record.state is State.ABORTING:
        since = max(since, moved_at(view))
    allowed = view.record.plan.strategy.progress_deadline_seconds
    return since + allowed + _grace_sum(view, pod)


def unfinished(view: View, in_flight: Sequence[Standing]) -> Failure | None:
    """Why an abort has failed: restarts that are not over at their deadline (protocol 9, 10)."""
    pods = [s.pod.name for s in in_flight if not s.settled and all(o.late for o in s.stuck)]
    if not pods:
        return None
    allowed = view.record.plan.strategy.progress_deadline_seconds
    names = ", ".join(sorted(pods)[:NAMED])
    return Failure(DEADLINE, f"no end of {len(pods)} restarts within {allowed} s: {names}")


def waits(view: View, standings: Sequence[Standing]) -> tuple[str, ...]:
    """What is awaited, in words, most telling first."""
    said: list[str] = list(view.troubles)
    for standing in standings:
        said += [
            f"pod {standing.pod.name}: container {s.container}: {s.reason}: {cut(s.message, SHOWN)}"
            for s in standing.stuck
            if standing.upgraded or standing.in_flight
        ]
        if why := hindrances.trouble(standing):
            said.append(f"pod {standing.pod.name}: {cut(why, SHOWN)}")
    for row, words in (
        (Row.UNREADABLE, "unreadable record, left alone"),
        (Row.DRIFT, "runs an image of no known revision, left alone"),
        (Row.ORPHAN, "out of traffic without a record, left alone"),
    ):
        said += _name_some(words, [s.pod for s in standings if s.row is row])
    said += _finalizers(standings)
    drained = [s for s in standings if s.row is Row.DRAINED]
    said += _leaving([s for s in drained if not finalizers.holding(s.pod, s.finalizers)], view)
    said += _patched(standings)
    joining = [s.pod for s in standings if s.row is Row.CANDIDATE and groups.joining(s, view)]
    said += _name_some("to be shown ready by their EndpointSlices", joining)
    said += _name_some("on a lost node", [s.pod for s in standings if s.pod.lost])
    said += [f"{budget} to leave room" for budget in groups.closed(view, standings)]
    said += [
        f"the workload of cell {cell or 'all'}, which is gone: it is created again with "
        f"{desired.planned(view.record, cell)} pods"
        for cell in desired.lost_cells(view)
        if view.running
    ]
    lacking = groups.missing(view, standings)
    said += [
        f"replicaset {workload.name} to create pods: {cut(workload.refusal, REFUSAL)}"
        for workload in view.workloads
        if workload.refusal and workload.cell in lacking
    ]
    if lacking and not said:
        cells = ", ".join(f"{cell or 'all'}: {count}" for cell, count in lacking.items())
        said.append(f"pods to become available ({cells})")
    return tuple(said)


def _leaving(drained: Sequence[Standing], view: View) -> list[str]:
    """The drained pods that are waited for, and the EndpointSlices that keep them in traffic."""
    pods: dict[str, list[Pod]] = {}
    for standing in drained:
        shown = ", ".join(map(str, holding(standing, view)))
        words = "leaving traffic" + (f", still shown ready by {shown}" if shown else "")
        if not shown and (absent := _absent(standing, view)):
            words += f", not listed by the EndpointSlices of Service {absent}"
        pods.setdefault(words, []).append(standing.pod)
    return [said for words in sorted(pods) for said in _name_some(words, pods[words])]


def _absent(standing: Standing, view: View) -> str:
    """The Services whose EndpointSlices should list a drained pod as unready and don't (C22)."""
    if standing.mode is not Mode.GATE or not _lingers(standing.pod, view):
        return ""
    return ", ".join(s.name for s in unlisted(standing.pod, view.services, view.listed))


def _lingers(pod: Pod, view: View) -> bool:
    """Whether a drained pod's EndpointSlices are older than a controller takes."""
    since = written_at(pod, view) if pod.record else view.time
    return view.time - since >= LINGERING


def holding(standing: Standing, view: View) -> tuple[Slice, ...]:
    """The EndpointSlices that show a drained pod ready for longer than a controller takes (C22).

    A second Service, an EndpointSlice that somebody wrote, or one that was left behind.
    """
    pod = standing.pod
    if not _lingers(pod, view):
        return ()
    publishing = {s.name for s in view.services if s.publishes_unready}
    return tuple(
        one
        for one in view.slices
        if pod.uid in one.ready and (standing.mode is Mode.LABEL or one.service not in publishing)
    )


def _patched(standings: Sequence[Standing]) -> list[str]:
    """The pods that restart, and those whose new container is being verified."""
    under_way: dict[str, list[Pod]] = {}
    for standing in standings:
        if standing.row in hindrances.PATCHED and not hindrances.unscheduled(standing.pod):
            under_way.setdefault(hindrances.progress(standing), []).append(standing.pod)
    return [one for words, pods in under_way.items() for one in _name_some(words, pods)]


def _finalizers(standings: Sequence[Standing]) -> list[str]:
    """The traffic finalizers that are awaited, and on which pods (C31)."""
    gone: dict[str, list[Pod]] = {}
    back: dict[str, list[Pod]] = {}
    for standing in standings:
        pod, asked = standing.pod, standing.finalizers
        if standing.row is Row.DRAINED:
            for name in finalizers.holding(pod, asked):
                gone.setdefault(name, []).append(pod)
        elif standing.row is Row.AT_GOAL and pod.ready.status == "True":
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

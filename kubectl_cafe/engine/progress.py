"""Whether a group gets on: what it waits for, and when it has failed (protocol 7)."""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_cafe.engine import groups
from kubectl_cafe.engine.standing import Row, Standing, ready_since, touched
from kubectl_cafe.engine.view import View
from kubectl_cafe.engine.vouching import lacking
from kubectl_cafe.pods.model import Pod
from kubectl_cafe.times import seconds
from kubectl_cafe.traffic import finalizers
from statemachine.lifecycle import State
from statemachine.record import Failure, cut
from statemachine.steps import StepKind

DEADLINE = "ProgressDeadlineExceeded"
NAMED = 5
"""How many pods a failure and an abort by force name."""
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
    left = deadline(view, standings) - view.time
    if left > 0:
        return None
    awaited = waits(view, standings)
    allowed = view.record.plan.strategy.progress_deadline_seconds
    return Failure(DEADLINE, f"no progress for {allowed} s: {'; '.join(awaited) or 'no pods'}")


def deadline(view: View, standings: Sequence[Standing]) -> float:
    """When the step fails without further progress, by the server's clock (C43, C44, C82).

    Progress is read from the cluster, so it survives the driver: the last move (a retry and
    a resume start anew), a pod's own record, its birth, its Ready and its containers' starts.
    """
    pods = [s.pod for s in standings if s.row is not Row.FORGOTTEN]
    of_release = [
        seconds(pod.record.since)
        for pod in pods
        if pod.record and pod.record.release == view.record.id
    ]
    released = [
        ready_since(s.pod, s.finalizers) + view.record.plan.strategy.min_ready_seconds
        for s in standings
        if s.row is Row.AT_GOAL and s.released
    ]
    born = births(view, standings)
    last = max(seconds(view.record.since), view.driven_since, *of_release, *released, *born)
    longest = max((_grace_sum(view, pod) for pod in pods), default=0)
    return last + view.record.plan.strategy.progress_deadline_seconds + longest


def births(view: View, standings: Sequence[Standing]) -> list[float]:
    """The births that are progress where pods are born: those that made more pods live than ever.

    Of the pods that a cell got since the last move, the n-th birth is the first moment at which
    n of them could live. What replaces a pod that its node has rejected comes after these: it is
    no progress, however often it happens (C50).
    """
    step = view.record.current
    if step is None or step.kind not in (StepKind.SCALE_OUT, StepKind.SWEEP):
        return []
    new = [s for s in standings if s.pod.created >= seconds(view.record.since)]
    counted: list[float] = []
    for cell, living in groups.living_per_cell(new).items():
        counted += sorted(s.pod.created for s in new if s.pod.cell == cell)[:living]
    return counted


def _grace_sum(view: View, pod: Pod) -> int:
    """Containers are killed one after the other, each with the whole grace period."""
    changed = len(pod.record.before) if pod.record and pod.record.before else 0
    goal = view.goal
    if not changed and goal is not None:
        changed = len(lacking(pod, goal.images, view.revisions))
    return pod.grace * changed


def pod_deadline(view: View, pod: Pod) -> float:
    """When a pod in flight is given up on, by the server's clock."""
    since = max(seconds(pod.record.since) if pod.record else 0.0, view.driven_since)
    if view.record.state is State.ABORTING:
        since = max(since, seconds(view.record.since))
    allowed = view.record.plan.strategy.progress_deadline_seconds
    return since + allowed + _grace_sum(view, pod)


def unfinished(view: View, in_flight: Sequence[Standing]) -> Failure | None:
    """Why an abort has failed: restarts that are not over at their deadline (protocol 9, 10)."""
    pods = [s.pod.name for s in in_flight if not s.settled and not s.stuck]
    if not pods:
        return None
    allowed = view.record.plan.strategy.progress_deadline_seconds
    names = ", ".join(sorted(pods)[:NAMED])
    return Failure(DEADLINE, f"no end of {len(pods)} restarts within {allowed} s: {names}")


def waits(view: View, standings: Sequence[Standing]) -> tuple[str, ...]:
    """What is awaited, in words, most telling first."""
    said: list[str] = []
    for standing in standings:
        said += [
            f"pod {standing.pod.name}: container {s.container}: {s.reason}: {cut(s.message, SHOWN)}"
            for s in standing.stuck
            if standing.upgraded or standing.in_flight
        ]
    for row, words in (
        (Row.UNREADABLE, "unreadable record, left alone"),
        (Row.DRIFT, "runs an image of no known revision, left alone"),
        (Row.ORPHAN, "out of traffic without a record, left alone"),
    ):
        said += _name_some(words, [s.pod for s in standings if s.row is row])
    said += _finalizers(standings)
    drained = [s for s in standings if s.row is Row.DRAINED]
    leaving = [s.pod for s in drained if not finalizers.holding(s.pod, s.finalizers)]
    said += _name_some("leaving traffic", leaving)
    patched = [s.pod for s in standings if s.row in (Row.PATCHED, Row.PATCHED_ELSEWHERE)]
    said += _name_some("restarting", [p for p in patched if p.uid])
    joining = [s.pod for s in standings if s.row is Row.CANDIDATE and groups.joining(s, view)]
    said += _name_some("to be shown ready by their EndpointSlices", joining)
    said += _name_some("on a lost node", [s.pod for s in standings if s.pod.lost])
    said += [f"{budget} to leave room" for budget in groups.closed(view, standings)]
    lacking = groups.missing(view, standings)
    if lacking and not said:
        cells = ", ".join(f"{cell or 'all'}: {count}" for cell, count in lacking.items())
        said.append(f"pods to become available ({cells})")
    return tuple(said)


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

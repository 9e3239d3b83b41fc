"""Pods that are not what their workload's template makes, and their way back in place (C55). Pure.

Nobody drives a release then: `repair` brings them back after a yes, one at a time, by the
engine's own rules and writes (protocol 5, 6, 7). The release that these rules are asked about
is made up here and never written; what was done stands in the pod's own record, so whoever
comes after a crash goes on from there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.assessment import lost_switches
from kubectl_cafe.assessment.image_revisions import runs, shown_revision
from kubectl_cafe.assessment.pod import Assessment, PodState, assess, carries, on_target
from kubectl_cafe.assessment.snapshot import Snapshot
from kubectl_cafe.pods.model import Pod
from kubectl_cafe.pods.patches import PodPatch
from kubectl_cafe.pods.record import REPAIR, Mode
from kubectl_cafe.reconcile import availability, candidates, group_progress
from kubectl_cafe.reconcile.decide import can_rest, carry_on
from kubectl_cafe.reconcile.pod_patches import Writes
from kubectl_cafe.revisions import template as templates
from kubectl_cafe.revisions.revision import Revision
from kubectl_cafe.waits import For, Wait, listed
from statemachine.lifecycle import RESTING, State
from statemachine.record import Failure, Record
from statemachine.steps import Kind

AS_ONE = (State.COMPLETED, State.ROLLED_BACK)
"""The ends of a release that leave every pod at one revision; an abort leaves a mix on purpose."""


def home(pod: Pod, snapshot: Snapshot) -> Revision | None:
    """The revision that the pod should have: that of its workload's template, if it is known."""
    name = next((one.revision for one in snapshot.workloads if one.uid == pod.owner), "")
    return snapshot.revisions.get(name)


def astray(pod: Pod, snapshot: Snapshot) -> bool:
    """Whether it runs no known revision, or another one than its template's where all are one."""
    own = home(pod, snapshot)
    if own is not None and carries(pod, own) and runs(pod, own, snapshot.revisions):
        return False
    shown = shown_revision(pod, snapshot.revisions)
    if shown is None:
        return True
    return snapshot.record.state in AS_ONE and own is not None and shown.name != own.name


def strays(snapshot: Snapshot, assessments: Iterable[Assessment]) -> list[str]:
    """Pods that have drifted while no release is under way: `repair` brings them back."""
    if snapshot.record.state not in RESTING:
        return []
    left = (PodState.FORGOTTEN, PodState.UNREADABLE)
    return [s.pod.name for s in assessments if s.row not in left and astray(s.pod, snapshot)]


def as_admitted(pod: Pod, own: Revision, snapshot: Snapshot) -> Revision:
    """`own`, with the pod's image where another pod of that revision shows the same string.

    Admission has made it of the template's, then: patching the template's over it again would
    change nothing, and no restart would ever be seen (protocol 6).
    """
    known = snapshot.revisions
    peers = [p.images() for p in snapshot.pods.values() if p.uid != pod.uid and runs(p, own, known)]
    same = {
        name: image
        for name, image in pod.images().items()
        if any(peer.get(name) == image for peer in peers)
    }
    return replace(own, template=templates.with_images(own.template, same))


def overwritten(pod: Pod, snapshot: Snapshot) -> bool:
    """Whether a stranger's image was patched over the one that the pod's record brought."""
    return pod.record is not None and not on_target(pod, snapshot)


def interrupted(assessment: Assessment) -> bool:
    """Whether a repair has taken the pod and not let it back."""
    record = assessment.pod.record
    return assessment.in_flight and record is not None and record.release == REPAIR


def obstacle(assessment: Assessment, snapshot: Snapshot) -> str:
    """Why the pod can't be brought back in place; empty if it can.

    A patch adds no container to a pod (protocol 6). Without a switch nobody would tell a
    traffic finalizer to let go, although it is declared that somebody must (C31).
    """
    pod, own = assessment.pod, home(assessment.pod, snapshot)
    if own is None:
        return "the template of its workload is no known revision"
    if lacking := [name for name in own.images if name not in pod.containers]:
        return f"it has no container {', '.join(lacking)}"
    if pod.lost:
        return "its node is lost"
    if assessment.mode is Mode.NONE and CafeDeployment(snapshot.owner).strategy.traffic_finalizers:
        return "nothing tells a traffic finalizer to let go of it (mode None)"
    return ""


def first(snapshot: Snapshot, uids: Collection[str]) -> Pod:
    """Which of the pods is brought back first: one that was begun, then one that is unavailable."""
    found = (snapshot.assessed.by_uid[uid] for uid in uids)
    return min(found, key=partial(candidates.turn, snapshot)).pod


@dataclass(frozen=True)
class Way:
    """One pod's way back: since when (RFC 3339, the server's), and why it has failed, if it has.

    `out`: it was out of traffic before, and nobody knows why: no failure lets it in.
    `unswitched` is why it was in mode None already as its way began.
    """

    uid: str
    since: str
    out: bool = False
    failure: Failure | None = None
    unswitched: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Due:
    """What is due on a pod's way: a write, or its end, or that it has failed, or a wait.

    `takes` are uids of healthy pods, as in a Decision.
    """

    patch: PodPatch | None = None
    takes: frozenset[str] = frozenset()
    over: bool = False
    failure: Failure | None = None
    waits: tuple[Wait, ...] = ()


def begin(pod: Pod, snapshot: Snapshot, since: str) -> Way:
    """The way of `pod` as it stands."""
    lost = lost_switches.planned(
        (pod, replace(pod, record=None)), snapshot.services, snapshot.revisions
    )
    out = snapshot.assessed.by_uid[pod.uid].row is PodState.ORPHAN
    return Way(pod.uid, since, out=out, unswitched=frozenset(lost))


def due(snapshot: Snapshot, way: Way) -> Due:
    """What is to be done now for the pod of `way`; `snapshot` is as the release rests."""
    if not (pod := snapshot.pods.get(way.uid)) or not (own := home(pod, snapshot)):
        return Due(over=True)  # Replaced from the template, or there is no way any more.
    known = {**snapshot.revisions, own.name: as_admitted(pod, own, snapshot)}
    snapshot = replace(
        snapshot, record=_repair(snapshot, own, way), revisions=known, unswitched=way.unswitched
    )
    assessment = _standing(pod, snapshot)
    if assessment.row in (PodState.FORGOTTEN, PodState.UNREADABLE):
        return Due(over=True)
    if assessment.row is PodState.AT_GOAL and assessment.available:
        return Due(over=True)
    failure = None if way.failure else _failure(snapshot, assessment)
    if failure is not None:
        return Due(failure=failure)
    if pod.uid in snapshot.busy:
        return Due()
    return _failed(snapshot, way, assessment) if way.failure else _next(snapshot, assessment)


def _repair(snapshot: Snapshot, own: Revision, way: Way) -> Record:
    """The release of one sweep towards `own`, by the strategy as it stands: never written."""
    strategy = CafeDeployment(snapshot.owner).strategy
    record = replace(
        snapshot.record,
        id=REPAIR,
        kind=Kind.UPGRADE,
        state=State.FAILED if way.failure else State.PROGRESSING,
        origin=None,
        plan=replace(snapshot.record.plan, strategy=strategy),
        to_revision=own.name,
        since=way.since,
        started=way.since,
        failure=way.failure,
    )
    return replace(record, step=len(record.steps) - 1)


def _standing(pod: Pod, snapshot: Snapshot) -> Assessment:
    """Where the pod stands once a person has agreed: what a release leaves alone is a candidate."""
    strange = overwritten(pod, snapshot)
    if strange and pod.record is not None and pod.record.mode is Mode.NONE:
        pod = replace(pod, record=None)  # In traffic: the record of that restart is history.
    assessment = assess(pod, snapshot)
    left_alone = assessment.row in (PodState.DRIFT, PodState.ORPHAN) and not _at_home(
        assessment, snapshot
    )
    if left_alone:
        return replace(assessment, row=PodState.CANDIDATE)
    if strange and assessment.row is PodState.PATCHED:
        return replace(assessment, row=PodState.PATCHED_ELSEWHERE)
    return assessment


def _at_home(assessment: Assessment, snapshot: Snapshot) -> bool:
    goal = snapshot.goal
    return goal is not None and runs(assessment.pod, goal, snapshot.revisions)


def _next(snapshot: Snapshot, assessment: Assessment) -> Due:
    """The next write towards home, or what is awaited."""
    writes = Writes(snapshot)
    if write := carry_on(assessment, snapshot, writes):
        return Due(write)
    if not candidates.is_candidate(assessment, snapshot):
        return Due(waits=group_progress.waits(snapshot, [assessment]))
    chosen, closed = availability.afford(snapshot, _company(snapshot, assessment), [assessment])
    if chosen:
        takes = frozenset([assessment.pod.uid]) if assessment.healthy else frozenset()
        return Due(writes.take(assessment), takes)
    return Due(waits=_budgets(closed))


def _company(snapshot: Snapshot, assessment: Assessment) -> list[Assessment]:
    """All pods that the budgets count, and this one.

    Those in flight are unavailable with or without being counted; left out, what a release
    left behind does not use up the share of pods on their way, of which there is this one.
    """
    others = (one for one in snapshot.assessments if one.pod.uid != assessment.pod.uid)
    return [*(other for other in others if not other.in_flight), assessment]


def _budgets(closed: Sequence[object]) -> tuple[Wait, ...]:
    if not closed:
        return (Wait(For.OTHER_PODS),)
    return tuple(Wait(For.BUDGET, name=str(budget)) for budget in closed)


def _failure(snapshot: Snapshot, assessment: Assessment) -> Failure | None:
    """Why the way ends here: the container is stuck, or nothing moves for too long."""
    found = group_progress.failure(snapshot, [assessment])
    if found is None or found.reason != group_progress.DEADLINE:
        return found
    allowed = snapshot.record.plan.strategy.progress_deadline_seconds
    awaited = _next(snapshot, assessment).waits or group_progress.waits(snapshot, [assessment])
    return replace(found, message=f"no progress for {allowed} s: {listed(awaited)}")


def _failed(snapshot: Snapshot, way: Way, assessment: Assessment) -> Due:
    """As a failed group: one that was only drained is reopened, the others stay as they are."""
    if not assessment.in_flight or (way.out and assessment.row is PodState.DRAINED):
        return Due(over=True)
    write = carry_on(assessment, snapshot, Writes(snapshot))
    return Due(write, over=write is None and can_rest(assessment, snapshot))

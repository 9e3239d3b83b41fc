"""Pods that differ from their workload's template, and their repair in place (C55). Pure.

While no release is under way, `repair` patches such pods back after a confirmation, one at a time,
by the rules and writes of a release (protocol 5, 6, 7). The rules need a release record: it is made
here and never written. Progress is kept in the pod records, so after a crash the next `repair`
continues from there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from functools import partial

from msgspec import Struct, structs

from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.assessment import lost_switches
from kubectl_cafe.assessment.image_revisions import runs, shown_revision
from kubectl_cafe.assessment.pod import Assessment, PodState, assess, carries, on_target
from kubectl_cafe.assessment.snapshot import Snapshot
from kubectl_cafe.durations import exact
from kubectl_cafe.pods.model import Pod
from kubectl_cafe.pods.patches import PodPatch
from kubectl_cafe.pods.record import REPAIR, Mode
from kubectl_cafe.reconcile import availability, candidates, group_progress, group_waits
from kubectl_cafe.reconcile.decide import can_rest, carry_on
from kubectl_cafe.reconcile.pod_patches import Writes
from kubectl_cafe.revisions import template as templates
from kubectl_cafe.revisions.revision import Revision
from kubectl_cafe.waits import For, Wait, listed
from statemachine.lifecycle import RESTING, SUCCEEDED, State
from statemachine.record import Failure, Record
from statemachine.steps import Kind


def home(pod: Pod, snapshot: Snapshot) -> Revision | None:
    """The revision that the pod should have, by its workload's template; None if not known."""
    name = next((one.revision for one in snapshot.workloads if one.uid == pod.owner), "")
    return snapshot.revisions.get(name)


def astray(pod: Pod, snapshot: Snapshot) -> bool:
    """Whether the pod has drifted from its workload's template.

    The pod runs no known revision, or, after a release that left all pods at one revision, another
    one than its template's.
    """
    own = home(pod, snapshot)
    if own is not None and carries(pod, own) and runs(pod, own, snapshot.revisions):
        return False
    shown = shown_revision(pod, snapshot.revisions)
    if shown is None:
        return True
    return snapshot.record.state in SUCCEEDED and own is not None and shown.name != own.name


def strays(snapshot: Snapshot, assessments: Iterable[Assessment]) -> list[str]:
    """The names of pods that have drifted while no release is under way; for `repair`."""
    if snapshot.record.state not in RESTING:
        return []
    left = (PodState.FORGOTTEN, PodState.UNREADABLE)
    return [s.pod.name for s in assessments if s.row not in left and astray(s.pod, snapshot)]


def as_admitted(pod: Pod, own: Revision, snapshot: Snapshot) -> Revision:
    """`own`, with those image strings of the pod that another pod of that revision has, too.

    An admission webhook wrote these strings in place of the template's. It would rewrite a patch to
    the template's string in the same way, so no restart would follow (protocol 6).
    """
    known = snapshot.revisions
    peers = [p.images() for p in snapshot.pods.values() if p.uid != pod.uid and runs(p, own, known)]
    same = {
        name: image
        for name, image in pod.images().items()
        if any(peer.get(name) == image for peer in peers)
    }
    return structs.replace(own, template=templates.with_images(own.template, same))


def overwritten(pod: Pod, snapshot: Snapshot) -> bool:
    """Whether the pod has a record, and another client has since changed one of its images."""
    return pod.record is not None and not on_target(pod, snapshot)


def interrupted(assessment: Assessment) -> bool:
    """Whether a repair has begun with the pod and not yet put it back into traffic."""
    record = assessment.pod.record
    return assessment.in_flight and record is not None and record.release == REPAIR


def obstacle(assessment: Assessment, snapshot: Snapshot) -> str:
    """Why the pod can't be repaired in place; empty if it can.

    A patch adds no container to a pod (protocol 6). A pod without a traffic switch can't signal a
    traffic finalizer's controller to remove the finalizer, which is required (C31).
    """
    pod, own = assessment.pod, home(assessment.pod, snapshot)
    if own is None:
        return "the template of its workload is of no known revision"
    if lacking := [name for name in own.images if name not in pod.containers]:
        return f"it has no container {', '.join(lacking)}"
    if pod.lost:
        return "its node is lost"
    if assessment.mode is Mode.NONE and CafeDeployment(snapshot.owner).strategy.traffic_finalizers:
        return "its traffic finalizer is never removed, it has no traffic switch (mode None)"
    return ""


def first(snapshot: Snapshot, uids: Collection[str]) -> Pod:
    """The pod of `uids` to repair first: a pod already begun, else an unavailable one."""
    found = (snapshot.assessment(uid) for uid in uids)
    return min(found, key=partial(candidates.turn, snapshot)).pod


class PodRepair(Struct, frozen=True):
    """The repair of one pod: its start `since` (RFC 3339, server time), and its failure, if any.

    `out`: the pod was out of traffic before, for an unknown reason, so a failed repair does not put
    it back. `unswitched` names what left the pod without a working switch when its repair began.
    """

    uid: str
    since: str
    out: bool = False
    failure: Failure | None = None
    unswitched: frozenset[str] = frozenset()


class Due(Struct, frozen=True):
    """The next thing in the repair of a pod: a write, its end (`over`), its failure, or waits.

    `takes` are uids of healthy pods, as in a Decision.
    """

    patch: PodPatch | None = None
    takes: frozenset[str] = frozenset()
    over: bool = False
    failure: Failure | None = None
    waits: tuple[Wait, ...] = ()


def begin(pod: Pod, snapshot: Snapshot, since: str) -> PodRepair:
    """The repair of `pod` as the pod is now; `since` is its start (RFC 3339, server time)."""
    lost = lost_switches.planned(
        (pod, structs.replace(pod, record=None)), snapshot.services, snapshot.revisions
    )
    out = snapshot.assessment(pod.uid).row is PodState.ORPHAN
    return PodRepair(pod.uid, since, out=out, unswitched=frozenset(lost))


def due(snapshot: Snapshot, way: PodRepair) -> Due:
    """The next thing in the repair `way`; `snapshot` is of a CafeDeployment at rest."""
    if not (pod := snapshot.pods.get(way.uid)) or not (own := home(pod, snapshot)):
        return Due(over=True)  # The pod is gone, or its template's revision is not known.
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


def _repair(snapshot: Snapshot, own: Revision, way: PodRepair) -> Record:
    """The record of a release with one sweep to `own`, by the present strategy: never written."""
    strategy = CafeDeployment(snapshot.owner).strategy
    record = structs.replace(
        snapshot.record,
        id=REPAIR,
        kind=Kind.UPGRADE,
        state=State.FAILED if way.failure else State.PROGRESSING,
        origin=None,
        plan=structs.replace(snapshot.record.plan, strategy=strategy),
        to_revision=own.name,
        since=way.since,
        started=way.since,
        failure=way.failure,
    )
    return structs.replace(record, step=len(record.steps) - 1)


def _standing(pod: Pod, snapshot: Snapshot) -> Assessment:
    """The assessment of the pod once its repair is confirmed.

    A pod that a release leaves alone (DRIFT, ORPHAN) is a candidate, unless it runs the goal.
    """
    strange = overwritten(pod, snapshot)
    if strange and pod.record is not None and pod.record.mode is Mode.NONE:
        pod = structs.replace(pod, record=None)  # In traffic: that restart is over.
    assessment = assess(pod, snapshot)
    left_alone = assessment.row in (PodState.DRIFT, PodState.ORPHAN) and not _at_home(
        assessment, snapshot
    )
    if left_alone:
        return structs.replace(assessment, row=PodState.CANDIDATE)
    if strange and assessment.row is PodState.PATCHED:
        return structs.replace(assessment, row=PodState.PATCHED_ELSEWHERE)
    return assessment


def _at_home(assessment: Assessment, snapshot: Snapshot) -> bool:
    goal = snapshot.goal
    return goal is not None and runs(assessment.pod, goal, snapshot.revisions)


def _next(snapshot: Snapshot, assessment: Assessment) -> Due:
    """The next write of the repair, or what the repair waits for."""
    writes = Writes(snapshot)
    if write := carry_on(assessment, snapshot, writes):
        return Due(write)
    if not candidates.is_candidate(assessment, snapshot):
        return Due(waits=group_waits.waits(snapshot, [assessment]))
    chosen, closed = availability.afford(snapshot, _company(snapshot, assessment), [assessment])
    if chosen:
        takes = frozenset([assessment.pod.uid]) if assessment.healthy else frozenset()
        return Due(writes.take(assessment), takes)
    return Due(waits=_budgets(closed))


def _company(snapshot: Snapshot, assessment: Assessment) -> list[Assessment]:
    """The assessments by which the budgets are computed: this pod and all that are not in flight.

    Other pods in flight are left out. They count as unavailable either way, but would use up the
    limit for pods on their way to the goal (`new_unavailable`), of which this repair has one pod.
    """
    others = (one for one in snapshot.assessments if one.pod.uid != assessment.pod.uid)
    return [*(other for other in others if not other.in_flight), assessment]


def _budgets(closed: Sequence[object]) -> tuple[Wait, ...]:
    if not closed:
        return (Wait(For.OTHER_PODS),)
    return tuple(Wait(For.BUDGET, name=str(budget)) for budget in closed)


def _failure(snapshot: Snapshot, assessment: Assessment) -> Failure | None:
    """Why the repair fails: a container is stuck, or the progress deadline has passed."""
    found = group_progress.failure(snapshot, [assessment])
    if found is None or found.reason != group_progress.DEADLINE:
        return found
    allowed = snapshot.record.plan.strategy.progress_deadline_seconds
    awaited = _next(snapshot, assessment).waits or group_waits.waits(snapshot, [assessment])
    message = f"no progress for {exact(allowed)}, waiting for: {listed(awaited)}"
    return structs.replace(found, message=message)


def _failed(snapshot: Snapshot, way: PodRepair, assessment: Assessment) -> Due:
    """The next thing after a failed repair, as in a failed group: a drained pod is reopened.

    A pod in another phase stays as it is.
    """
    if not assessment.in_flight or (way.out and assessment.row is PodState.DRAINED):
        return Due(over=True)
    write = carry_on(assessment, snapshot, Writes(snapshot))
    return Due(write, over=write is None and can_rest(assessment, snapshot))

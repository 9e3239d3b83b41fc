"""The state of one pod in a release: the table of protocol 10 as a pure function."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum, auto
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct

from kubectl_cafe import names
from kubectl_cafe.assessment.image_revisions import runs, runs_any, unchanged, without_effect
from kubectl_cafe.assessment.node_clocks import overdue, ready_since
from kubectl_cafe.pods.done import Stuck, done, stuck
from kubectl_cafe.pods.model import Pod
from kubectl_cafe.pods.record import Before, Mode, Phase, PodRecord
from kubectl_cafe.pods.restarted import Evidence, all_settled
from kubectl_cafe.revisions.revision import Revision
from kubectl_cafe.times import seconds
from kubectl_cafe.traffic import finalizers, mode_of
from statemachine.lifecycle import RESTING, SUCCEEDED, State

if TYPE_CHECKING:
    from kubectl_cafe.assessment.snapshot import Snapshot


class PodState(Enum):
    """The states of a pod: the rows of protocol 10's table, tested from top to bottom."""

    FORGOTTEN = auto()
    """Terminating, Failed or Succeeded."""
    UNREADABLE = auto()
    """The pod's record is damaged or of a newer version: not upgraded, only reported."""
    DRAINED = auto()
    PATCHED = auto()
    """The image is patched to the goal, or to any revision while aborting (no goal)."""
    PATCHED_ELSEWHERE = auto()
    """The image is patched to a revision that is no longer the goal."""
    NEW = auto()
    """A new pod whose gate has no condition yet: the driver has to open the gate."""
    ORPHAN = auto()
    """Traffic is off and no record says why: only `repair` puts the pod into traffic."""
    AT_GOAL = auto()
    UNLABELLED = auto()
    """The pod runs the goal's images; its labels or annotations are not the goal's."""
    CANDIDATE = auto()
    DRIFT = auto()
    """The pod runs an image of no known revision: not upgraded, only reported."""


LEFT = (PodState.NEW, PodState.DRAINED, PodState.PATCHED, PodState.PATCHED_ELSEWHERE)
"""States that the driver ends during a release. After the release no driver changes them."""


class Assessment(Struct, frozen=True, dict=True):
    """One pod, its row in the table of protocol 10, and what the rules derive from the pod.

    `released`: Ready, in traffic, no restart outstanding; `available`: released for minReadySeconds
    (protocol 7). `upgraded`: the pod runs the goal, or is patched to it. `finalizers`: the traffic
    finalizers that apply to the pod (protocol 5).
    """

    pod: Pod
    row: PodState
    mode: Mode
    evidence: Evidence
    stuck: tuple[Stuck, ...]
    done: bool
    settled: bool
    released: bool
    available: bool
    upgraded: bool
    finalizers: tuple[str, ...]

    @property
    def healthy(self) -> bool:
        """Whether upgrading the pod reduces availability; True also within minReadySeconds."""
        return self.released

    @cached_property
    def in_flight(self) -> bool:
        """Whether the pod has an unfinished record."""
        return self.row in (PodState.DRAINED, PodState.PATCHED, PodState.PATCHED_ELSEWHERE)


def assess(pod: Pod, snapshot: Snapshot) -> Assessment:
    """The assessment of `pod`, by its record and the goal, never by images alone."""
    goal = snapshot.goal
    row = _row(pod, snapshot, goal)
    evidence = evidence_of(pod, snapshot, goal)
    problems = tuple(stuck(pod, evidence))
    finished = done(pod, evidence) and on_target(pod, snapshot)
    mode = pod.record.mode if pod.record and _open(row) else mode_of(pod, snapshot.services)
    asked = finalizers.asked(mode, snapshot.record.plan.strategy.traffic_finalizers)
    released = _released(pod, row, evidence) and not finalizers.lacking(pod, asked)
    upgraded = row in (PodState.AT_GOAL, PodState.PATCHED) or _new_at(pod, row, snapshot)
    min_ready = snapshot.record.plan.strategy.min_ready_seconds if upgraded else 0
    return Assessment(
        pod=pod,
        row=row,
        mode=mode,
        evidence=evidence,
        stuck=problems,
        done=finished,
        settled=all_settled(pod, evidence),
        released=released,
        available=released and snapshot.time - ready_since(pod, snapshot, asked) >= min_ready,
        upgraded=upgraded,
        finalizers=asked,
    )


def _open(row: PodState) -> bool:
    return row in (PodState.DRAINED, PodState.PATCHED, PodState.PATCHED_ELSEWHERE)


def _new_at(pod: Pod, row: PodState, snapshot: Snapshot) -> bool:
    goal = snapshot.goal
    return row is PodState.NEW and goal is not None and runs(pod, goal, snapshot.revisions)


def _row(pod: Pod, snapshot: Snapshot, goal: Revision | None) -> PodState:
    if pod.terminating or pod.over:
        return PodState.FORGOTTEN
    if pod.record_problem:
        return PodState.UNREADABLE
    if pod.record and not finished(pod, snapshot):
        if pod.record.phase is Phase.DRAINED:
            return PodState.DRAINED
        return (
            PodState.PATCHED
            if goal is None or pod.record.to == goal.name
            else PodState.PATCHED_ELSEWHERE
        )
    if pod.gated and pod.gate.status != "True":
        return PodState.ORPHAN if pod.gate.status else PodState.NEW
    if pod.labels.get(names.TRAFFIC, "on") != "on":
        return PodState.ORPHAN
    if goal is not None and runs(pod, goal, snapshot.revisions):
        return PodState.AT_GOAL if carries(pod, goal) else PodState.UNLABELLED
    return PodState.CANDIDATE if runs_any(pod, snapshot.revisions) else PodState.DRIFT


def finished(pod: Pod, snapshot: Snapshot) -> bool:
    """Whether the pod's record is finished, or the pod has none.

    In mode None no write (W3) finishes the record. There it counts as finished when the pod is
    done, or when its group or release is over, the spec has the images of `to`, the kubelet has
    read the spec, and the containers are new (protocol 6).
    """
    record = pod.record
    if record is None or record.phase is Phase.FINISHED:
        return True
    if record.mode is not Mode.NONE or record.phase is not Phase.PATCHED:
        return False
    if done(pod, evidence_of(pod, snapshot, snapshot.goal)) and on_target(pod, snapshot):
        return True
    current = snapshot.record.current
    over = (
        record.release != snapshot.record.id
        or snapshot.record.state in (*SUCCEEDED, State.ABORTED)
        or current is None
        or not current.is_group
        or record.group < current.group
    )
    return over and _shows(pod, record, snapshot)


def seen_done(pod: Pod, record: PodRecord, snapshot: Snapshot) -> bool:
    """Whether the driver saw a pod of mode None done: the group or the release has ended since.

    In mode None no write (W3) records this. Without this rule a new process would wait for the time
    of rule c again. False for a pod of another release, which may not be done, and before the end
    of the release for a pod that the sweep upgraded (group 0).
    """
    current, state = snapshot.record.current, snapshot.record.state
    ended = state in SUCCEEDED
    after = current is not None and (not current.is_group or record.group < current.group)
    return (
        record.mode is Mode.NONE
        and (record.release, record.to) == (snapshot.record.id, snapshot.record.to_revision)
        and (ended or (after and record.group > 0))
        and _shows(pod, record, snapshot)
    )


def _shows(pod: Pod, record: PodRecord, snapshot: Snapshot) -> bool:
    """Whether the pod shows the record's revision: images, generation, new container IDs.

    A container without an ID at the image patch may still have been started from the old image, so
    its first ID proves nothing (C14).
    """
    target = snapshot.revisions.get(record.to)
    return (
        target is not None
        and runs(pod, target, snapshot.revisions)
        and (not pod.observed or pod.observed >= pod.generation)
        and all(
            before.container_id and pod.containers[name].container_id != before.container_id
            for name, before in record.before.items()
            if name in pod.containers
        )
    )


def on_target(pod: Pod, snapshot: Snapshot) -> bool:
    """Whether a patched pod's spec still has the images of its record's revision (C55).

    False if another client has patched an image since: that container settles as well, but does not
    run the target. True for a pod that is not patched. If the revision is not known, True requires
    that no other client has patched the pod.
    """
    record = pod.record
    if record is None or record.phase is not Phase.PATCHED:
        return True
    target = snapshot.revisions.get(record.to)
    return unchanged(pod) or (target is not None and runs(pod, target, snapshot.revisions))


def carries(pod: Pod, revision: Revision) -> bool:
    """Whether the pod has the labels and annotations of `revision`, by its revision label (C78)."""
    return pod.labels.get(names.REVISION) == revision.name


def evidence_of(pod: Pod, snapshot: Snapshot, goal: Revision | None) -> Evidence:
    """The evidence for the settled rules (`pods/restarted.py`): which containers changed.

    If another client changed images of a drained pod, any of its containers may have changed (C55).
    """
    changed: Mapping[str, Before | None] = {}
    verified: frozenset[str] = frozenset()
    record = pod.record
    ours = frozenset(goal.images if goal is not None else ())
    if record is not None and record.phase is Phase.PATCHED:
        if seen_done(pod, record, snapshot):
            verified = frozenset(record.before)
        else:
            changed = {} if without_effect(pod) else record.before
    elif record is not None and record.gen > 0 and unchanged(pod):
        verified = ours
    elif record is not None and record.phase is Phase.DRAINED:
        changed = dict.fromkeys(pod.containers)
    else:
        changed = dict.fromkeys(ours)
    sighting, late = snapshot.sightings[pod.uid], overdue(pod, snapshot)
    return Evidence(sighting, snapshot.now, changed, snapshot.peers, verified, late)


def _released(pod: Pod, row: PodState, evidence: Evidence) -> bool:
    """Whether the pod is Ready, in traffic and not terminating, with no restart outstanding.

    Source: protocol 7. A pod whose traffic switch is off has none of the rows below: it is in
    flight, NEW or ORPHAN.
    """
    if row in (PodState.AT_GOAL, PodState.UNLABELLED) and not all_settled(pod, evidence):
        return False  # Another client's patch: its restart may be outstanding.
    return (
        row in (PodState.AT_GOAL, PodState.UNLABELLED, PodState.CANDIDATE, PodState.DRIFT)
        and pod.ready.status == "True"
        and (not pod.observed or pod.observed >= pod.generation)
    )


def touched(assessment: Assessment, snapshot: Snapshot) -> bool:
    """Whether this release wrote the pod, or the pod was created during the release (C74).

    Other pods run the target of a rollback already. If one of them is faulty, the rollback has not
    failed and goes on with the pods that it has to roll back.
    """
    pod, release = assessment.pod, snapshot.record
    taken = pod.record is not None and pod.record.release == release.id
    return taken or pod.created >= seconds(release.started)


def out_of_traffic(snapshot: Snapshot, assessments: Iterable[Assessment]) -> list[str]:
    """The names of pods that only `repair` puts back into traffic (protocol 5, C47)."""
    resting = snapshot.record.state in RESTING
    return [
        s.pod.name
        for s in assessments
        if s.row is PodState.ORPHAN or (resting and s.row in LEFT and s.mode is not Mode.NONE)
    ]

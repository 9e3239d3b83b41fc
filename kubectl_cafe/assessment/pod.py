"""Where one pod stands in a release: the table of protocol 10 as one pure function."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from functools import cached_property
from typing import TYPE_CHECKING

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
from statemachine.lifecycle import RESTING, State

if TYPE_CHECKING:
    from kubectl_cafe.assessment.snapshot import Snapshot


class PodState(Enum):
    """The rows of protocol 10's table."""

    FORGOTTEN = auto()
    """Terminating, Failed, Succeeded."""
    UNREADABLE = auto()
    """Its record is damaged or newer: left alone, reported."""
    DRAINED = auto()
    PATCHED = auto()
    """Its image patch is out; `to` is the goal, or there is no goal (aborting)."""
    PATCHED_ELSEWHERE = auto()
    """Its image patch is out, and its `to` is no longer the goal."""
    NEWBORN = auto()
    """Its gate's condition is absent: it waits to be opened."""
    ORPHAN = auto()
    """Traffic is off and no record says why: only `repair` opens it."""
    AT_GOAL = auto()
    UNLABELLED = auto()
    """It runs the goal's images, its labels or annotations are not the goal's."""
    CANDIDATE = auto()
    DRIFT = auto()
    """An image of no known revision: left alone, reported."""


LEFT = (PodState.NEWBORN, PodState.DRAINED, PodState.PATCHED, PodState.PATCHED_ELSEWHERE)
"""Where a pod is its driver's while a release is under way, and nobody's after it."""


@dataclass(frozen=True)
class Assessment:
    """One pod, its row, and what else the rules ask of it.

    `healthy`: taking it costs availability. `available` and `released`: protocol 7; the
    latter without minReadySeconds. `upgraded`: it runs, or is on its way to, the goal.
    `finalizers`: the declared ones that are asked of it (protocol 5).
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
        """Whether taking it would cost availability: within its minReadySeconds, too."""
        return self.released

    @cached_property
    def in_flight(self) -> bool:
        """Whether it has an unfinished record."""
        return self.row in (PodState.DRAINED, PodState.PATCHED, PodState.PATCHED_ELSEWHERE)


def assess(pod: Pod, snapshot: Snapshot) -> Assessment:
    """Where `pod` stands, judged by its record and its goal, never by images alone."""
    goal = snapshot.goal
    row = _row(pod, snapshot, goal)
    evidence = evidence_of(pod, snapshot, goal)
    problems = tuple(stuck(pod, evidence))
    finished = done(pod, evidence) and on_target(pod, snapshot)
    mode = pod.record.mode if pod.record and _open(row) else mode_of(pod, snapshot.services)
    asked = finalizers.asked(mode, snapshot.record.plan.strategy.traffic_finalizers)
    released = _released(pod, row, evidence) and not finalizers.lacking(pod, asked)
    upgraded = row in (PodState.AT_GOAL, PodState.PATCHED) or _newborn_at(pod, row, snapshot)
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


def _newborn_at(pod: Pod, row: PodState, snapshot: Snapshot) -> bool:
    goal = snapshot.goal
    return row is PodState.NEWBORN and goal is not None and runs(pod, goal, snapshot.revisions)


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
        return PodState.ORPHAN if pod.gate.status else PodState.NEWBORN
    if pod.labels.get(names.TRAFFIC, "on") != "on":
        return PodState.ORPHAN
    if goal is not None and runs(pod, goal, snapshot.revisions):
        return PodState.AT_GOAL if carries(pod, goal) else PodState.UNLABELLED
    return PodState.CANDIDATE if runs_any(pod, snapshot.revisions) else PodState.DRIFT


def finished(pod: Pod, snapshot: Snapshot) -> bool:
    """Whether the pod's record is finished.

    Mode None writes no W3: there it counts as finished when the pod is done, or when its
    group or release is over, the spec is `to`, seen, and the containers are others
    (protocol 6).
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
        or snapshot.record.state in (State.COMPLETED, State.ROLLED_BACK, State.ABORTED)
        or current is None
        or not current.is_group
        or record.group < current.group
    )
    return over and _shows(pod, record, snapshot)


def seen_done(pod: Pod, record: PodRecord, snapshot: Snapshot) -> bool:
    """Whether a pod of mode None was seen done by whoever drove its group, which is over since.

    No W3 says so, and without this rule whoever looks for the first time would wait for rule
    c's time anew. Not of another release's pod, which may have been left in the middle, nor of
    one that the sweep took (group 0).
    """
    current, state = snapshot.record.current, snapshot.record.state
    ended = state in (State.COMPLETED, State.ROLLED_BACK)
    after = current is not None and (not current.is_group or record.group < current.group)
    return (
        record.mode is Mode.NONE
        and (record.release, record.to) == (snapshot.record.id, snapshot.record.to_revision)
        and (ended or (after and record.group > 0))
        and _shows(pod, record, snapshot)
    )


def _shows(pod: Pod, record: PodRecord, snapshot: Snapshot) -> bool:
    """Whether the spec is what the record says, seen by the kubelet, and the containers others."""
    target = snapshot.revisions.get(record.to)
    return (
        target is not None
        and runs(pod, target, snapshot.revisions)
        and (not pod.observed or pod.observed >= pod.generation)
        and all(
            pod.containers[name].container_id != before.container_id
            for name, before in record.before.items()
            if name in pod.containers
        )
    )


def on_target(pod: Pod, snapshot: Snapshot) -> bool:
    """Whether a patched pod's spec is still what its record says (C55).

    A stranger may have patched another image over ours: its container settles as well, and is
    not what the pod went to. Where the revision is not known, the record alone vouches.
    """
    record = pod.record
    if record is None or record.phase is not Phase.PATCHED:
        return True
    target = snapshot.revisions.get(record.to)
    return unchanged(pod) or (target is not None and runs(pod, target, snapshot.revisions))


def carries(pod: Pod, revision: Revision) -> bool:
    """Whether the revision label says that labels and annotations are the revision's (C78)."""
    return pod.labels.get(names.REVISION) == revision.name


def evidence_of(pod: Pod, snapshot: Snapshot, goal: Revision | None) -> Evidence:
    """What the settled rules may read of `pod`: which containers changed, and from what.

    Of a drained pod whose images a stranger changed nobody knows which they were (C55).
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
    """Ready, in traffic, no restart outstanding, not terminating (protocol 7).

    A pod whose switch is off stands in none of these rows: it is in flight, newborn or an orphan.
    """
    if row in (PodState.AT_GOAL, PodState.UNLABELLED) and not all_settled(pod, evidence):
        return False  # A stranger's patch: its restart may be outstanding.
    return (
        row in (PodState.AT_GOAL, PodState.UNLABELLED, PodState.CANDIDATE, PodState.DRIFT)
        and pod.ready.status == "True"
        and (not pod.observed or pod.observed >= pod.generation)
    )


def touched(assessment: Assessment, snapshot: Snapshot) -> bool:
    """Whether this release took the pod, or it was born under it (C74).

    A rollback's goal is the version that other pods never left: what is wrong with one of
    those is not the rollback's failure, and no argument against rolling back the others.
    """
    pod, release = assessment.pod, snapshot.record
    taken = pod.record is not None and pod.record.release == release.id
    return taken or pod.created >= seconds(release.started)


def out_of_traffic(snapshot: Snapshot, assessments: Iterable[Assessment]) -> list[str]:
    """Pods that no release brings back into traffic: only `repair` does (protocol 5, C47)."""
    resting = snapshot.record.state in RESTING
    return [
        s.pod.name
        for s in assessments
        if s.row is PodState.ORPHAN or (resting and s.row in LEFT and s.mode is not Mode.NONE)
    ]

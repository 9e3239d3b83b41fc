"""Decide what to do for a release from a snapshot: a pure function (protocol 10)."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from kubectl_cafe.assessment import image_digests
from kubectl_cafe.assessment.pod import Assessment, PodState
from kubectl_cafe.assessment.snapshot import Decision, Snapshot, Wanted
from kubectl_cafe.pods.patches import PodPatch
from kubectl_cafe.pods.record import Mode
from kubectl_cafe.pods.restarted import wants_acknowledgement
from kubectl_cafe.reconcile import (
    candidates,
    group_progress,
    group_waits,
    removals,
    shared_budgets,
    step_progress,
)
from kubectl_cafe.reconcile.out_of_traffic import is_off, unconfirmed
from kubectl_cafe.reconcile.pod_patches import Writes
from kubectl_cafe.text import counted
from kubectl_cafe.waits import For, Wait
from statemachine.lifecycle import Facts, State, Trigger

CARRIES_ON = (State.PROGRESSING, State.ROLLING_BACK, State.PAUSED, State.AWAITING_CONFIRM)
"""States in which pods in flight go on to the goal; in others drained pods are reopened."""


def decide(snapshot: Snapshot) -> Decision:
    """The decision for `snapshot`: what to do now, or what to wait for."""
    assessments = snapshot.assessments
    if snapshot.record.forced:
        return _force(snapshot, assessments)
    failure = group_progress.failure(snapshot, assessments) if snapshot.running else None
    writes = Writes(snapshot)
    surplus = candidates.surplus(snapshot, assessments)
    surplus |= shared_budgets.giving_way(snapshot, assessments)
    removed = removals.kept_drained(snapshot, assessments)
    leaving = removals.choose(snapshot, assessments) if failure is None else []
    removed |= {one.pod.uid for one in leaving}
    patches: list[PodPatch] = []
    for assessment in assessments:
        if assessment.pod.uid in snapshot.busy or assessment.pod.uid in snapshot.barred:
            continue
        if failure is not None and assessment.row is PodState.DRAINED:
            continue  # The pod is reopened once the failure is recorded.
        if assessment.pod.uid in removed:
            continue  # Its workload's controller deletes it.
        write = carry_on(assessment, snapshot, writes, surplus)
        if write is not None:
            patches.append(write)
    takes = snapshot.takes and snapshot.goal is not None and failure is None
    chosen = candidates.choose(snapshot, assessments) if takes else []
    patches += [writes.take(assessment) for assessment in chosen]
    patches += [writes.remove(assessment) for assessment in leaving]
    in_flight = [s for s in assessments if s.in_flight and s.row is not PodState.FORGOTTEN]
    under_way = snapshot.busy - snapshot.barred
    at_rest = not patches and not under_way and all(can_rest(s, snapshot) for s in in_flight)
    moved, architectures = image_digests.differing(assessments), snapshot.architectures
    restored = step_progress.restored(snapshot)
    decision = Decision(
        patches=tuple(patches),
        workloads=restored,
        takes=frozenset(s.pod.uid for s in (*chosen, *leaving) if s.healthy),
        at_rest=at_rest and not restored,
        waits=group_waits.waits(snapshot, assessments),
        nodes=snapshot.nodes_due or (bool(moved) and architectures is None),
        others=shared_budgets.unread(snapshot),
        slices=unconfirmed(snapshot),
        warnings=() if architectures is None else image_digests.findings(moved, architectures),
    )
    if snapshot.record.state is State.ABORTING:
        return replace(decision, move=_aborted(snapshot, in_flight) if at_rest else None)
    if not snapshot.running:
        return decision
    if failure is not None:
        return replace(decision, workloads=(), move=Wanted(Trigger.FAIL, failure=failure))
    if restored:
        return decision
    return step_progress.advance(snapshot, assessments, decision)


def _aborted(snapshot: Snapshot, in_flight: Sequence[Assessment]) -> Wanted:
    """The move that ends an abort whose pods are at rest.

    The release fails if a restart may still finish after its deadline. Pods that are stuck, or
    settled and not ready, stay out of traffic and are listed.
    """
    failure = group_progress.unfinished(snapshot, in_flight)
    return Wanted(Trigger.FAIL, failure=failure) if failure else Wanted(Trigger.PODS_SETTLED)


def _force(snapshot: Snapshot, assessments: Sequence[Assessment]) -> Decision:
    """The decision of an abort by force: no more writes; the move names the pods in flight (C87).

    The answers to writes under way are awaited first.
    """
    if snapshot.busy - snapshot.barred:
        return Decision(at_rest=False, waits=(Wait(For.ANSWERS),))
    left = [s.pod.name for s in assessments if s.in_flight or s.row is PodState.ORPHAN]
    named = f": {', '.join(sorted(left)[: group_progress.NAMED])}" if left else ""
    why = f"--force; {counted(len(left), 'pod')} left out of traffic{named}"
    asked = [entry.who for entry in snapshot.record.journal if entry.trigger is Trigger.ABORT]
    who = asked[-1] if asked else ""
    return Decision(move=Wanted(Trigger.ABORT, why, facts=Facts(forced=True), who=who))


def carry_on(
    assessment: Assessment,
    snapshot: Snapshot,
    writes: Writes,
    surplus: frozenset[str] = frozenset(),
) -> PodPatch | None:
    """The next write of a pod that is in flight or new; None: no write now.

    `surplus` are the uids of drained pods that are to be reopened.
    """
    pod = assessment.pod
    match assessment.row:
        case PodState.NEW if pod.containers_ready.status == "True" and _made_now(assessment):
            return writes.open(assessment)
        case PodState.DRAINED:
            return _drained(assessment, snapshot, writes, surplus)
        case PodState.PATCHED if assessment.mode is Mode.NONE:
            return None
        case PodState.PATCHED if assessment.done:
            return writes.finish(assessment)
        case PodState.PATCHED | PodState.PATCHED_ELSEWHERE if wants_acknowledgement(
            pod, assessment.evidence
        ):
            return writes.acknowledge(assessment)
        case PodState.PATCHED_ELSEWHERE:
            return _patched_elsewhere(assessment, snapshot, writes)
        case _:
            return None


def _made_now(assessment: Assessment) -> bool:
    """Whether a new pod may be opened: at the goal once it is settled, at another version now."""
    return assessment.settled or not assessment.upgraded


def _carries_on(snapshot: Snapshot) -> bool:
    """Whether pods in flight are patched to the goal."""
    return snapshot.record.state in CARRIES_ON and not snapshot.reopening


def _drained(
    assessment: Assessment, snapshot: Snapshot, writes: Writes, surplus: frozenset[str]
) -> PodPatch | None:
    """The next write of a drained pod: its image patch, or its reopening (C58, C59)."""
    at_goal = snapshot.goal is not None and writes.at_goal(assessment.pod)
    goes_on = _carries_on(snapshot) and snapshot.goal is not None and not at_goal
    if removals.is_victim(assessment) and not removals.has_run(assessment.pod):
        return None  # A pod is not put into traffic before it has run (C27).
    if not goes_on or assessment.pod.uid in surplus or removals.is_victim(assessment):
        return _reopen(assessment, writes)
    if is_off(assessment, snapshot) and not shared_budgets.unproven(assessment.pod, snapshot):
        return writes.patch_images(assessment)
    return None


def _patched_elsewhere(
    assessment: Assessment, snapshot: Snapshot, writes: Writes
) -> PodPatch | None:
    """The image patch to a new goal under the same drain; None before it is possible.

    The last image change must be settled or stuck first.
    """
    ready_to_change = assessment.settled or bool(assessment.stuck)
    if not _carries_on(snapshot) or not ready_to_change:
        return None
    if assessment.mode is Mode.NONE or is_off(assessment, snapshot):
        return writes.patch_images(assessment)
    return None


def _reopen(assessment: Assessment, writes: Writes) -> PodPatch | None:
    """The write that reopens a drained pod without an image patch.

    If another client patched the pod, it is reopened once that restart is settled (C55, I2).
    """
    if assessment.settled:
        return writes.finish(assessment)
    if wants_acknowledgement(assessment.pod, assessment.evidence):
        return writes.acknowledge(assessment)
    return None


def can_rest(assessment: Assessment, snapshot: Snapshot) -> bool:
    """Whether a pod in flight can't progress by itself any more, so that the driver may leave."""
    if assessment.pod.uid in snapshot.barred or snapshot.time > group_progress.pod_deadline(
        snapshot, assessment.pod
    ):
        return True
    if assessment.row is PodState.DRAINED:
        return False
    if (snapshot.record.state is State.FAILED or snapshot.reopening) and assessment.settled:
        return True
    return bool(assessment.stuck) and assessment.row is PodState.PATCHED

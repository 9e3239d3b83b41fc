"""What each kind of step needs beyond pod writes, and when the step is over (protocol 7)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from msgspec.structs import replace

from kubectl_cafe.assessment import desired_replicas, edited_templates
from kubectl_cafe.assessment.pod import Assessment, PodState
from kubectl_cafe.assessment.snapshot import Decision, Snapshot, Wanted
from kubectl_cafe.podsets import WorkloadWrite, by_cell
from kubectl_cafe.reconcile import candidates, previous_group, removals
from kubectl_cafe.waits import For, Wait
from statemachine.lifecycle import State, Trigger
from statemachine.steps import Kind, Step, StepKind

DONE = Wanted(Trigger.STEP_DONE)
RESTORES = (State.PROGRESSING, State.ROLLING_BACK, State.AWAITING_CONFIRM)
"""States in which the driver creates missing workloads again."""


def restored(snapshot: Snapshot) -> tuple[WorkloadWrite, ...]:
    """The writes that create missing workloads again, with their planned pods (protocol 7).

    The template is the one of the current step, so until the commit a replacement has the old
    version. A workload adopts the pods that were orphaned when it was deleted.
    """
    if snapshot.stopping or snapshot.reopening or snapshot.record.state not in RESTORES:
        return ()
    return creations(snapshot, desired_replicas.lost_cells(snapshot))


def creations(snapshot: Snapshot, cells: Collection[str]) -> tuple[WorkloadWrite, ...]:
    """The writes that create the missing workloads of `cells`, with their planned pods."""
    revision = desired_replicas.revision_now(snapshot)
    if revision is None:
        return ()
    return tuple(
        snapshot.podset.create(
            snapshot.owner,
            cell,
            revision.name,
            revision.template,
            desired_replicas.planned(snapshot.record, cell),
        )
        for cell in desired_replicas.lost_cells(snapshot)
        if cell in cells
    )


def advance(snapshot: Snapshot, assessments: Sequence[Assessment], decision: Decision) -> Decision:
    """`decision` with the writes or the list that the current step needs, or with its end."""
    step = snapshot.record.current
    if step is None:
        return replace(decision, move=DONE)
    match step.kind:
        case StepKind.COMMIT:
            return _commit(snapshot, decision)
        case StepKind.SCALE_OUT:
            return _scale_out(snapshot, assessments, decision, step)
        case StepKind.SCALE_IN:
            return _scale_in(snapshot, assessments, decision, step)
        case StepKind.UPGRADE:
            return (
                replace(decision, move=DONE) if _over(snapshot, assessments, decision) else decision
            )
        case StepKind.SWEEP:
            return _sweep(snapshot, assessments, decision)


def _commit(snapshot: Snapshot, decision: Decision) -> Decision:
    """`decision` with the commit: every workload gets the goal's template (C54).

    The step is over once every workload's controller has observed the template. Missing workloads
    are created; a first release creates them with 0 replicas. A rollback then raises the workloads
    that its release has lowered, so that their pods are created before a group takes any.
    """
    goal = snapshot.goal
    if goal is None:
        return decision
    sets, present = snapshot.podset, by_cell.present(snapshot.workloads)
    writes: list[WorkloadWrite] = [
        sets.create(
            snapshot.owner,
            cell,
            goal.name,
            goal.template,
            desired_replicas.planned(snapshot.record, cell),
        )
        for cell, size in snapshot.record.plan.cells.items()
        if cell not in present and (size or snapshot.record.kind is not Kind.ROLLBACK)
    ]
    writes += [
        sets.commit(snapshot.owner, workload, goal.name, goal.template)
        for workload in snapshot.workloads
        if workload.revision != goal.name or edited_templates.paths(workload, snapshot.revisions)
    ]
    if not writes and snapshot.record.kind is Kind.ROLLBACK:
        writes += _raised(snapshot, snapshot.record.plan.cells)
    if writes:
        return replace(decision, workloads=tuple(writes))
    unseen = [workload.name for workload in snapshot.workloads if not workload.spec_observed]
    if unseen:
        waits = (Wait(For.TEMPLATE, name=", ".join(unseen)), *decision.waits)
        return replace(decision, waits=waits)
    return replace(decision, move=DONE)


def _raised(snapshot: Snapshot, counts: Mapping[str, int]) -> tuple[WorkloadWrite, ...]:
    """The writes that raise the workloads of the cells that grow to `counts`.

    The replicas of another cell are another client's, an autoscaler's for example.
    """
    record, wishes = snapshot.record, by_cell.wished(snapshot.workloads)
    growing = record.plan.growing(record.kind)
    return tuple(
        snapshot.podset.scale(workload, workload.replicas + lacking)
        for workload in by_cell.bearing(snapshot.workloads, record.to_revision)
        if workload.cell in growing
        and (lacking := counts.get(workload.cell, 0) - wishes[workload.cell]) > 0
    )


def _scale_out(
    snapshot: Snapshot, assessments: Sequence[Assessment], decision: Decision, step: Step
) -> Decision:
    """`decision` with the writes that raise the workloads' replicas by the group's pods.

    The step is over when each cell has its count of available pods.
    """
    writes = _raised(snapshot, step.counts or {})
    if writes and not previous_group.held(
        snapshot, assessments, candidates.wished(snapshot, assessments)
    ):
        return replace(decision, workloads=writes)
    return replace(decision, move=DONE) if _over(snapshot, assessments, decision) else decision


def _scale_in(
    snapshot: Snapshot, assessments: Sequence[Assessment], decision: Decision, step: Step
) -> Decision:
    """`decision` with the writes that lower replicas, once the victims are out of traffic.

    The step is over when the controllers have deleted the group's pods.
    """
    if decision.patches or snapshot.busy:
        return decision
    if writes := removals.scaled(snapshot, assessments):
        return replace(decision, workloads=writes)
    done = removals.over(snapshot, assessments, step)
    return replace(decision, move=DONE) if done else decision


def _over(snapshot: Snapshot, assessments: Sequence[Assessment], decision: Decision) -> bool:
    """Whether a group is over: every cell has its count available, and no pod is in flight."""
    return (
        not decision.patches
        and not snapshot.busy
        and not candidates.missing(snapshot, assessments)
        and not any(s.row in (PodState.DRAINED, PodState.PATCHED) for s in assessments)
    )


def _sweep(snapshot: Snapshot, assessments: Sequence[Assessment], decision: Decision) -> Decision:
    """`decision` with the list that the sweep needs, or its end if a list shows all at the goal.

    Until then pods are upgraded as in the last group. A replacement may be created from the old
    template until the workload's controller has observed the commit (C46, C89).
    """
    if not _over(snapshot, assessments, decision):
        return decision
    return replace(decision, move=DONE) if snapshot.swept else replace(decision, sweep=True)

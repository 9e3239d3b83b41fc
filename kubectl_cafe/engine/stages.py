"""What each kind of step needs beyond its pods, and when it is over (protocol 7)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from kubectl_cafe.engine import desired, earlier, edited, groups
from kubectl_cafe.engine.standing import Row, Standing
from kubectl_cafe.engine.view import Decision, View, Wanted
from kubectl_cafe.podsets import PodSet, WorkloadWrite
from kubectl_cafe.podsets.inplaceset import InPlaceSet
from statemachine.lifecycle import State, Trigger
from statemachine.steps import Step, StepKind

DONE = Wanted(Trigger.STEP_DONE)
RESTORES = (State.PROGRESSING, State.ROLLING_BACK, State.AWAITING_CONFIRM)
"""States in which a driver creates a workload again that is gone."""


def podset(_view: View) -> PodSet:
    """The pod set of the CafeDeployment's podSetType; upgrade refuses every other one."""
    return InPlaceSet()


def restored(view: View) -> tuple[WorkloadWrite, ...]:
    """The workloads that are gone, created again with their planned number of pods (protocol 7).

    At the template that their cell has at this step: a replacement is the known good version
    until the commit. Pods that a deletion has orphaned are adopted by it instead of created.
    """
    if view.stopping or view.reopening or view.record.state not in RESTORES:
        return ()
    return creations(view, desired.lost_cells(view))


def creations(view: View, cells: Collection[str]) -> tuple[WorkloadWrite, ...]:
    """The workloads of those of `cells` that have lost theirs, with their planned pods."""
    revision = desired.revision_now(view)
    if revision is None:
        return ()
    return tuple(
        podset(view).create(
            view.owner, cell, revision.name, revision.template, desired.planned(view.record, cell)
        )
        for cell in desired.lost_cells(view)
        if cell in cells
    )


def advance(view: View, standings: Sequence[Standing], decision: Decision) -> Decision:
    """`decision`, with what the current step needs, or with the move that ends it."""
    step = view.record.current
    if step is None:
        return replace(decision, move=DONE)
    match step.kind:
        case StepKind.COMMIT:
            return _commit(view, decision)
        case StepKind.SCALE_OUT:
            return _scale_out(view, standings, decision, step)
        case StepKind.UPGRADE:
            return replace(decision, move=DONE) if _over(view, standings, decision) else decision
        case StepKind.SWEEP:
            return _sweep(view, standings, decision)


def _commit(view: View, decision: Decision) -> Decision:
    """Every workload's template is the goal's, and its controller has seen it (C54).

    Workloads that don't exist yet are created: without pods in a first release.
    """
    goal = view.goal
    if goal is None:
        return decision
    sets, present = podset(view), {workload.cell: workload for workload in view.workloads}
    writes: list[WorkloadWrite] = [
        sets.create(view.owner, cell, goal.name, goal.template, desired.planned(view.record, cell))
        for cell in view.record.plan.cells
        if cell not in present
    ]
    writes += [
        sets.commit(view.owner, workload, goal.name, goal.template)
        for workload in view.workloads
        if workload.revision != goal.name or edited.paths(workload, view.revisions)
    ]
    if writes:
        return replace(decision, workloads=tuple(writes))
    unseen = [workload.name for workload in view.workloads if not workload.settled]
    if unseen:
        waits = (f"the new template to be seen by {', '.join(unseen)}", *decision.waits)
        return replace(decision, waits=waits)
    return replace(decision, move=DONE)


def _scale_out(
    view: View, standings: Sequence[Standing], decision: Decision, step: Step
) -> Decision:
    """The group's pods are born; over when each cell has its count of them available."""
    writes = tuple(
        podset(view).scale(workload, step.count(workload.cell))
        for workload in view.workloads
        if workload.replicas < step.count(workload.cell)
    )
    if writes and not earlier.held(view, standings, groups.wished(view, standings)):
        return replace(decision, workloads=writes)
    if not writes and _over(view, standings, decision):
        return replace(decision, move=DONE)
    return decision


def _over(view: View, standings: Sequence[Standing], decision: Decision) -> bool:
    """A group is over when every cell has its count, available, and none is on its way."""
    return (
        not decision.patches
        and not view.busy
        and not groups.missing(view, standings)
        and not any(s.row in (Row.DRAINED, Row.PATCHED) for s in standings)
    )


def _sweep(view: View, standings: Sequence[Standing], decision: Decision) -> Decision:
    """A consistent list shows every pod at the goal; till then it is upgraded as the last group.

    A replacement can be born from the other template until the workload's controller has
    seen the commit (C46, C89).
    """
    if not _over(view, standings, decision):
        return decision
    return replace(decision, move=DONE) if view.swept else replace(decision, sweep=True)

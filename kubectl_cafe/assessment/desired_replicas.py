"""The desired number of pods of each cell, and the missing workloads (protocol 7). Pure.

The desired number is the `spec.replicas` of the cell's workload, whichever client set it (C51,
C52). Where the workload is missing, it is the number in the release's plan. The number of living
pods never counts.
"""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_cafe.assessment.snapshot import Snapshot
from kubectl_cafe.podsets import by_cell
from kubectl_cafe.revisions.revision import Revision
from statemachine.record import Record
from statemachine.steps import Kind, Step, StepKind


def per_cell(snapshot: Snapshot) -> dict[str, int]:
    """The desired number of pods by cell.

    While a rollback upgrades the pods that stay, those that it removes after that are not desired:
    as missing or unavailable pods they would keep every other pod from being taken.
    """
    record = snapshot.record
    plan = {cell: planned(record, cell) for cell in record.plan.cells}
    desired = plan | by_cell.wished(snapshot.workloads)
    if removes_later(record):
        for cell in record.plan.shrinking:
            desired[cell] = min(desired[cell], record.plan.cells[cell])
    return desired


def removes_later(record: Record) -> bool:
    """Whether the current step is an upgrade group of a rollback that removes pods after it."""
    step = record.current
    upgrades = step is not None and step.kind is StepKind.UPGRADE
    return upgrades and record.plan.removes_after_upgrade(record.kind)


def total(snapshot: Snapshot) -> int:
    """The desired number of pods of all cells."""
    return sum(per_cell(snapshot).values())


def planned(record: Record, cell: str) -> int:
    """The number of pods that the plan has for `cell` at the current step.

    A first release creates its workloads without pods and adds pods group by group. Other releases
    add pods in their last steps, a rollback with its commit. A group that removes pods counts only
    after its end: a workload that is re-created during the group adopts the remaining pods, and
    would delete too many at once. A cell that a rollback leaves without pods needs no workload.
    """
    step, plan = record.current, record.plan
    if step is None or (record.kind is Kind.ROLLBACK and not plan.cells[cell]):
        return plan.cells[cell]
    if step.kind is StepKind.SCALE_OUT:
        return step.count(cell)
    started = plan.started(record.kind).get(cell, 0)
    most = max(started, plan.cells[cell])
    if step.kind is StepKind.SCALE_IN:
        before = record.steps[record.step - 1] if record.step else None
        removed = before is not None and before.kind is StepKind.SCALE_IN
        return before.count(cell) if before is not None and removed else most
    if record.kind is Kind.ROLLBACK:
        return plan.cells[cell] if step.kind is StepKind.SWEEP else most
    return started


def lost_cells(snapshot: Snapshot) -> list[str]:
    """The cells that should have pods, but have no workload owned by the CafeDeployment."""
    present = by_cell.present(snapshot.workloads)
    return [
        cell
        for cell in snapshot.record.plan.cells
        if cell not in present and planned(snapshot.record, cell) > 0
    ]


def revision_now(snapshot: Snapshot) -> Revision | None:
    """The revision whose template the workloads have at the current step (protocol 7).

    From the commit on this is the record's target. Before the commit it is the record's source
    revision or, if the record has none, the revision that all existing workloads share. None if it
    is not known.
    """
    record = snapshot.record
    if _committed(record.steps, record.step):
        return snapshot.revisions.get(record.to_revision)
    shown = {workload.revision for workload in snapshot.workloads}
    name = record.from_revision or (shown.pop() if len(shown) == 1 else "")
    return snapshot.revisions.get(name)


def _committed(steps: Sequence[Step], index: int) -> bool:
    return any(step.kind is StepKind.COMMIT for step in steps[: index + 1])

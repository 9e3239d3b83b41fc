"""How many pods each cell is to have, and which workloads are missing (protocol 7). Pure.

Desired is what a workload wishes for, whoever scaled it (C51, C52), and where the workload is
gone what the release recorded as its plan: never what happens to live.
"""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_cafe.engine.view import View
from kubectl_cafe.revisions.revision import Revision
from statemachine.record import Record
from statemachine.steps import Kind, Step, StepKind


def per_cell(view: View) -> dict[str, int]:
    """The desired number of pods by cell."""
    result = {cell: planned(view.record, cell) for cell in view.record.plan.cells}
    result.update(dict.fromkeys((w.cell for w in view.workloads), 0))
    for workload in view.workloads:
        result[workload.cell] += workload.replicas
    return result


def total(view: View) -> int:
    """The desired number of pods of all cells."""
    return sum(per_cell(view).values())


def planned(record: Record, cell: str) -> int:
    """The number of pods that the plan gives `cell` by the current step.

    A first release creates its workloads without pods and adds them group by group.
    """
    step = record.current
    if record.kind is not Kind.CREATE or step is None:
        return record.plan.cells.get(cell, 0)
    return step.count(cell)


def lost_cells(view: View) -> list[str]:
    """The cells that are to have pods and have no workload: it was deleted or taken from us."""
    present = {workload.cell for workload in view.workloads}
    return [
        cell
        for cell in view.record.plan.cells
        if cell not in present and planned(view.record, cell) > 0
    ]


def revision_now(view: View) -> Revision | None:
    """The revision whose template the workloads have at the current step (protocol 7).

    The goal from the commit on, the one that the release came from before; where that is not
    recorded, the one that all other workloads have. None if it is not known.
    """
    record = view.record
    if _committed(record.steps, record.step):
        return view.revisions.get(record.to_revision)
    shown = {workload.revision for workload in view.workloads}
    name = record.from_revision or (shown.pop() if len(shown) == 1 else "")
    return view.revisions.get(name)


def _committed(steps: Sequence[Step], index: int) -> bool:
    return any(step.kind is StepKind.COMMIT for step in steps[: index + 1])

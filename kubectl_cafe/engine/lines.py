"""The rows of `status`: one cell, one pod; pure."""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_cafe.engine import hindrances
from kubectl_cafe.engine.standing import Row, Standing
from kubectl_cafe.engine.view import View
from kubectl_cafe.engine.vouching import shown_revision
from kubectl_cafe.pods.model import Pod
from kubectl_cafe.revisions.revision import Revision
from kubectl_cafe.views.changes import ImageChange
from kubectl_cafe.views.status import CellLine, PodLine
from statemachine.lifecycle import RESTING, State
from statemachine.record import Record, cut

SHOWN = 80
"""Characters of what a scheduler or a kubelet says, in a row of a table."""


def number_of(pod: Pod, view: View) -> str:
    """The number of the revision whose images the pod has."""
    found = shown_revision(pod, view.revisions)
    return str(found.number) if found else "?"


def image_changes(source: Revision | None, target: Revision | None) -> tuple[ImageChange, ...]:
    """The containers whose image differs between two revisions."""
    old, new = (revision.images if revision else {} for revision in (source, target))
    return tuple(
        ImageChange(name, old.get(name, ""), new.get(name, ""))
        for name in dict.fromkeys((*new, *old))
        if old.get(name) != new.get(name)
    )


def cell_line(cell: str, standings: Sequence[Standing], record: Record) -> CellLine:
    """One cell, from the standings of its pods."""
    living = [s for s in standings if s.row is not Row.FORGOTTEN]
    return CellLine(
        cell=cell,
        pods=len(living),
        updated=sum(s.row is Row.AT_GOAL for s in living),
        available=sum(s.available for s in living),
        in_flight=sum(s.in_flight for s in living),
        groups=tuple(step.count(cell) for step in record.steps if step.is_group),
    )


def pod_line(standing: Standing, view: View) -> PodLine:
    """One pod; that its record is of the group at work makes it current."""
    pod: Pod = standing.pod
    trouble = "; ".join(f"{s.container}: {s.reason}" for s in standing.stuck)
    trouble = trouble or cut(hindrances.trouble(standing), SHOWN)
    left_alone = {
        Row.DRIFT: "drift",
        Row.ORPHAN: "orphan",
        Row.NEWBORN: "not opened yet",
        Row.UNREADABLE: "unreadable record",
    }
    phase = str(pod.record.phase) if pod.record and standing.in_flight else ""
    if pod.terminating:
        phase = "terminating"
    return PodLine(
        name=pod.name,
        cell=pod.cell,
        ready=pod.ready.status == "True",
        available=standing.available,
        revision=number_of(pod, view),
        images=",".join(container.image for container in pod.containers.values()),
        phase=phase,
        restarts=sum(container.restart_count for container in pod.containers.values()),
        ip=pod.ip,
        node=pod.node,
        trouble=trouble or left_alone.get(standing.row, "node lost" if pod.lost else ""),
        current=standing.in_flight or _of_group_at_work(standing, view.record),
        updated=standing.row is Row.AT_GOAL,
        stage=hindrances.stage(standing),
    )


def _of_group_at_work(standing: Standing, record: Record) -> bool:
    """Whether the group at work took it; while a group waits, those of the one before count."""
    taken = standing.pod.record
    if taken is None or record.state in RESTING:
        return False
    waits = record.state is State.AWAITING_CONFIRM
    return taken.release == record.id and taken.group == record.group - waits

"""The rows of `status`: one cell, one pod. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_cafe.assessment import waiting_reasons
from kubectl_cafe.assessment.image_revisions import shown_revision
from kubectl_cafe.assessment.pod import Assessment, PodState
from kubectl_cafe.assessment.snapshot import Snapshot
from kubectl_cafe.pods.model import Pod
from kubectl_cafe.revisions.revision import Revision
from kubectl_cafe.status.model import CellLine, ImageChange, PodLine
from statemachine.lifecycle import RESTING, State
from statemachine.record import Record, cut

SHOWN = 80
"""The most characters of a scheduler's or a kubelet's message in a row of a table."""


def number_of(pod: Pod, snapshot: Snapshot) -> str:
    """The number of the revision whose images the pod has, as text; ? if there is none."""
    found = shown_revision(pod, snapshot.revisions)
    return str(found.number) if found else "?"


def image_changes(source: Revision | None, target: Revision | None) -> tuple[ImageChange, ...]:
    """The containers whose image differs between two revisions."""
    old, new = (revision.images if revision else {} for revision in (source, target))
    return tuple(
        ImageChange(name, old.get(name, ""), new.get(name, ""))
        for name in dict.fromkeys((*new, *old))
        if old.get(name) != new.get(name)
    )


def cell_line(cell: str, assessments: Sequence[Assessment], record: Record) -> CellLine:
    """One cell, from the assessments of its pods."""
    living = [s for s in assessments if s.row is not PodState.FORGOTTEN]
    return CellLine(
        cell=cell,
        pods=len(living),
        updated=sum(s.row is PodState.AT_GOAL for s in living),
        available=sum(s.available for s in living),
        in_flight=sum(s.in_flight for s in living),
        groups=tuple(step.count(cell) for step in record.steps if step.is_group),
    )


def pod_line(assessment: Assessment, snapshot: Snapshot) -> PodLine:
    """The row of one pod."""
    pod: Pod = assessment.pod
    trouble = "; ".join(f"{s.container}: {s.reason}" for s in assessment.stuck)
    trouble = trouble or cut(waiting_reasons.trouble(assessment), SHOWN)
    left_alone = {
        PodState.DRIFT: "drift",
        PodState.ORPHAN: "orphan",
        PodState.NEW: "not opened yet",
        PodState.UNREADABLE: "unreadable record",
    }
    phase = str(pod.record.phase) if pod.record and assessment.in_flight else ""
    if pod.terminating:
        phase = "terminating"
    return PodLine(
        name=pod.name,
        cell=pod.cell,
        ready=pod.ready.status == "True",
        available=assessment.available,
        revision=number_of(pod, snapshot),
        images=",".join(container.image for container in pod.containers.values()),
        phase=phase,
        restarts=sum(container.restart_count for container in pod.containers.values()),
        ip=pod.ip,
        node=pod.node,
        trouble=trouble or left_alone.get(assessment.row, "node lost" if pod.lost else ""),
        current=assessment.in_flight or _of_group_at_work(assessment, snapshot.record),
        updated=assessment.row is PodState.AT_GOAL,
        stage=waiting_reasons.stage(assessment),
    )


def _of_group_at_work(assessment: Assessment, record: Record) -> bool:
    """Whether the current group took the pod; in AwaitingConfirm, the group before it."""
    taken = assessment.pod.record
    if taken is None or record.state in RESTING:
        return False
    waits = record.state is State.AWAITING_CONFIRM
    return taken.release == record.id and taken.group == record.group - waits

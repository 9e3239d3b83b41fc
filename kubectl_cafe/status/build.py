"""The status of a release as data, made of a snapshot. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from kubectl_cafe import names
from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.assessment import (
    desired_replicas,
    edited_spec,
    edited_templates,
    image_digests,
    lost_switches,
)
from kubectl_cafe.assessment.pod import (
    Assessment,
    PodState,
    out_of_traffic,
    touched,
)
from kubectl_cafe.assessment.snapshot import Snapshot
from kubectl_cafe.client.lease_view import LeaseView
from kubectl_cafe.planning.allowed_commands import last_said, signed
from kubectl_cafe.pods.done import digest_contradicts
from kubectl_cafe.pods.restarted import By, settled
from kubectl_cafe.reconcile import drift
from kubectl_cafe.revisions.revision import revision_text
from kubectl_cafe.status import estimate, holder
from kubectl_cafe.status.model import Status
from kubectl_cafe.status.next_commands import (
    next_commands,
    repair_command,
    upgrade_command,
)
from kubectl_cafe.status.table_rows import cell_line, image_changes, number_of, pod_line
from kubectl_cafe.text import counted
from kubectl_cafe.times import rfc3339, seconds
from kubectl_cafe.waits import For, Wait
from statemachine.lifecycle import RESTING, State, Trigger
from statemachine.record import Record
from statemachine.steps import Kind, StepKind


def status_of(
    cafe: CafeDeployment,
    snapshot: Snapshot | None,
    waits: Sequence[Wait],
    lease: LeaseView | None,
    lost: Sequence[str] = (),
    silent: str = "",
) -> Status:
    """The status of `cafe`; `snapshot` is None if it has no record.

    `lost` are the names of unfinished pods whose release has no record any more (C72); `silent` is
    why the data may be stale.
    """
    old = (silent,) if silent else ()
    if snapshot is None:
        bare = _without_record(cafe, lost)
        return replace(bare, notes=(*old, *bare.notes))
    record = snapshot.record
    assessments = snapshot.assessments
    out, away = out_of_traffic(snapshot, assessments), drift.strays(snapshot, assessments)
    repairable = out or away or (record.state in RESTING and desired_replicas.lost_cells(snapshot))
    repairs = (repair_command(cafe),) if repairable and not holder.driver(lease) else ()
    grouped = [step for step in record.steps if step.is_group]
    step = record.current
    driver = holder.driver(lease)
    return Status(
        name=cafe.name,
        namespace=cafe.namespace,
        state=str(record.state),
        origin=str(record.origin or ""),
        release=record.id,
        kind=str(record.kind),
        source=revision_text(snapshot.revisions.get(record.from_revision)),
        target=revision_text(snapshot.revisions.get(record.to_revision)),
        changes=image_changes(
            snapshot.revisions.get(record.from_revision), snapshot.revisions.get(record.to_revision)
        ),
        group=record.group if step else 0,
        groups=len(grouped),
        step=str(step.kind) if step else "",
        time=rfc3339(snapshot.time),
        age=snapshot.time - seconds(record.since),
        elapsed=estimate.elapsed(record, snapshot.time),
        remaining=estimate.remaining(record, snapshot.time) if driver else None,
        who=record.who,
        why=record.why,
        last=last_said(record),
        turned=_turned(record),
        driver=driver or ("" if record.state in RESTING else "nobody"),
        renewed=holder.renewed(lease, snapshot.time) if driver else None,
        failure=str(record.failure or ""),
        spec_ahead=edited_spec.ahead(cafe),
        waits=_awaited(cafe, record, waits, bool(driver)),
        notes=(
            *old,
            *holder.overdue(record, lease),
            *_notes(cafe, snapshot, assessments, out, away),
        ),
        next=(*next_commands(cafe, bool(driver)), *repairs),
        cells=tuple(
            cell_line(cell, [s for s in assessments if s.pod.cell == cell], record)
            for cell in record.plan.cells
        ),
        pods=tuple(
            pod_line(assessment, snapshot)
            for assessment in sorted(assessments, key=lambda s: (s.pod.cell, s.pod.name))
        ),
    )


def _without_record(cafe: CafeDeployment, lost: Sequence[str]) -> Status:
    """The status without a record: Idle, with notes on what is wrong."""
    said = []
    if lost:
        said.append(f"{counted(len(lost), 'pod')} of an unfinished release without a record")
    if cafe.foreign_record:
        said.append(f"annotation {names.RELEASE} belongs to another object and is ignored")
    following = repair_command(cafe) if said else upgrade_command(cafe)
    state = str(State.IDLE)
    return Status(cafe.name, cafe.namespace, state, notes=tuple(said), next=(following,))


def _turned(record: Record) -> str:
    """User, time and reason of the rollback; empty if the release began as a rollback."""
    turns = [e for e in record.journal[1:] if e.trigger is Trigger.ROLLBACK]
    return signed(turns[-1]) if turns else ""


def turned_by(cafe: CafeDeployment) -> str:
    """User, time and reason of the start of the rollback that is under way."""
    record = cafe.record
    turns = [e for e in record.journal if e.trigger is Trigger.ROLLBACK] if record else []
    return signed(turns[-1]) if turns else "an unknown user"


def _awaited(
    cafe: CafeDeployment, record: Record, waits: Sequence[Wait], driven: bool
) -> tuple[Wait, ...]:
    """What the release waits for in its state; `waits` are those of its pods."""
    moving = tuple(wait for wait in waits if wait.what is not For.AVAILABLE)
    if record.state is State.AWAITING_CONFIRM:
        if cafe.waiting_group_confirmed:
            return (Wait(For.CONFIRMED, name=str(record.waiting_group)),)
        return (Wait(For.CONFIRMATION, name=str(record.waiting_group)),)
    if record.state is State.PAUSED:
        # `resume` is refused while the field is true, and does not end a pause by the field.
        by_field = record.paused_by_field or cafe.paused_by_spec
        field = (Wait(For.FIELD, name="spec.strategy.pause"),) if by_field else ()
        return (*field, *(() if record.paused_by_field else (Wait(For.RESUME),)), *moving)
    if record.state is State.FAILED:
        return (Wait(For.DECISION), *moving)
    if record.state not in RESTING and not driven:
        return (Wait(For.DRIVER), *moving)
    if record.state in RESTING:
        return (Wait(For.SPEC),) if edited_spec.ahead(cafe) else ()
    if record.current and record.current.kind is StepKind.COMMIT and not waits:
        return (Wait(For.COMMIT),)
    return tuple(waits)


def _notes(
    cafe: CafeDeployment,
    snapshot: Snapshot,
    assessments: Sequence[Assessment],
    out: Sequence[str],
    away: Sequence[str],
) -> tuple[str, ...]:
    """Notes on facts for which the release does not wait.

    `out` are the names of pods that are left out of traffic, `away` of those that have drifted.
    """
    said: list[str] = []
    record = snapshot.record
    if cafe.deleting:
        said.append("the CafeDeployment is being deleted: no further pods are upgraded")
    if record.state is State.ABORTED:
        said.append(mixed(snapshot, assessments))
    said += [
        f"the workload of cell {cell or 'all'} is missing "
        f"({counted(desired_replicas.planned(record, cell), 'pod')})"
        for cell in desired_replicas.lost_cells(snapshot)
    ]
    if out:
        said.append(f"{counted(len(out), 'pod')} left out of traffic: {', '.join(out[:3])}")
    if away:
        drifted = counted(len(away), "pod")
        said.append(f"{drifted} drifted from the workload's template: {', '.join(away[:3])}")
    said += edited_templates.noted(snapshot.workloads, snapshot.revisions)
    said += edited_spec.noted(cafe, snapshot)
    if record.state not in (*RESTING, State.FAILED):
        said += lost_switches.noted(snapshot, assessments)
    ahead = [s.pod.name for s in assessments if _born_ahead(s, snapshot)]
    if ahead:
        said.append(f"created at the new version before their group: {', '.join(ahead[:3])}")
    by_time = [s.pod.name for s in assessments if _by(s) in (By.TIME, By.PEER)]
    if by_time:
        said.append(f"restart verified by time only, not by the kubelet: {', '.join(by_time[:3])}")
    moved = image_digests.differing(assessments)
    said += image_digests.findings(moved, snapshot.architectures or {})
    contradicted = [
        s.pod.name
        for s in assessments
        if any(digest_contradicts(container) for container in s.pod.containers.values())
    ]
    if contradicted:
        said.append(f"imageID contradicts the pinned digest: {', '.join(contradicted[:3])}")
    return tuple(said)


def _born_ahead(assessment: Assessment, snapshot: Snapshot) -> bool:
    """Whether a new pod is at the goal before the commit: a template was edited too early (C47)."""
    step, state = snapshot.record.current, snapshot.record.state
    upgrading = step is not None and step.kind is StepKind.UPGRADE and state not in RESTING
    created = (
        assessment.upgraded and assessment.pod.record is None and touched(assessment, snapshot)
    )
    return upgrading and snapshot.record.kind is Kind.UPGRADE and created


def mixed(snapshot: Snapshot, assessments: Sequence[Assessment]) -> str:
    """How many pods are at each revision, as text."""
    counts: dict[str, int] = {}
    for assessment in assessments:
        if assessment.row is not PodState.FORGOTTEN:
            name = f"revision {number_of(assessment.pod, snapshot)}"
            counts[name] = counts.get(name, 0) + 1
    listed = ", ".join(f"{count} at {name}" for name, count in sorted(counts.items()))
    return f"pods: {listed or 'none'}"


def _by(assessment: Assessment) -> By | None:
    found = (
        [
            settled(assessment.pod, name, assessment.evidence).by
            for name in assessment.evidence.changed
            if name in assessment.pod.containers
        ]
        if assessment.in_flight
        else []
    )
    return next((by for by in found if by in (By.TIME, By.PEER)), None)

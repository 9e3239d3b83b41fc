"""From a view to the status that people are shown: pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from kubectl_cafe.cluster.leaseview import LeaseView
from kubectl_cafe.engine import desired, digests, drift, edited, edits, estimate, holder, switches
from kubectl_cafe.engine.cafedeployment import CafeDeployment
from kubectl_cafe.engine.legal import last_said, signed
from kubectl_cafe.engine.lines import cell_line, image_changes, number_of, pod_line
from kubectl_cafe.engine.standing import Row, Standing, out_of_traffic, stand, touched
from kubectl_cafe.engine.view import View
from kubectl_cafe.pods.done import digest_contradicts
from kubectl_cafe.pods.settled import By, settled
from kubectl_cafe.revisions import template as templates
from kubectl_cafe.revisions.revision import Revision
from kubectl_cafe.times import rfc3339, seconds
from kubectl_cafe.views.status import Status
from statemachine.lifecycle import RESTING, State, Trigger
from statemachine.record import Record
from statemachine.steps import Kind, StepKind


def status_of(
    cafe: CafeDeployment,
    view: View | None,
    waits: Sequence[str],
    lease: LeaseView | None,
    lost: Sequence[str] = (),
    silent: str = "",
) -> Status:
    """The status of `cafe`; without a view it has had no release, or its record is gone.

    `lost` are pods in the middle of an upgrade that has no record any more (C72); `silent` is
    why all of this may be old.
    """
    old = (silent,) if silent else ()
    if view is None:
        bare = _without_record(cafe, lost)
        return replace(bare, notes=(*old, *bare.notes))
    record = view.record
    standings = [stand(pod, view) for pod in view.pods.values()]
    out, away = out_of_traffic(view, standings), drift.strays(view, standings)
    mendable = out or away or (record.state in RESTING and desired.lost_cells(view))
    repairs = (_repair_command(cafe),) if mendable and not holder.driver(lease) else ()
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
        source=revision_text(view.revisions.get(record.from_revision)),
        target=revision_text(view.revisions.get(record.to_revision)),
        changes=image_changes(
            view.revisions.get(record.from_revision), view.revisions.get(record.to_revision)
        ),
        group=record.group if step else 0,
        groups=len(grouped),
        step=str(step.kind) if step else "",
        time=rfc3339(view.time),
        age=view.time - seconds(record.since),
        elapsed=estimate.elapsed(record, view.time),
        remaining=estimate.remaining(record, view.time) if driver else None,
        who=record.who,
        why=record.why,
        last=last_said(record),
        turned=_turned(record),
        driver=driver or ("" if record.state in RESTING else "nobody"),
        renewed=holder.renewed(lease, view.time) if driver else None,
        failure=str(record.failure or ""),
        spec_ahead=edits.ahead(cafe),
        waits=_awaited(cafe, record, waits, bool(driver)),
        notes=(*old, *holder.overdue(record, lease), *_notes(cafe, view, standings, out, away)),
        next=(*next_command(cafe, bool(driver)).splitlines(), *repairs),
        cells=tuple(
            cell_line(cell, [s for s in standings if s.pod.cell == cell], record)
            for cell in record.plan.cells
        ),
        pods=tuple(
            pod_line(standing, view)
            for standing in sorted(standings, key=lambda s: (s.pod.cell, s.pod.name))
        ),
    )


def _without_record(cafe: CafeDeployment, lost: Sequence[str]) -> Status:
    """Idle, and whether that is all there is to say."""
    said = []
    if lost:
        said.append(f"{len(lost)} pods are in the middle of a release whose record is gone")
    if cafe.foreign_record:
        said.append("the release annotation belongs to another object and is not acted on")
    following = _repair_command(cafe) if said else _upgrade(cafe)
    state = str(State.IDLE)
    return Status(cafe.name, cafe.namespace, state, notes=tuple(said), next=(following,))


def next_command(cafe: CafeDeployment, driven: bool) -> str:
    """What to type next, if a person is waited for or nobody drives; one choice a line."""
    record, place = cafe.record, f"{cafe.name} -n {cafe.namespace}"
    if record is None:
        return _upgrade(cafe)
    match record.state:
        case State.AWAITING_CONFIRM if cafe.waiting_group_confirmed:
            return "" if driven else f"kubectl cafe drive {place}"
        case State.AWAITING_CONFIRM:
            detach = " --detach" if driven else ""
            return f"kubectl cafe confirm {place} --group {record.waiting_group}{detach}"
        case State.PAUSED if record.paused_by_field or cafe.paused_by_spec:
            patch = '{"spec":{"strategy":{"pause":false}}}'
            return f"kubectl patch cafed {place} --type merge -p '{patch}'"
        case State.PAUSED:
            return f"kubectl cafe resume {place}"
        case State.FAILED:
            return "\n".join(f"kubectl cafe {command}" for command in _after_failure(cafe, record))
        case State.ABORTED:
            return f"{_upgrade(cafe)}\nkubectl cafe rollback {place}"
        case state if state in RESTING:
            return _release_the_spec(cafe, record) if edits.ahead(cafe) else ""
        case _:
            return "" if driven else f"kubectl cafe drive {place}"


def _after_failure(cafe: CafeDeployment, record: Record) -> Iterator[str]:
    """What leads on from a failure, the likeliest first, and nothing that would only fail again.

    A spec that was edited is put back (then a retry goes on), superseded where it can go in
    place, or discarded. Else the same spec superseded would be the same failure: with another
    image it is not.
    """
    place = f"{cafe.name} -n {cafe.namespace}"
    forward = record.origin in (State.PROGRESSING, State.AWAITING_CONFIRM)
    edited = forward and cafe.spec_hash != record.spec_hash
    if not forward:
        yield f"retry {place}"
    yield f"rollback {place}"
    if edited and edits.releasable(record.failure):
        yield f"upgrade --supersede {place}"
    elif not edited:
        container = record.failure.container if record.failure else ""
        named = container or next(iter(templates.images(cafe.template)), "CONTAINER")
        yield f"upgrade {place} --image {named}=IMAGE --supersede"
        if forward:
            yield f"retry {place}"
    yield f"abort {place}{' --force' if record.origin is State.ABORTING else ''}"


def _release_the_spec(cafe: CafeDeployment, record: Record) -> str:
    """What releases the spec, or first puts the number of pods back: this version scales nothing.

    Where the sum is right and the cells are not, only an edit of the topology does.
    """
    place, total = f"cafed {cafe.name} -n {cafe.namespace}", sum(record.plan.cells.values())
    if not edits.rescaled(cafe, record):
        return _upgrade(cafe)
    if cafe.replicas != total:
        return f"kubectl scale {place} --replicas {total}"
    return f"kubectl edit {place}"


def _repair_command(cafe: CafeDeployment) -> str:
    """What finds and mends pods that are out of traffic or have drifted."""
    return f"kubectl cafe repair {cafe.name} -n {cafe.namespace}"


def _upgrade(cafe: CafeDeployment) -> str:
    return f"kubectl cafe upgrade {cafe.name} -n {cafe.namespace}"


def _turned(record: Record) -> str:
    """Who turned the release back, when and why; empty where a rollback is how it began."""
    turns = [e for e in record.journal[1:] if e.trigger is Trigger.ROLLBACK]
    return signed(turns[-1]) if turns else ""


def turned_by(cafe: CafeDeployment) -> str:
    """Who began the rollback that is under way, when and why."""
    record = cafe.record
    turns = [e for e in record.journal if e.trigger is Trigger.ROLLBACK] if record else []
    return signed(turns[-1]) if turns else "somebody"


def _awaited(
    cafe: CafeDeployment, record: Record, waits: Sequence[str], driven: bool
) -> tuple[str, ...]:
    moving = tuple(w for w in waits if not w.startswith("pods to become available"))
    if record.state is State.AWAITING_CONFIRM:
        if cafe.waiting_group_confirmed:
            return (f"group {record.waiting_group} is confirmed; somebody to drive",)
        return (f"a person to confirm group {record.waiting_group}",)
    if record.state is State.PAUSED:
        field = "spec.strategy.pause to be false"
        return (field if record.paused_by_field else "a person to resume it", *moving)
    if record.state is State.FAILED:
        return ("a person to decide", *moving)
    if record.state not in RESTING and not driven:
        return ("somebody to drive", *moving)
    if record.state in RESTING:
        return ("the edited spec to be released",) if edits.ahead(cafe) else ()
    if record.current and record.current.kind is StepKind.COMMIT and not waits:
        return ("the commit",)
    return tuple(waits)


def _notes(
    cafe: CafeDeployment,
    view: View,
    standings: Sequence[Standing],
    out: Sequence[str],
    away: Sequence[str],
) -> tuple[str, ...]:
    """What people should know although nothing waits for it.

    `out` are the pods that are left out of traffic, `away` those that have drifted.
    """
    said: list[str] = []
    record = view.record
    if cafe.deleting:
        said.append("it is being deleted: no more pods are upgraded")
    if record.state is State.ABORTED:
        said.append(mixed(view, standings))
    said += [
        f"the workload of cell {cell or 'all'} is gone: "
        f"{desired.planned(record, cell)} pods are missing"
        for cell in desired.lost_cells(view)
    ]
    if out:
        said.append(f"{len(out)} pods are left out of traffic: {', '.join(out[:3])}")
    if away:
        said.append(f"{len(away)} pods are not what their template makes: {', '.join(away[:3])}")
    said += edited.noted(view.workloads, view.revisions)
    said += edits.noted(cafe, view)
    if record.state not in (*RESTING, State.FAILED):
        said += switches.noted(view, standings)
    ahead = [s.pod.name for s in standings if _born_ahead(s, view)]
    if ahead:
        said.append(f"born at the new version, ahead of their group: {', '.join(ahead[:3])}")
    by_time = [s.pod.name for s in standings if _by(s) in (By.TIME, By.PEER)]
    if by_time:
        said.append(f"judged by time alone (no acknowledgement): {', '.join(by_time[:3])}")
    moved = digests.differing(standings)
    said += digests.findings(moved, view.architectures or {})
    contradicted = [
        s.pod.name
        for s in standings
        if any(digest_contradicts(container) for container in s.pod.containers.values())
    ]
    if contradicted:
        said.append(f"imageID contradicts the pinned digest: {', '.join(contradicted[:3])}")
    return tuple(said)


def _born_ahead(standing: Standing, view: View) -> bool:
    """Whether a replacement was born from a template that somebody flipped too early (C47)."""
    step, state = view.record.current, view.record.state
    upgrading = step is not None and step.kind is StepKind.UPGRADE and state not in RESTING
    born = standing.upgraded and standing.pod.record is None and touched(standing, view)
    return upgrading and view.record.kind is Kind.UPGRADE and born


def mixed(view: View, standings: Sequence[Standing]) -> str:
    """How mixed the set is: pods by the number of their revision."""
    counts: dict[str, int] = {}
    for standing in standings:
        if standing.row is not Row.FORGOTTEN:
            name = f"revision {number_of(standing.pod, view)}"
            counts[name] = counts.get(name, 0) + 1
    listed = ", ".join(f"{count} at {name}" for name, count in sorted(counts.items()))
    return f"pods: {listed or 'none'}"


def _by(standing: Standing) -> By | None:
    found = (
        [
            settled(standing.pod, name, standing.evidence).by
            for name in standing.evidence.changed
            if name in standing.pod.containers
        ]
        if standing.in_flight
        else []
    )
    return next((by for by in found if by in (By.TIME, By.PEER)), None)


def revision_text(revision: Revision | None) -> str:
    """A revision in words: its number and its images."""
    if revision is None:
        return ""
    shown = ", ".join(f"{name}={image}" for name, image in revision.images.items())
    return f"revision {revision.number} ({shown})"

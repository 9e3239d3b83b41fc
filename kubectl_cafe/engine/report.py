"""From a view to the status that people are shown: pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from kubectl_cafe.cluster.leaseview import LeaseView
from kubectl_cafe.engine import digests, drift, edits, estimate
from kubectl_cafe.engine.cafedeployment import CafeDeployment
from kubectl_cafe.engine.legal import VERBS
from kubectl_cafe.engine.lines import cell_line, number_of, pod_line
from kubectl_cafe.engine.standing import Row, Standing, out_of_traffic, stand, touched
from kubectl_cafe.engine.view import View
from kubectl_cafe.pods.done import digest_contradicts
from kubectl_cafe.pods.settled import By, settled
from kubectl_cafe.revisions.revision import Revision
from kubectl_cafe.times import rfc3339, seconds
from kubectl_cafe.views.status import Status
from statemachine.lifecycle import RESTING, State, legal
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
    repairs = (_repair_command(cafe),) if (out or away) and not _driver(lease) else ()
    grouped = [step for step in record.steps if step.is_group]
    step = record.current
    driver = _driver(lease)
    return Status(
        name=cafe.name,
        namespace=cafe.namespace,
        state=str(record.state),
        origin=str(record.origin or ""),
        release=record.id,
        kind=str(record.kind),
        source=revision_text(view.revisions.get(record.from_revision)),
        target=revision_text(view.revisions.get(record.to_revision)),
        group=record.group if step else 0,
        groups=len(grouped),
        step=str(step.kind) if step else "",
        time=rfc3339(view.time),
        age=view.time - seconds(record.since),
        elapsed=estimate.elapsed(record, view.time),
        remaining=estimate.remaining(record, view.time) if driver else None,
        who=record.who,
        why=record.why,
        last=_last(record),
        driver=driver or ("" if record.state in RESTING else "nobody"),
        renewed=_renewed(lease, view.time) if driver else None,
        failure=str(record.failure or ""),
        waits=_awaited(cafe, record, waits, bool(driver)),
        notes=(*old, *_notes(cafe, view, standings, out, away)),
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
        case State.PAUSED if record.paused_by_field:
            patch = '{"spec":{"strategy":{"pause":false}}}'
            return f"kubectl patch cafed {place} --type merge -p '{patch}'"
        case State.PAUSED:
            return f"kubectl cafe resume {place}"
        case State.FAILED:
            known = [VERBS[trigger] for trigger in legal(record.state) if trigger in VERBS]
            forced = " --force" if record.origin is State.ABORTING else ""
            return "\n".join(
                f"kubectl cafe {verb} {place}{forced if verb == 'abort' else ''}" for verb in known
            )
        case State.ABORTED:
            return f"{_upgrade(cafe)}\nkubectl cafe rollback {place}"
        case state if state in RESTING:
            if cafe.spec_hash != record.spec_hash:
                return _upgrade(cafe)
            return ""
        case _:
            return "" if driven else f"kubectl cafe drive {place}"


def _repair_command(cafe: CafeDeployment) -> str:
    """What finds and mends pods that are out of traffic or have drifted."""
    return f"kubectl cafe repair {cafe.name} -n {cafe.namespace}"


def _upgrade(cafe: CafeDeployment) -> str:
    return f"kubectl cafe upgrade {cafe.name} -n {cafe.namespace}"


def _driver(lease: LeaseView | None) -> str:
    return lease.holder or "" if lease is not None and lease.live else ""


def _renewed(lease: LeaseView | None, now: float) -> float | None:
    """Seconds since the driver was last heard of; None where its lease doesn't say."""
    return now - seconds(lease.renewed) if lease is not None and lease.renewed else None


def _last(record: Record) -> str:
    """The last move that a person made."""
    said = [entry for entry in record.journal if entry.trigger in VERBS]
    if not said:
        return ""
    entry = said[-1]
    return f"{entry.trigger} by {entry.who} at {entry.at}" + (f": {entry.why}" if entry.why else "")


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
        edited = cafe.spec_hash != record.spec_hash
        return ("the edited spec to be released",) if edited else ()
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
    if record.state is State.ABORTED:
        said.append(mixed(view, standings))
    if out:
        said.append(f"{len(out)} pods are left out of traffic: {', '.join(out[:3])}")
    if away:
        said.append(f"{len(away)} pods are not what their template makes: {', '.join(away[:3])}")
    said += edits.noted(cafe, view)
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

"""Rebuilds a lost record of a release from its pods and revisions (protocol 4; C72). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from kubectl_cafe import names
from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.api.release_annotations import beside
from kubectl_cafe.planning.around import Around
from kubectl_cafe.pods.record import REPAIR, PodRecord
from kubectl_cafe.podsets import by_cell
from kubectl_cafe.reconcile.requests import UNKNOWN_PERSON
from kubectl_cafe.revisions.revision import Revision
from statemachine.lifecycle import State, Trigger
from statemachine.record import Entry, Plan, Record
from statemachine.record_json import encode
from statemachine.steps import Kind


@dataclass(frozen=True)
class Rebuilt:
    """A rebuilt record that may be written, and `doubts` about it that an operator should check."""

    record: Record
    doubts: tuple[str, ...] = ()


def rebuild(
    cafe: CafeDeployment, around: Around, *, at: str, who: str, epoch: int
) -> Rebuilt | None:
    """The record of the release of the unfinished pods of `cafe`; None if no record is lost.

    It is Paused, so that no pod is taken before an operator has checked it, in the group that took
    the last pod. The strategy is taken from the spec; the user who started the release is unknown.
    The record is not fenced, because its driver may still run. Pods of an unfinished repair belong
    to no release: the next repair continues with them.
    """
    known = {revision.name: revision for revision in around.revisions}
    left = [] if cafe.record else [p.record for p in around.pods if p.record and p.unfinished]
    spoken = [r for r in left if r.to in known and r.release != REPAIR]
    if not spoken:
        return None
    target = max((known[record.to] for record in spoken), key=lambda r: r.number)
    ours = [record for record in spoken if record.to == target.name]
    last = max(ours, key=lambda record: (record.epoch, record.since))
    why = "rebuilt by repair from the pods' own records"
    record = Record(
        uid=cafe.uid,
        id=last.release,
        kind=Kind.UPGRADE,
        state=State.PAUSED,
        origin=State.PROGRESSING,
        plan=Plan(cafe.allocated(), cafe.strategy),
        to_revision=target.name,
        from_revision=_source(around, target),
        spec_hash=_wished(cafe, target).spec_hash,
        since=at,
        started=min(r.since for r in ours if r.release == last.release),
        who=UNKNOWN_PERSON,
        epoch=epoch,
        journal=(Entry(at, Trigger.PAUSE, State.PAUSED, who, why),),
    )
    group = _group([r for r in ours if r.release == last.release])
    return Rebuilt(replace(record, step=_step(record, group)), _doubts(cafe, spoken, target))


def _source(around: Around, target: Revision) -> str:
    """The revision of the workloads' templates if it is not `target`; "" after the commit."""
    shown = {workload.revision for workload in around.workloads} - {target.name}
    return shown.pop() if len(shown) == 1 else ""


def _wished(cafe: CafeDeployment, target: Revision) -> CafeDeployment:
    return cafe.with_template(target.template)


def _group(records: list[PodRecord]) -> int:
    """The highest group that took one of these pods; 0 if the sweep, after all groups, took one."""
    return 0 if any(r.group == 0 for r in records) else max(r.group for r in records)


def _step(record: Record, group: int) -> int:
    """The step of `group`, or the last group's if the plan has fewer groups now."""
    if not group:
        return len(record.steps) - 1
    reached = (
        index for index, step in enumerate(record.steps) if step.is_group and (step.group <= group)
    )
    return max(reached, default=0)


def _doubts(cafe: CafeDeployment, spoken: list[PodRecord], target: Revision) -> tuple[str, ...]:
    said: list[str] = []
    others = len({record.to for record in spoken}) - 1
    if others:
        said.append(f"the pods name {others + 1} revisions, the newest one is used")
    if _wished(cafe, target).spec_hash != cafe.spec_hash:
        said.append("the spec differs from that revision: revert it before resume, or roll back")
    return tuple(said)


def assume(cafe: CafeDeployment, around: Around, at: str, epoch: int) -> Record:
    """A resting record for assessing pods without a release; never written."""
    shown = {workload.revision for workload in around.workloads}
    return Record(
        uid=cafe.uid,
        id=REPAIR,
        kind=Kind.UPGRADE,
        state=State.IDLE,
        plan=Plan(by_cell.wished(around.workloads), cafe.strategy),
        to_revision=max(shown, default=""),
        spec_hash=cafe.spec_hash,
        since=at,
        started=at,
        who="",
        epoch=epoch,
    )


def with_record(cafe: CafeDeployment, record: Record) -> CafeDeployment:
    """`cafe` with `record` in its annotations; nothing is written."""
    meta: dict[str, Any] = dict(cafe.obj["metadata"])
    there = cafe.annotations
    written = {**beside(record, there, cafe.uid), names.RELEASE: encode(record)}
    meta["annotations"] = {**there, **written}
    return CafeDeployment({**cafe.obj, "metadata": meta})

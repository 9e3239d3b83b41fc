"""Starts a release: creates what its record names, then writes the record (I5)."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from msgspec import structs

from kubectl_cafe import names
from kubectl_cafe.api import size
from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.api.merge_patch import merge_patch
from kubectl_cafe.assessment import edited_spec, lost_switches
from kubectl_cafe.client import paths
from kubectl_cafe.client.errors import Invalid
from kubectl_cafe.client.transport import PatchKind, Transport
from kubectl_cafe.errors import CONFLICT, CafeError, Refused
from kubectl_cafe.hints import cafe_command, kubectl
from kubectl_cafe.planning import deletion, rollback_plan, scaling
from kubectl_cafe.planning.around import Around
from kubectl_cafe.planning.proposal import Proposal
from kubectl_cafe.planning.releasable import (
    refuse_bad_images,
    refuse_long_name,
    refuse_misshapen,
    refuse_unsupported,
)
from kubectl_cafe.podsets.cells import generate_name
from kubectl_cafe.record import store
from kubectl_cafe.release import outcome
from kubectl_cafe.release.held import under
from kubectl_cafe.revisions import revision as revisions
from kubectl_cafe.revisions.revision import Revision
from kubectl_cafe.times import rfc3339
from statemachine.lifecycle import RESTING, State, Trigger, move
from statemachine.record import Entry, Plan, Record, cut
from statemachine.steps import Kind

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Mover:
    """The user who makes a move, and the reason; `epoch` is the lease's, None without a lease."""

    who: str
    why: str = ""
    epoch: int | None = None


def check_new(transport: Transport, cafe: CafeDeployment) -> None:
    """Refuse a CafeDeployment that does not exist yet for faults in its spec or template."""
    refuse_long_name(cafe)
    refuse_misshapen(cafe, cafe.template)
    refuse_unsupported(cafe)
    refuse_bad_images(cafe, cafe.template)
    _try_template(transport, cafe, cafe.cells[0], cafe.template)


def check_template(transport: Transport, cafe: CafeDeployment, proposal: Proposal) -> None:
    """Check with a server-side dry run that the template makes a ReplicaSet (protocol 2)."""
    _try_template(transport, cafe, next(iter(proposal.plan.cells), ""), proposal.template)


def _try_template(transport: Transport, cafe: CafeDeployment, cell: str, template: Json) -> None:
    revision = revisions.name_of(cafe.name, template)
    podset = cafe.podset
    trial = dict(podset.create(cafe.obj, cell, revision, template, replicas=0).body)
    meta = {**trial["metadata"], "generateName": generate_name(cafe.name)}
    del meta["name"]
    query = {"dryRun": "All", "fieldValidation": "Strict"}
    try:
        collection = paths.workloads(podset.resource, cafe.namespace)
        transport.create(collection, {**trial, "metadata": meta}, query, needs_lease=False)
    except Invalid as error:
        raise Refused(
            f"{error.message}. Nothing was written",
            where=f"{cafe.where}, spec.template",
            hint=kubectl(f"edit cafed {cafe.name}", cafe.namespace),
        ) from None


def store_revision(
    transport: Transport, cafe: CafeDeployment, around: Around, template: Json
) -> Revision:
    """The revision of `template`; its ControllerRevision is created if there is none."""
    name = revisions.name_of(cafe.name, template)
    known = around.revision(name)
    if known is not None:
        return known
    # A create would store `data` byte for byte, and a later patch of the metadata would re-encode
    # it, which the server refuses as a change. Server-side apply stores the server's own encoding.
    body = revisions.manifest(cafe.obj, template, around.next_number)
    path = paths.controllerrevisions(cafe.namespace, name)
    return revisions.parse(transport.patch(path, body, PatchKind.APPLY, {"force": True}))


@dataclass
class Beginning:
    """A release that was proposed for `planned`, to be started by the move `trigger`.

    `wished` is the CafeDeployment with its new spec. `revisions`, set by `record`, are those that
    the driver needs.
    """

    planned: CafeDeployment
    wished: CafeDeployment
    around: Around
    proposal: Proposal
    trigger: Trigger = Trigger.START
    revisions: tuple[Revision, ...] | None = None

    def record(self, transport: Transport, cafe: CafeDeployment, mover: Mover) -> CafeDeployment:
        """Write the record of the new release, and the spec that it changes, in one PATCH.

        Its revision is stored before (I5). Raises IllegalMove over an unfinished release, CafeError
        (exit 6) if `cafe` has changed since `planned`.
        """
        if under_way(cafe, self.proposal.target, self.wished) and self.trigger is Trigger.START:
            return cafe  # The same release was started before.
        deletion.refuse(cafe, self.trigger)
        refuse_stale(self.planned, cafe)
        superseding = self.trigger is Trigger.SUPERSEDE
        around = self.around
        outcome.conclude(transport, cafe, around.revisions, superseded=superseding)
        stored = store_revision(transport, cafe, around, self.proposal.template)
        others = (r for r in around.revisions if r.name != stored.name)
        self.revisions = (*others, stored)
        return start(transport, cafe, self.proposal, mover, self.wished.spec, self.trigger)


def under_way(cafe: CafeDeployment, target: str, wished: CafeDeployment) -> bool:
    """Whether an unfinished release already goes to the revision `target`.

    A release of kind scale, which changes no version, must have the pods that are `wished`.
    """
    record = cafe.record
    if record is None or record.state in RESTING or record.kind is Kind.ROLLBACK:
        return False
    same = record.kind is not Kind.SCALE or not edited_spec.rescaled(wished, record)
    return record.to_revision == target and same


def refuse_stale(planned: CafeDeployment, now: CafeDeployment) -> None:
    """Raise CafeError (exit 6) if the spec or the release has changed since the plan was made."""
    same = planned.record and now.record and planned.record.id == now.record.id
    unmoved = planned.position == now.position and (same or planned.record is now.record)
    if planned.uid != now.uid or planned.spec != now.spec or not unmoved:
        raise CafeError(
            f"{names.KIND} {now.name} has changed since the plan was made. Nothing was written",
            where=now.where,
            hint=cafe_command("status", now.name, now.namespace) + ", then run this command again",
            exit_code=CONFLICT,
        )


def start(
    transport: Transport,
    cafe: CafeDeployment,
    proposal: Proposal,
    mover: Mover,
    spec: Json,
    trigger: Trigger = Trigger.START,
) -> CafeDeployment:
    """Write the record of a new release, and its spec, in one PATCH.

    Raises IllegalMove over an unfinished release unless `trigger` is SUPERSEDE, Conflict if another
    client has changed the CafeDeployment.
    """
    deletion.refuse(cafe, trigger)
    position = move(cafe.position, trigger)
    record = _new(transport, cafe, proposal.kind, proposal.plan, position.state, mover)
    wished = cafe.with_spec(spec)
    record = _aimed(record, proposal.target, proposal.source, wished, mover, trigger)
    notes: dict[str, str | None] = {}
    if proposal.kind is Kind.CREATE:
        notes |= size.notes(wished, proposal.plan.cells)
    elif scaling.unsettled(cafe):  # The annotations say nothing about the workloads any more.
        notes |= size.notes(cafe, proposal.plan.started(proposal.kind))
    if proposal.unswitched:
        notes[names.UNSWITCHED] = lost_switches.note(record.id, proposal.unswitched)
    return store.write(
        transport, cafe, record, spec=merge_patch(cafe.spec, spec), annotations=notes
    )


def start_rollback(
    transport: Transport,
    cafe: CafeDeployment,
    target: Revision,
    source: Revision | None,
    plan: Plan,
    mover: Mover,
    unswitched: Sequence[str] = (),
) -> CafeDeployment:
    """Write the record of a rollback, as the second leg of an unfinished release or as a new one.

    `unswitched` are the causes for which pods are in mode None although they have a switch. Empty
    for the second leg of a release: it keeps those of the first.
    """
    deletion.refuse(cafe, Trigger.ROLLBACK)
    position = move(cafe.position, Trigger.ROLLBACK)
    unfinished = cafe.record if cafe.record and cafe.position.state not in RESTING else None
    record = _new(transport, cafe, Kind.ROLLBACK, plan, position.state, mover)
    if unfinished is not None:
        record = _continued(record, unfinished)
    wished = rollback_plan.wished(cafe, target)
    record = _aimed(record, target.name, source, wished, mover, Trigger.ROLLBACK)
    fields = merge_patch(cafe.spec, wished.spec)
    notes = {names.UNSWITCHED: lost_switches.note(record.id, unswitched)} if unswitched else {}
    if unfinished is None and scaling.unsettled(cafe):
        notes |= size.notes(cafe, scaling.settled(cafe, plan.cells))
    return store.write(transport, cafe, record, spec=fields, annotations=notes)


def _new(
    transport: Transport,
    cafe: CafeDeployment,
    kind: Kind,
    plan: Plan,
    state: State,
    mover: Mover,
) -> Record:
    at = rfc3339(transport.server_time())
    before = cafe.record
    record = Record(
        uid=cafe.uid,
        id=f"r-{secrets.token_hex(4)}",
        kind=kind,
        state=state,
        plan=plan,
        to_revision="",
        spec_hash="",
        since=at,
        started=at,
        who=mover.who,
        why=cut(mover.why),
        epoch=before.epoch if before else 0,
        fenced_epoch=before.fenced_epoch if before else 0,
    )
    return record if mover.epoch is None else under(record, mover.epoch, cafe)


def _continued(record: Record, before: Record) -> Record:
    """The rollback `record` as the second leg of the release `before`.

    User and reason of the start stay unchanged; those of the rollback are in the journal.
    """
    return structs.replace(
        record,
        v=before.v,
        id=before.id,
        started=before.started,
        who=before.who,
        why=before.why,
        journal=before.journal,
        journal_cut=before.journal_cut,
    )


def _aimed(
    record: Record,
    target: str,
    source: Revision | None,
    wished: CafeDeployment,
    mover: Mover,
    trigger: Trigger,
) -> Record:
    entry = Entry(record.since, trigger, record.state, cut(mover.who), cut(mover.why))
    return structs.replace(
        record,
        to_revision=target,
        from_revision=source.name if source else "",
        spec_hash=wished.spec_hash,
        journal=(*record.journal, entry),
    )

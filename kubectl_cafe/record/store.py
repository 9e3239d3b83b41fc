"""Reads the record of a release, and changes it by compare-and-swap (protocol 4, 9)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from msgspec.structs import replace

from kubectl_cafe import annotations as sizes
from kubectl_cafe import names
from kubectl_cafe.api import size
from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.api.release_annotations import beside
from kubectl_cafe.client import paths
from kubectl_cafe.client.access.identity import here
from kubectl_cafe.client.errors import Conflict, NotFound, UnknownOutcome, not_stale
from kubectl_cafe.client.transport import PatchKind, Transport
from kubectl_cafe.errors import CafeError, Refused
from kubectl_cafe.hints import cafe_command, kubectl
from kubectl_cafe.record import events
from kubectl_cafe.text import meant
from kubectl_cafe.version import VERSION as CLIENT
from statemachine.lifecycle import State, Trigger
from statemachine.record import VERSION, Entry, Record
from statemachine.record_json import SIZE_LIMIT, encode, fit
from statemachine.steps import Kind

ATTEMPTS = 10


class Missing(CafeError):
    """The CafeDeployment does not exist."""


def read(
    transport: Transport, namespace: str, name: str, *, timeout: float | None = None
) -> CafeDeployment:
    """The CafeDeployment. Raises Missing, with the next command.

    `timeout` is in seconds. With a timeout, Missing suggests no similar names.
    """
    path = paths.cafedeployments(namespace, name)
    try:
        return CafeDeployment(transport.get(path, timeout=timeout))
    except NotFound:
        known = _others(transport, namespace) if timeout is None else ()
        raise missing(namespace, name, known) from None


def _others(transport: Transport, namespace: str) -> list[str]:
    """The names of CafeDeployments in the namespace, for a suggestion; empty if the list fails."""
    try:
        items = transport.list(paths.cafedeployments(namespace)).items
    except CafeError:
        return []
    return [item["metadata"]["name"] for item in items]


def missing(namespace: str, name: str, known: Iterable[str] = ()) -> Missing:
    """The error for a CafeDeployment that does not exist or was deleted."""
    return Missing(
        f'there is no CafeDeployment "{name}" in namespace {namespace}{meant(name, known)}',
        where=f"cafedeployment/{name}",
        hint=kubectl("get cafed --all-namespaces"),
    )


def write(
    transport: Transport,
    cafe: CafeDeployment,
    record: Record,
    *,
    spec: Mapping[str, Any] | None = None,
    annotations: Mapping[str, str | None] | None = None,
) -> CafeDeployment:
    """Write the record, `spec` and all annotations about it in one PATCH on the version in `cafe`.

    The write that enters AwaitingConfirm resets the confirmation. A later write in that state (a
    new driver's epoch) keeps a confirmation that was annotated since. After the write a new journal
    entry is reported as an Event. Returns the CafeDeployment after it. Raises Conflict.
    """
    record = signed(cafe.record, record, here())
    notes: dict[str, str | None] = dict(annotations or {})
    entered = cafe.position.state is not State.AWAITING_CONFIRM
    if record.state is State.AWAITING_CONFIRM and entered:
        notes[names.CONFIRMED] = "false"
    notes |= beside(record, cafe.annotations, cafe.uid)
    notes |= _confirmed_by(cafe, record)
    notes |= _size(cafe, record)
    notes[names.RELEASE] = _text(cafe, record, notes)
    body: dict[str, Any] = {
        "metadata": {
            "uid": cafe.uid,
            "resourceVersion": cafe.resource_version,
            "annotations": notes,
        }
    }
    if spec:
        body["spec"] = dict(spec)
    path = paths.cafedeployments(cafe.namespace, cafe.name)
    try:
        after = CafeDeployment(transport.patch(path, body, PatchKind.MERGE))
    except NotFound:
        raise missing(cafe.namespace, cafe.name) from None
    _tell(transport, after, new_entry(cafe.record, record))
    return after


def _confirmed_by(cafe: CafeDeployment, record: Record) -> dict[str, str | None]:
    """The annotation with the user who confirms the waiting group by this write; empty: unchanged.

    It is removed (None) when the next group begins to wait. A client that confirms by annotation
    may set this annotation, too: then it is kept.
    """
    entry = new_entry(cafe.record, record)
    waited = cafe.position.state is State.AWAITING_CONFIRM
    if record.v < VERSION or entry is None:
        return {}
    if entry.trigger is Trigger.CONFIRM and not cafe.waiting_group_confirmed:
        return {names.CONFIRMED_BY: entry.who}
    begins_to_wait = record.state is State.AWAITING_CONFIRM and not waited
    return {names.CONFIRMED_BY: None} if begins_to_wait else {}


def _size(cafe: CafeDeployment, record: Record) -> dict[str, str]:
    """The annotations of the pods per cell, once a release has completed with other numbers.

    A first release writes them at its start.
    """
    if record.kind is Kind.CREATE or record.state is not State.COMPLETED:
        return {}
    if cafe.recorded_allocation is None:
        return {}
    return size.notes(cafe, record.plan.cells)


def change(
    transport: Transport,
    cafe: CafeDeployment,
    judge: Callable[[CafeDeployment], Record | None],
) -> CafeDeployment:
    """Write the record that `judge` returns; on a conflict read and call `judge` again.

    `judge` returns the new record, or None if there is nothing to write; its errors (IllegalMove,
    Refused) go to the caller. After a lost answer the CafeDeployment is read to find the outcome.
    Raises Denied where a 409 is no conflict because the object has not changed.
    """
    lost: UnknownOutcome | None = None
    for _ in range(ATTEMPTS):
        judged = judge(cafe)
        if judged is None:
            return cafe
        record = signed(cafe.record, judged, here())
        entry = new_entry(cafe.record, record)
        try:
            return write(transport, cafe, record)
        except Conflict as error:
            judged_on = (cafe.uid, cafe.resource_version)
            cafe = read(transport, cafe.namespace, cafe.name)
            if (cafe.uid, cafe.resource_version) == judged_on:
                raise not_stale(error) from None
        except UnknownOutcome as error:
            lost = error
            cafe = read(transport, cafe.namespace, cafe.name)
            # Compare shortened records: the stored one is shortened if annotations are nearly full.
            if cafe.record is not None and fit(cafe.record, 0) == fit(record, 0):
                _tell(transport, cafe, entry)
                return cafe
    if lost is not None:
        raise lost
    raise CafeError(
        f"not written: other clients changed the object during each of {ATTEMPTS} attempts",
        where=cafe.where,
        hint=cafe_command("status", cafe.name, cafe.namespace),
    )


def _text(cafe: CafeDeployment, record: Record, notes: Mapping[str, str | None]) -> str:
    """The record's text, shortened to the room that annotations leave after `notes`.

    Raises Refused if even the shortest record has no room; the error names the largest annotation.
    """
    room = sizes.room({**cafe.annotations, **notes}, names.RELEASE)
    text = encode(record, min(SIZE_LIMIT, room))
    if len(text.encode()) <= room:
        return text
    others = {key: value for key, value in cafe.annotations.items() if key != names.RELEASE}
    largest = max(others, key=lambda key: len(others[key]), default="")
    raise Refused(
        f"annotations of one object are limited to {sizes.TOTAL} bytes: {max(0, room)} are left, "
        f"the release's record needs {len(text.encode())}. Nothing was written",
        where=f"{cafe.where}, annotation {largest} (the largest one)",
        hint=kubectl(f"annotate cafed {cafe.name}", cafe.namespace, f"{largest}-"),
    )


def new_entry(before: Record | None, after: Record) -> Entry | None:
    """The move that is in `after` and not in `before`; None if `after` has no new move."""
    known = _moves(before) if before and before.id == after.id else 0
    return after.journal[-1] if after.journal and _moves(after) > known else None


def _moves(record: Record) -> int:
    return record.journal_cut + len(record.journal)


def signed(before: Record | None, after: Record, host: str) -> Record:
    """`after` with this client's version, and with `host`, this machine's name, on its new move."""
    entry = new_entry(before, after)
    if after.v >= VERSION:
        after = replace(after, client=CLIENT)
    if entry is None:
        return after
    return replace(after, journal=(*after.journal[:-1], replace(entry, host=host)))


def _tell(transport: Transport, cafe: CafeDeployment, entry: Entry | None) -> None:
    """Create an Event of the move in the background; failures do not affect the release."""
    if entry is not None and cafe.record is not None:
        transport.create_aside(paths.events(cafe.namespace), events.event(cafe, cafe.record, entry))


def forget(transport: Transport, cafe: CafeDeployment) -> CafeDeployment:
    """Remove a record that belongs to another object, on the version in `cafe`."""
    meta = {
        "uid": cafe.uid,
        "resourceVersion": cafe.resource_version,
        "annotations": dict.fromkeys(
            (names.RELEASE, names.RELEASE_AT, names.RELEASE_PLAN, names.STARTED_BY)
        ),
    }
    path = paths.cafedeployments(cafe.namespace, cafe.name)
    return CafeDeployment(transport.patch(path, {"metadata": meta}, PatchKind.MERGE))

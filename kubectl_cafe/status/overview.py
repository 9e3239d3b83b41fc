"""All CafeDeployments, listed or watched: states of the records, numbers of pods by `.status`."""

from __future__ import annotations

import queue
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.assessment.edited_spec import ahead
from kubectl_cafe.client import paths
from kubectl_cafe.client.transport import Transport
from kubectl_cafe.client.watch import Informer
from kubectl_cafe.errors import CafeError
from kubectl_cafe.status.model import Overview
from kubectl_cafe.times import seconds
from statemachine.lifecycle import State

Json = Mapping[str, Any]


def overview(obj: Json, now: float) -> Overview:
    """One CafeDeployment; `now` is the server's time in seconds."""
    cafe, status = CafeDeployment(obj), obj.get("status") or {}
    bare = Overview(
        name=cafe.name,
        namespace=cafe.namespace,
        state=str(State.IDLE),
        pods=status.get("replicas"),
        updated=status.get("updatedReplicas"),
        ready=status.get("readyReplicas"),
    )
    try:
        record = cafe.record
    except CafeError:
        return replace(bare, state="", problem="unreadable record")
    if record is None:
        return bare
    return replace(
        bare,
        state=str(record.state),
        release=record.id,
        kind=str(record.kind),
        group=record.group,
        groups=sum(step.is_group for step in record.steps),
        age=max(0.0, now - seconds(record.since)),
        who=record.who,
        target=record.to_revision,
        spec_ahead=ahead(cafe),
    )


def listed(transport: Transport, namespace: str | None, selector: str) -> list[Overview]:
    """The CafeDeployments of `namespace` (None: of all) that match `selector`, in server order."""
    found = transport.list(paths.cafedeployments(namespace), _query(selector)).items
    return [overview(obj, transport.server_time()) for obj in found]


def watched(
    transport: Transport, namespace: str | None, selector: str
) -> Iterator[Sequence[Overview]]:
    """All CafeDeployments first, then at every change those that changed or were deleted.

    The iterator has no end. Raises the error that ends the watch.
    """
    events: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
    informer = Informer(
        transport,
        paths.cafedeployments(namespace),
        _query(selector),
        on_sync=lambda items: events.put(("ALL", items)),
        on_event=lambda kind, item: events.put((kind, item)),
        on_failed=lambda error: events.put(("FAILED", error)),
    )
    informer.start()
    known: dict[str, Overview] | None = None
    try:
        while True:
            kind, what = events.get()
            if kind == "FAILED":
                raise what
            found = {
                obj["metadata"]["uid"]: overview(obj, transport.server_time())
                for obj in (what if kind == "ALL" else [what])
            }
            first, known = known is None, known or {}
            gone = set(known) - set(found) if kind == "ALL" else set()
            gone |= set(found) if kind == "DELETED" else set()
            changed = [
                replace(found.get(uid, known.get(uid, line)), deleted=uid in gone)
                for uid, line in {**known, **found}.items()
                if uid in gone or (uid in found and news(known.get(uid), line))
            ]
            known = {uid: line for uid, line in {**known, **found}.items() if uid not in gone}
            if changed or first:
                yield changed
    finally:
        informer.stop()


def _query(selector: str) -> dict[str, str]:
    return {"labelSelector": selector} if selector else {}


def news(before: Overview | None, after: Overview) -> bool:
    """Whether `after` differs from `before` in more than its age."""
    return before is None or replace(before, age=0.0) != replace(after, age=0.0)

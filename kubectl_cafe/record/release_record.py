"""The ControllerRevision that keeps an ended release (protocol 4).

The API server refuses every change of its `data`. Its `revision` is the time at which the release
started, in seconds since the epoch.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from kubectl_cafe import names
from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.revisions.past_releases import PastRelease, RevisionSummary, named, past
from kubectl_cafe.revisions.revision import Revision, controlled_by, owner_reference
from kubectl_cafe.times import seconds
from statemachine import versioned
from statemachine.record import Record
from statemachine.record_json import RecordError, decode, encode
from statemachine.versioned import DecodeError, Integer, Stored

Json = Mapping[str, Any]
VERSION = 1
RECORD = "record"
"""The key in `data` of the release's last record, as it was in the CafeDeployment."""


class Head(Stored, frozen=True):
    """The other fields of `data`: `uid` and `name` of the CafeDeployment, and the release's end."""

    uid: str
    name: str
    outcome: str
    ended: str
    revisions: Mapping[str, RevisionSummary]
    v: Integer = VERSION


class StoredRelease(msgspec.Struct, frozen=True):
    """A release as it is stored; `problem` is why it cannot be read, else empty.

    `of_uid` and `of` are the uid and the name of the CafeDeployment.
    """

    name: str
    uid: str
    resource_version: str
    of_uid: str = ""
    of: str = ""
    release: PastRelease | None = None
    problem: str = ""


def name_of(cafe: str, release: str) -> str:
    """The name of the object that keeps the release with this id, which begins with `r-`."""
    return f"{cafe}-{release}"


def manifest(
    cafe: CafeDeployment, record: Record, outcome: str, ended: str, revisions: Iterable[Revision]
) -> dict[str, Any]:
    """The object that keeps the release of `record`, which ended as `outcome` at `ended`.

    The CafeDeployment owns the object. With spec.keepRecords it has no owner, so it stays when the
    CafeDeployment is deleted.
    """
    metadata: dict[str, Any] = {
        "name": name_of(cafe.name, record.id),
        "namespace": cafe.namespace,
        "labels": {names.RELEASE_OF: cafe.name},
    }
    if not cafe.keeps_records:
        metadata["ownerReferences"] = [owner_reference(cafe.obj)]
    head = Head(cafe.uid, cafe.name, outcome, ended, named(record, revisions))
    return {
        "apiVersion": "apps/v1",
        "kind": "ControllerRevision",
        "metadata": metadata,
        "data": {**json.loads(versioned.encode(head)), RECORD: json.loads(encode(record))},
        "revision": int(seconds(record.started)),
    }


def parse(obj: Json) -> StoredRelease:
    """The release that a ControllerRevision keeps."""
    meta, data = obj["metadata"], dict(obj.get("data") or {})
    kept = StoredRelease(meta["name"], meta["uid"], meta["resourceVersion"])
    try:
        record = decode(json.dumps(data.pop(RECORD, {})))
        head = versioned.decode(Head, json.dumps(data), VERSION)
        versioned.check_time(head.ended, ".ended")
    except (DecodeError, RecordError, RecursionError) as error:
        return replace(kept, problem=f"controllerrevision {kept.name} cannot be read: {error}")
    release = past(record, head.outcome, head.ended, head.revisions)
    return replace(kept, of_uid=head.uid, of=head.name, release=release)


def belongs(obj: Json, stored: StoredRelease, cafe: CafeDeployment) -> bool:
    """Whether the release is one of `cafe`: by the uid in the owner or in `data`."""
    return cafe.uid == stored.of_uid or controlled_by(obj, (cafe.uid,))


def releases(stored: Iterable[StoredRelease]) -> list[PastRelease]:
    """The releases that can be read."""
    return [one.release for one in stored if one.release is not None]

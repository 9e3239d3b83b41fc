"""The writers of a pod's images, and the time of its status, by its managedFields (protocol 6).

metadata.generation changes alike for an image and for other changes of the spec: an ephemeral
container, a toleration, a resize. managedFields name, for every field, the manager that set its
present value, by whatever request. So they distinguish an image that another client wrote from
those other changes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Any

from kubectl_cafe import names
from kubectl_cafe.times import seconds

Json = Mapping[str, Any]

_ANNOTATIONS, _FINALIZERS = "f:annotations", "f:finalizers"
_RECORD = f"f:{names.IN_PLACE}"
_SET_AT_CREATION = "f:restartPolicy"
"""A field that is immutable after a pod's creation: the manager that owns it created the pod."""
_HEAD = ("manager", "subresource", "time")


class Writer(StrEnum):
    """The kind of client that set the present value of a container's image."""

    CREATOR = "creator"
    """The client that created the pod: the image has not changed since."""
    OURS = "ours"
    """The client that wrote the pod's record, or another kubectl-cafe."""
    OTHER = "other"
    UNKNOWN = ""
    """Not known: a client has emptied managedFields."""


def writers(meta: Json, containers: Iterable[str]) -> dict[str, Writer]:
    """The kind of client that wrote the image of each of the `containers`, by container name."""
    entries = meta.get("managedFields") or ()
    creators, ours, images = set(), {names.FIELD_MANAGER}, []
    for entry in entries:
        manager, fields = entry.get("manager", ""), entry.get("fieldsV1") or {}
        spec = fields.get("f:spec") or {}
        if _SET_AT_CREATION in spec:
            creators.add(manager)
        if _RECORD in ((fields.get("f:metadata") or {}).get(_ANNOTATIONS) or {}):
            ours.add(manager)
        if "f:containers" in spec:
            images.append((manager, spec["f:containers"]))
    result: dict[str, Writer] = {}
    for name in containers:
        key = _key(name)
        owners = {manager for manager, of in images if "f:image" in (of.get(key) or {})}
        result[name] = _writer(owners, creators, ours)
    return result


def _writer(owners: set[str], creators: set[str], ours: set[str]) -> Writer:
    if not owners:
        return Writer.UNKNOWN
    if owners & creators:
        return Writer.CREATOR
    return Writer.OURS if owners & ours else Writer.OTHER


def status_written(meta: Json) -> float:
    """When the API server stored the last write of the pod's status; 0 if managedFields lack it.

    In seconds since the epoch, by the server's clock. Times in that status can't be later: if they
    are, the node's clock is ahead.
    """
    entries = meta.get("managedFields") or ()
    times = [e["time"] for e in entries if e.get("subresource") == "status" and e.get("time")]
    return max(map(seconds, times), default=0.0)


def needed_entries(entries: Iterable[Json]) -> list[dict[str, Any]]:
    """managedFields with only the fields that this module and `model.parse` read."""
    return [
        {**{key: entry[key] for key in _HEAD if key in entry}, "fieldsV1": dict(_fields(entry))}
        for entry in entries
    ]


def _fields(entry: Json) -> Iterator[tuple[str, Any]]:
    fields = entry.get("fieldsV1") or {}
    meta, spec = fields.get("f:metadata") or {}, fields.get("f:spec") or {}
    kept: dict[str, Any] = {_FINALIZERS: meta[_FINALIZERS]} if _FINALIZERS in meta else {}
    if _RECORD in (meta.get(_ANNOTATIONS) or {}):
        kept[_ANNOTATIONS] = {_RECORD: {}}
    if kept:
        yield "f:metadata", kept
    own: dict[str, Any] = {_SET_AT_CREATION: {}} if _SET_AT_CREATION in spec else {}
    of = spec.get("f:containers") or {}
    if any("f:image" in one for one in of.values()):
        own["f:containers"] = {key: {"f:image": {}} for key, one in of.items() if "f:image" in one}
    if own:
        yield "f:spec", own


def _key(container: str) -> str:
    """The key of a list's item, as structured-merge-diff's fieldpath writes it."""
    return "k:" + json.dumps({"name": container}, separators=(",", ":"))

"""Equal things are one thing: objects, pods, writes and drivers by small numbers.

A state is a tuple of such numbers, so two paths that lead to the same state meet. Histories
that no rule reads are forgotten on the way in: a release's journal beyond its first entry, and
how large a resourceVersion is (only which of two is newer counts).
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from functools import cache
from typing import Any, Generic, TypeVar

import msgspec
from msgspec.structs import astuple, replace

from kubectl_cafe import names
from kubectl_cafe.cache.known_nodes import KnownNodes
from kubectl_cafe.pods import model
from kubectl_cafe.pods.model import Pod
from kubectl_cafe.pods.observed import Sighting
from kubectl_cafe.traffic import Service
from statemachine import record_json

Json = Mapping[str, Any]
T = TypeVar("T")


def text_of(value: object) -> bytes:
    """A JSON value as text, whatever the order of its keys."""
    return msgspec.json.encode(value, order="sorted")


class Table(Generic[T]):
    """Values by their keys, numbered from 0."""

    def __init__(self) -> None:
        self.values: list[T] = []
        self._numbers: dict[Hashable, int] = {}

    def number(self, key: Hashable, value: T) -> int:
        """The number of `value`; the first one of its key is kept."""
        found = self._numbers.setdefault(key, len(self.values))
        if found == len(self.values):
            self.values.append(value)
        return found

    def __getitem__(self, number: int) -> T:
        return self.values[number]


class Objects:
    """API objects with their paths."""

    def __init__(self) -> None:
        self._table: Table[tuple[str, dict[str, Any]]] = Table()
        self._by_identity: dict[int, tuple[int, object]] = {}
        self._renamed: dict[tuple[int, str], int] = {}

    def number(self, path: str, item: dict[str, Any]) -> int:
        """The number of `item` at `path`."""
        known = self._by_identity.get(id(item))
        if known is not None:
            return known[0]
        kept = forget(item)
        found = self._table.number((path, text_of(kept)), (path, kept))
        # The object is kept, else its identity could become another's.
        self._by_identity[id(item)] = (found, item)
        self._by_identity[id(self._table[found][1])] = (found, self._table[found][1])
        return found

    def renamed(self, number: int, version: str) -> int:
        """The same object at another resourceVersion."""
        path, item = self._table[number]
        if item["metadata"]["resourceVersion"] == version:
            return number
        found = self._renamed.get((number, version))
        if found is None:
            meta = {**item["metadata"], "resourceVersion": version}
            found = self._renamed[number, version] = self.number(path, {**item, "metadata": meta})
        return found

    def __getitem__(self, number: int) -> tuple[str, dict[str, Any]]:
        return self._table[number]


def forget(item: dict[str, Any]) -> dict[str, Any]:
    """`item` without the later part of its release's journal, and without what touched it.

    A touch names a resourceVersion, and those are numbered anew: a later touch must not find
    its own number there, and change nothing.
    """
    notes = item["metadata"].get("annotations") or {}
    if names.RELEASE not in notes and names.TOUCHED not in notes:
        return item
    kept = {key: value for key, value in notes.items() if key != names.TOUCHED}
    if names.RELEASE in kept:
        kept[names.RELEASE] = without_journal(kept[names.RELEASE])
    return {**item, "metadata": {**item["metadata"], "annotations": kept}}


@cache
def without_journal(text: str) -> str:
    """A release's record with the first entry of its journal alone."""
    record = record_json.decode(text)
    return record_json.encode(replace(record, journal=record.journal[:1], journal_cut=0))


class Pods:
    """Pods as the engine parses them: one object for equal ones."""

    def __init__(self) -> None:
        self._contents: Table[Pod] = Table()
        self._pods: dict[tuple[int, str], Pod] = {}
        self._keys: dict[int, tuple[int, str]] = {}

    def parse(self, item: Json) -> Pod:
        """Stands in for `model.parse`."""
        meta = {k: v for k, v in item["metadata"].items() if k != "resourceVersion"}
        text = text_of({**item, "metadata": meta})
        known = self._contents._numbers.get(text)
        if known is None:
            known = self._contents.number(text, model.parse(item))
        return self.pod(known, item["metadata"]["resourceVersion"])

    def pod(self, content: int, version: str) -> Pod:
        """The pod of this content at this resourceVersion."""
        found = self._pods.get((content, version))
        if found is None:
            found = replace(self._contents[content], resource_version=version)
            self._pods[content, version] = found
            self._keys[id(found)] = (content, version)
        return found

    def key(self, pod: Pod) -> tuple[int, str]:
        """Its content's number, and its resourceVersion."""
        return self._keys[id(pod)]


def hashable(value: object) -> object:
    """A field of a driver's memory as something that two equal ones share."""
    if isinstance(value, Mapping):
        return tuple(sorted((k, hashable(v)) for k, v in value.items()))
    if isinstance(value, set | frozenset):
        return tuple(sorted(value))
    if isinstance(value, tuple | list):
        return tuple(hashable(item) for item in value)
    if isinstance(value, Sighting):
        return (
            value.generation,
            value.ready_reason,
            value.ready_reason_since,
            value.gate,
            tuple(sorted(value.containers.items())),
        )
    if isinstance(value, KnownNodes):
        return hashable(astuple(value))
    if isinstance(value, Service):  # It never changes.
        return value.name
    return value

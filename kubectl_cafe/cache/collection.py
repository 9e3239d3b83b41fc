"""Keeps all objects of one kind, from an informer and the answers to this process's writes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Generic, TypeVar

Json = Mapping[str, Any]
T = TypeVar("T")


class Collection(Generic[T]):
    """The last version of every object, parsed, by name; safe to use from any thread.

    `parse` returns None for an object that does not, or no longer, belong to this CafeDeployment:
    then the collection has no object of that name. `notify` is called under `lock` after every
    change. A late answer to a write does not restore a deleted object; only a newer version does.
    """

    def __init__(
        self,
        parse: Callable[[Json], T | None],
        lock: threading.Condition,
        notify: Callable[[], None],
    ) -> None:
        self._parse = parse
        self._lock = lock
        self._notify = notify
        self._kept: dict[str, tuple[int, T | None]] = {}

    def listed(self, items: Iterable[Json], version: int | None = None) -> None:
        """Replace all objects by a list made at `version` (None: later than every known one)."""
        items = list(items)
        with self._lock:
            names = {item["metadata"]["name"] for item in items}
            for name, (known, _) in list(self._kept.items()):
                # An object with a newer version was created after the list, by this process.
                if name not in names and (version is None or known <= version):
                    self._kept[name] = (version or known, None)
            for item in items:
                self._put(item)
            self._notify()

    def event(self, kind: str, item: Json) -> None:
        """Add a watch event, or the answer to this process's write (as ADDED or MODIFIED)."""
        with self._lock:
            self._put(item, gone=kind == "DELETED")
            self._notify()

    def all(self) -> tuple[T, ...]:
        """The objects, by name."""
        with self._lock:
            kept = sorted(self._kept.items())
            return tuple(value for _, (_, value) in kept if value is not None)

    def _put(self, item: Json, *, gone: bool = False) -> None:
        meta = item["metadata"]
        version = int(meta.get("resourceVersion") or 0)
        known = self._kept.get(meta["name"])
        if known is None or known[0] <= version:
            self._kept[meta["name"]] = (version, None if gone else self._parse(item))

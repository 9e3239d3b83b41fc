"""All objects of one kind, as an informer and the answers to our own writes tell them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Generic, TypeVar

Json = Mapping[str, Any]
T = TypeVar("T")


class Collection(Generic[T]):
    """The last of every object, parsed, by name; safe to use from any thread.

    `parse` returns None for an object that is not ours. `told` is called under `lock` after
    every change.
    """

    def __init__(
        self,
        parse: Callable[[Json], T | None],
        lock: threading.Condition,
        told: Callable[[], None],
    ) -> None:
        self._parse = parse
        self._lock = lock
        self._told = told
        self._kept: dict[str, tuple[int, T]] = {}

    def listed(self, items: Iterable[Json]) -> None:
        """All there is."""
        with self._lock:
            self._kept.clear()
            for item in items:
                self._put(item)
            self._told()

    def event(self, kind: str, item: Json) -> None:
        """One watch event, or the answer to our own write (ADDED, MODIFIED)."""
        with self._lock:
            if kind == "DELETED":
                self._kept.pop(item["metadata"]["name"], None)
            else:
                self._put(item)
            self._told()

    def all(self) -> tuple[T, ...]:
        """The objects, by name."""
        with self._lock:
            return tuple(value for _, (_, value) in sorted(self._kept.items()))

    def _put(self, item: Json) -> None:
        parsed, meta = self._parse(item), item["metadata"]
        if parsed is None:
            return
        version = int(meta.get("resourceVersion") or 0)
        known = self._kept.get(meta["name"])
        if known is None or known[0] <= version:
            self._kept[meta["name"]] = (version, parsed)

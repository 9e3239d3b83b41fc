"""Watches of the in-memory cluster: every change since some resourceVersion, in order."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from kubectl_cafe.client.errors import Expired
from kubectl_cafe.client.http.stream import Event


@dataclass(frozen=True)
class Change:
    """One change of one object, as it was right after it, and (`old`) before."""

    version: int
    kind: str
    path: str
    item: dict[str, Any]
    old: dict[str, Any] | None = None

    def shown(self, matches: Callable[[dict[str, Any]], bool]) -> Event | None:
        """The event that a watch sees whose selector is `matches`, if it sees any.

        An object that stops matching is DELETED, as it was last seen and with the resourceVersion
        of the change; one that begins to match is ADDED. Source: apiserver's cacheWatcher.
        """
        after = self.kind != "DELETED" and matches(self.item)
        before = self.old is not None and matches(self.old)
        if not after and not before:
            return None
        item = self.item if after else self.old or self.item
        meta = {**item["metadata"], "resourceVersion": str(self.version)}
        kind = "MODIFIED" if after and before else "ADDED" if after else "DELETED"
        return Event(kind, copy.deepcopy({**item, "metadata": meta}))


class Watches:
    """What there is to be told; `tell` wakes whoever waits. `off`: nobody will ever watch."""

    def __init__(self, forgotten: int, *, off: bool) -> None:
        self.off = off
        self.changes: list[Change] = []
        self.forgotten = forgotten
        """The newest version that was compacted away."""
        self.told = threading.Condition()

    def tell(self, change: Change) -> None:
        """Something has changed."""
        if self.off:
            return
        with self.told:
            self.changes.append(change)
            self.told.notify_all()

    def compact(self) -> None:
        """Forget all changes up to now: a watch from before them hears 410."""
        with self.told:
            self.forgotten = self.changes[-1].version if self.changes else self.forgotten
            self.changes.clear()


class MemStream:
    """Stands in for Stream: events until this side closes it."""

    def __init__(
        self, watches: Watches, since: int, shown: Callable[[Change], Event | None], path: str
    ) -> None:
        self._watches = watches
        self._since = since
        self._shown = shown
        self._path = path
        self._closed = False

    def __iter__(self) -> Iterator[Event]:
        while (change := self._next()) is not None:
            self._since = change.version
            if (event := self._shown(change)) is not None:
                yield event

    def _next(self) -> Change | None:
        told = self._watches.told
        with told:
            while not self._closed:
                if self._since < self._watches.forgotten:
                    raise Expired("too old resource version", where=self._path, status=410)
                for change in self._watches.changes:
                    if change.version > self._since:
                        return change
                told.wait()
        return None

    def close(self) -> None:
        """End it, from any thread."""
        with self._watches.told:
            self._closed = True
            self._watches.told.notify_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

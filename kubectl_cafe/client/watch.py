"""Runs one list, then one watch, for the life of the process."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Mapping
from typing import Any

from kubectl_cafe.client.errors import (
    ApiError,
    Expired,
    Forbidden,
    Invalid,
    NoSuchKind,
    Silent,
    Unauthorized,
)
from kubectl_cafe.client.http.stream import Stream
from kubectl_cafe.client.transport import Object, Objects, Query, Transport

LASTS = 290
"""Seconds after which the server ends a watch (timeoutSeconds); the watch is then opened again."""
IDLE = 70.0
"""Seconds without an event or bookmark after which a watch counts as broken; the server sends
bookmarks once a minute. The cache may be stale then, so the collection is listed again."""
BACKOFF = 0.1
"""Seconds before the first retry; doubled each time, jittered."""
LONGEST_BACKOFF = 30.0
_HOPELESS = (Unauthorized, Forbidden, NoSuchKind, Invalid)
_REFUSALS = 3
"""The informer gives up after this many errors of _HOPELESS in a row: a restarting API server may
refuse for a moment. Before the first list has succeeded, one such error is enough."""


class Informer(threading.Thread):
    """Lists and watches one collection, and calls the callbacks in order, in its own thread.

    `on_sync(items)` is called after every list (the first, after a 410, after IDLE seconds) with
    all items, which replace the known ones. `on_event(type, object)` is called for ADDED, MODIFIED,
    DELETED. `on_failed(error)` is called when the informer gives up; `failed` then has the error.
    An error in a callback ends the informer as well. `slim` reduces each object as it arrives.

    `resource_version` is the last one seen. `error` is the current error; None: the watch is open.
    After a Silent error only an event or a bookmark clears it. `heard` is the monotonic time of the
    last list, event or bookmark.
    """

    def __init__(
        self,
        transport: Transport,
        path: str,
        query: Query | None = None,
        *,
        on_sync: Callable[[Objects], None],
        on_event: Callable[[str, Object], None],
        on_failed: Callable[[Exception], None] | None = None,
        slim: Callable[[Object], Object] | None = None,
        rng: random.Random | None = None,
    ) -> None:
        super().__init__(name=f"watch {path}", daemon=True)
        self.synced = threading.Event()
        self.resource_version = 0
        self.error: Exception | None = None
        self.failed: Exception | None = None
        self.heard = 0.0
        self._transport = transport
        self.path = path
        self._query: Mapping[str, Any] = dict(query or {})
        self._on_sync = on_sync
        self._on_event = on_event
        self._on_failed = on_failed
        self._slim = slim
        self._random = rng or random.Random()
        self._halt = threading.Event()
        self._stream: Stream | None = None
        self._from = ""
        """The resourceVersion to continue from; "" lists first."""
        self._tries = 0
        """Failures, and watches that ended without an event, in a row; an event resets it."""
        self._refusals = 0
        """Errors of _HOPELESS in a row; a watch that is accepted or another error resets it."""

    def stop(self) -> None:
        """Stop at once, from any thread; a running callback finishes, no other callback starts."""
        self._halt.set()
        if (stream := self._stream) is not None:
            stream.close()

    def run(self) -> None:
        """List and watch until `stop`, or until an error that no retry resolves."""
        while not self._halt.is_set():
            try:
                if not self._from or self._silent_for() >= IDLE:
                    self._list()
                self._watch()
            except Expired as error:
                self._from = ""
                self._stumble(error)
            except ApiError as error:
                if self._hopeless(error):
                    return self._give_up(error)
                self._stumble(error)
            except Exception as error:  # Of a callback: continuing would lose the event.
                return self._give_up(error)
        return None

    def _list(self) -> None:
        listing = self._transport.list(self.path, self._query, self._slim)
        self._saw(listing.resource_version)
        if not self._halt.is_set():
            self._on_sync(listing.items)
            self.synced.set()

    def _watch(self) -> None:
        query = {
            **self._query,
            "resourceVersion": self._from,
            "allowWatchBookmarks": "true",
            "timeoutSeconds": LASTS,
        }
        heard = False
        with self._transport.stream(self.path, query, IDLE) as stream:
            self._stream, self._refusals = stream, 0
            if self._halt.is_set():  # stop() was called before there was a stream to close
                return
            if not isinstance(self.error, Silent):
                self.error = None
            for event in stream:
                if self._halt.is_set():
                    return
                heard, self.error = True, None
                self._tries = 0
                if event.type != "BOOKMARK":
                    self._on_event(
                        event.type, self._slim(event.object) if self._slim else event.object
                    )
                self._saw(str(event.object["metadata"]["resourceVersion"]))
        if not heard:
            # The watch ended without an event: wait, to avoid a tight loop.
            self._pause()

    def _saw(self, resource_version: str) -> None:
        self._from = resource_version
        self.resource_version = int(resource_version or 0)
        self.heard = self._transport.clock.monotonic()

    def _silent_for(self) -> float:
        return self._transport.clock.monotonic() - self.heard

    def _hopeless(self, error: ApiError) -> bool:
        self._refusals = self._refusals + 1 if isinstance(error, _HOPELESS) else 0
        return self._refusals >= (_REFUSALS if self.synced.is_set() else 1)

    def _stumble(self, error: ApiError) -> None:
        if not self._halt.is_set():
            self.error = error
            self._pause()

    def _pause(self) -> None:
        wait = min(BACKOFF * 2**self._tries, LONGEST_BACKOFF)
        self._tries += 1
        self._halt.wait(wait * (0.5 + self._random.random() / 2))

    def _give_up(self, error: Exception) -> None:
        self.failed = self.error = error
        if self._on_failed is not None and not self._halt.is_set():
            self._on_failed(error)

"""One list, then one watch, for as long as the process lives."""

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
"""Seconds after which the server ends a watch (timeoutSeconds); it is opened again."""
IDLE = 70.0
"""Seconds of silence after which a watch counts as dead; bookmarks come once a minute. What is
known then may be old, so it is listed again."""
BACKOFF = 0.1
"""Seconds before the first new try; doubled each time, jittered."""
LONGEST_BACKOFF = 30.0
_HOPELESS = (Unauthorized, Forbidden, NoSuchKind, Invalid)
_REFUSALS = 3
"""A restarting API server refuses for a moment: only this many refusals in a row end a
watch that worked before. The first list gives up at once."""


class Informer(threading.Thread):
    """Follows one collection and reports in order, from its own thread.

    `on_sync(items)` after every list: all that is there, to be diffed; the first, and
    one after each 410. `on_event(type, object)` for ADDED, MODIFIED, DELETED.
    `on_failed(error)` when it gives up, which is then also in `failed`. What a callback
    raises ends the informer the same way. `slim` cuts objects down as they arrive.

    `resource_version` is the last one seen, `error` the trouble that it is in (None: the
    watch is open; after one that stayed silent only an event or a bookmark ends the trouble),
    `heard` the monotonic time of the last sign of life.
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
        """resourceVersion to go on from; "" lists first."""
        self._tries = 0
        """Failures in a row; something heard sets it back."""

    def stop(self) -> None:
        """End it now, from any thread; no callback starts afterwards but one under way ends."""
        self._halt.set()
        if (stream := self._stream) is not None:
            stream.close()

    def run(self) -> None:
        """The thread."""
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
            except Exception as error:  # a callback's: hiding it would leave a deaf driver
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
            self._stream = stream
            if self._halt.is_set():  # stop() came before there was a stream to close
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
            # Ended without a word: never ask again in a tight loop.
            self._pause()

    def _saw(self, resource_version: str) -> None:
        self._from = resource_version
        self.resource_version = int(resource_version or 0)
        self.heard = self._transport.clock.monotonic()

    def _silent_for(self) -> float:
        return self._transport.clock.monotonic() - self.heard

    def _hopeless(self, error: ApiError) -> bool:
        return isinstance(error, _HOPELESS) and (
            not self.synced.is_set() or self._tries + 1 >= _REFUSALS
        )

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

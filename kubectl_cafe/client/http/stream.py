"""The answer to a watch, as a stream of events."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self

from kubectl_cafe.client._libraries import exceptions, msgspec, urllib3
from kubectl_cafe.client.errors import BrokenOff, Silent
from kubectl_cafe.client.http.answers import error_for
from kubectl_cafe.durations import exact
from kubectl_cafe.hints import kubectl

_MOST = 1 << 16
"""The maximum number of bytes to read at a time."""


class Event(msgspec.Struct, frozen=True):
    """`type` is ADDED, MODIFIED, DELETED or BOOKMARK; `object` as the server sent it."""

    type: str
    object: dict[str, Any]


class Stream:
    """The events of a watch, until the server or `close` ends it, or the connection fails.

    Iterating raises Expired for a 410 inside the stream, BrokenOff when the connection breaks,
    Silent when nothing arrives for `idle` seconds. `close` may be called from any thread and ends
    the iteration at once, without an error.
    """

    def __init__(self, answer: urllib3.BaseHTTPResponse, path: str, idle: float) -> None:
        self._answer = answer
        self._path = path
        self._idle = idle
        self._closed = False

    def __iter__(self) -> Iterator[Event]:
        decoder = msgspec.json.Decoder(Event)
        try:
            for line in self._lines():
                event = decoder.decode(line)
                if event.type == "ERROR":
                    status = int(event.object.get("code") or 500)
                    raise error_for(status, msgspec.json.encode(event.object), self._path, "GET")
                yield event
        except (exceptions.HTTPError, OSError, ValueError, AttributeError) as error:
            # A close from another thread makes the reader fail with any of these.
            if self._closed:
                return
            if isinstance(error, exceptions.ReadTimeoutError):
                raise Silent(
                    f"no event and no bookmark came within {exact(self._idle)}: a proxy or gateway "
                    "on the way to the API server may buffer watches",
                    where=self._path,
                    hint=kubectl(f"get --raw '{self._path}?watch=1'"),
                ) from error
            raise BrokenOff(f"the watch was interrupted: {error}", where=self._path) from error

    def _lines(self) -> Iterator[bytes]:
        rest: list[bytes] = []
        for chunk in self._pieces():
            first, *others = chunk.split(b"\n")
            rest.append(first)
            for other in others:
                if line := b"".join(rest).strip():
                    yield line
                rest = [other]

    def _pieces(self) -> Iterator[bytes]:
        """The body as it arrives, decompressed.

        For a body without chunks, which ends with its connection (HTTP/1.0), urllib3's `stream`
        waits for whole blocks: events would be delayed until 64 KiB have arrived.
        """
        if self._answer.chunked:
            yield from self._answer.read_chunked(_MOST, decode_content=True)
            return
        while piece := self._answer.read1(_MOST, decode_content=True):
            yield piece

    def close(self) -> None:
        """End the watch now, and wake a reader that waits in another thread."""
        self._closed = True
        with contextlib.suppress(ValueError, RuntimeError, OSError):
            self._answer.shutdown()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
        self._answer.close()

"""A watch's answer, line by line."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self

from kubectl_cafe.cluster._libraries import exceptions, msgspec, urllib3
from kubectl_cafe.cluster.errors import BrokenOff, error_for


class Event(msgspec.Struct, frozen=True):
    """`type` is ADDED, MODIFIED, DELETED or BOOKMARK; `object` as the server sent it."""

    type: str
    object: dict[str, Any]


class Stream:
    """Events until the server ends the watch, this side closes it, or something breaks.

    Iterating raises Expired for a 410 inside the stream, BrokenOff when the connection
    breaks or stays silent for longer than the idle timeout. `close` may be called from
    any thread and ends the iteration at once, without an error.
    """

    def __init__(self, answer: urllib3.BaseHTTPResponse, path: str) -> None:
        self._answer = answer
        self._path = path
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
            # After a close from another thread the reader stumbles over what is missing.
            if not self._closed:
                raise BrokenOff(f"the watch broke off: {error}", where=self._path) from error

    def _lines(self) -> Iterator[bytes]:
        rest: list[bytes] = []
        for chunk in self._answer.stream(1 << 16):
            first, *others = chunk.split(b"\n")
            rest.append(first)
            for other in others:
                if line := b"".join(rest).strip():
                    yield line
                rest = [other]

    def close(self) -> None:
        """End the watch now: a reader that waits in another thread is woken."""
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

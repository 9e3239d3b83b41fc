"""Writes messages in a separate thread, so that blocked output does not delay a release."""

from __future__ import annotations

import io
import queue
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, suppress
from typing import TextIO


class Aside(io.TextIOBase):
    """A stderr that accepts every text at once; a thread writes the texts to `out` in order.

    A terminal stopped by Ctrl-S, or a full pipe, blocks only that thread.
    """

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._texts: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._writer = threading.Thread(target=self._keep_writing, name="talk", daemon=True)
        self._writer.start()

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """The encoding of `out`."""
        return self._out.encoding

    @property
    def errors(self) -> str | None:  # type: ignore[override]
        """The error handler of `out`."""
        return self._out.errors

    def isatty(self) -> bool:
        """Whether `out` is a terminal."""
        return self._out.isatty()

    def fileno(self) -> int:
        """The descriptor of `out`, for the size of a terminal."""
        return self._out.fileno()

    def writable(self) -> bool:
        """True: this stream can only be written."""
        return True

    def write(self, text: str) -> int:
        """Queue `text`. Raises TypeError for bytes, by which click detects a text stream."""
        if not isinstance(text, str):
            raise TypeError(f"a text is needed, not {type(text).__name__}")
        self._texts.put(text)
        return len(text)

    def finish(self) -> None:
        """Wait until all texts are written, however long the reader takes."""
        self._texts.put(None)
        self._writer.join()

    def _keep_writing(self) -> None:
        while (text := self._texts.get()) is not None:
            with suppress(OSError, ValueError):  # The reader has left, or the stream is closed.
                self._out.write(text)
                self._out.flush()


@contextmanager
def aside() -> Iterator[None]:
    """While the context lasts, messages to stderr don't block; at its end all are written."""
    if sys.stderr is None:  # None if the stream was closed when Python started.
        yield
        return
    taking = Aside(sys.stderr)
    try:
        with redirect_stderr(taking):
            yield
    finally:
        taking.finish()

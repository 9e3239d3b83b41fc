"""Talk that a thread of its own writes: a reader that is stuck holds up no release."""

from __future__ import annotations

import io
import queue
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, suppress
from typing import TextIO


class Aside(io.TextIOBase):
    """A stderr that takes every text at once; a thread writes them to `out` in their order.

    A terminal that was stopped by Ctrl-S, or a pipe that is full, keeps that thread waiting.
    """

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._texts: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._writer = threading.Thread(target=self._keep_writing, name="talk", daemon=True)
        self._writer.start()

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """That of `out`."""
        return self._out.encoding

    @property
    def errors(self) -> str | None:  # type: ignore[override]
        """That of `out`."""
        return self._out.errors

    def isatty(self) -> bool:
        """Whether `out` is a terminal."""
        return self._out.isatty()

    def fileno(self) -> int:
        """The descriptor of `out`: for the size of a terminal."""
        return self._out.fileno()

    def writable(self) -> bool:
        """It is all it can do."""
        return True

    def write(self, text: str) -> int:
        """Take `text`. Raises TypeError for bytes: by that click tells texts from them."""
        if not isinstance(text, str):
            raise TypeError(f"a text is needed, not {type(text).__name__}")
        self._texts.put(text)
        return len(text)

    def finish(self) -> None:
        """Wait until all is written, however long its reader takes."""
        self._texts.put(None)
        self._writer.join()

    def _keep_writing(self) -> None:
        while (text := self._texts.get()) is not None:
            with suppress(OSError, ValueError):  # The reader has left, or it is closed.
                self._out.write(text)
                self._out.flush()


@contextmanager
def aside() -> Iterator[None]:
    """While it lasts nothing that is said waits for its reader; all is written by its end."""
    if sys.stderr is None:  # As Python starts where the stream is closed.
        yield
        return
    taking = Aside(sys.stderr)
    try:
        with redirect_stderr(taking):
            yield
    finally:
        taking.finish()

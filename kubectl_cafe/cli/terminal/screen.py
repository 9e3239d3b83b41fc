"""A live view at the bottom of a terminal; messages are printed above it, typed text is in it.

rich renders the lines, but its `Live` is not used: it moves the cursor up by the number of lines
that it wrote, so part of an old view stays if a terminal becomes narrower and wraps them. And its
stderr blocks while the terminal is stopped, so Ctrl-S would stop a release.
"""

from __future__ import annotations

import contextlib
import io
import os
import queue
import select
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from math import ceil
from types import TracebackType
from typing import TYPE_CHECKING, Self, TextIO

from kubectl_cafe.cli.terminal._tty import colourless, size_of, without_echo
from kubectl_cafe.text import Size

if TYPE_CHECKING:
    from rich.text import Text

TICK = 0.25
"""Seconds after which an unchanged view is painted again: durations have changed, and the terminal
may have another size."""
PAUSE = 0.08
SHARE = 9
"""The wait after a picture: SHARE times as long as it took to paint, at least PAUSE seconds, so
that the view does not slow down a busy release."""
TOGETHER = ("\x1b[?2026h", "\x1b[?2026l")
"""The control sequences around output that terminals show as a whole (synchronized output)."""
TO_LINE_END, TO_SCREEN_END = "\x1b[K", "\x1b[J"

Paint = Callable[[Size], "Sequence[Text]"]
"""Returns the lines of the view, never more or longer than the size."""


class Screen:
    """Paints a view in a separate thread while the context lasts; the last picture stays.

    Meanwhile all output to stderr is written above the view. `answered` is called with every
    typed line, if it is given. If the view can't be painted, it ends; the release continues.
    """

    def __init__(
        self,
        out: TextIO,
        paint: Paint,
        answered: Callable[[str], None] | None = None,
    ) -> None:
        self._out = out
        self._paint = paint
        self._wanted = threading.Event()
        self._halt = threading.Event()
        self._painter = threading.Thread(target=self._keep_painting, name="view", daemon=True)
        self._keys = Keys(sys.stdin, answered, self._wanted.set) if answered else None
        self._shown: list[int] = []
        """The widths of the lines of the last picture, the typed text included."""
        self._above: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._broken = False
        self._left = contextlib.ExitStack()

    def fileno(self) -> int:
        """The terminal's descriptor."""
        return self._out.fileno()

    def refresh(self) -> None:
        """Request a new picture."""
        self._wanted.set()

    def above(self, text: str) -> None:
        """Queue `text`, whole lines, for the painting thread to write above the view.

        The caller does not block if the terminal is stopped (Ctrl-S).
        """
        self._above.put(text)
        self._wanted.set()

    def __enter__(self) -> Self:
        keys = self._keys
        self._left.enter_context(without_echo(sys.stdin, keys=keys is not None))
        if sys.stderr.isatty():
            self._left.enter_context(contextlib.redirect_stderr(Above(self)))
        self._painter.start()
        if keys is not None:
            keys.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._halt.set()
        self._wanted.set()
        if self._keys is not None:
            self._keys.stop()
        self._painter.join()
        with self._left:
            self._draw(last=True)

    def _keep_painting(self) -> None:
        while not self._halt.is_set():
            self._wanted.wait(TICK)
            self._wanted.clear()
            began = time.monotonic()
            self._draw()
            self._halt.wait(max(PAUSE, SHARE * (time.monotonic() - began)))

    def _draw(self, *, last: bool = False) -> None:
        """Write one picture over the last one in a single write, with the messages in between."""
        size, above = size_of(self._out), "".join(_taken(self._above))
        lines = self._painted(size)
        if lines is None:
            self._write(above)
            return
        text = TOGETHER[0] + _back(self._shown, size.width)
        if above:
            text += TO_SCREEN_END + above
        typed = self._keys.typed if self._keys and not last else ""
        rows = [f"{line}{TO_LINE_END}" for line in self._coloured(lines)]
        text += "\n".join(rows) + typed + TO_SCREEN_END
        self._shown = [line.cell_len for line in lines]
        if self._shown:
            self._shown[-1] += len(typed)
        if last and lines:
            text += "\n"
        self._write(text + TOGETHER[1])

    def _painted(self, size: Size) -> Sequence[Text] | None:
        """The lines for `size`; None once painting has failed."""
        if self._broken:
            return None
        try:
            # After a line as wide as the terminal the cursor's place is undefined, and the cursor
            # needs the last row.
            return self._paint(Size(size.width - 1, size.height - 1))
        except Exception as error:
            self._broken = True
            self._write(f"\nthe live view failed ({error!r}): continuing with plain lines\n")
            return None

    def _coloured(self, lines: Sequence[Text]) -> list[str]:
        """The lines with the control sequences of their colours."""
        from rich.console import Console

        wide = max((line.cell_len for line in lines), default=0) + 1
        # Not on the terminal: rich writes to it even while capturing, and it may be closed.
        console = Console(
            file=io.StringIO(),
            width=wide,
            highlight=False,
            force_terminal=True,
            no_color=colourless(),
        )
        with console.capture() as captured:
            for line in lines:
                console.print(line, no_wrap=True, crop=True)
        return captured.get().split("\n")[: len(lines)]

    def _write(self, text: str) -> None:
        with contextlib.suppress(OSError, ValueError):  # The release outlives its terminal.
            self._out.write(text)
            self._out.flush()


def _taken(texts: queue.SimpleQueue[str]) -> Iterator[str]:
    """All texts that are in the queue now."""
    with contextlib.suppress(queue.Empty):
        while True:
            yield texts.get_nowait()


def _back(shown: Sequence[int], width: int) -> str:
    """The control sequence from the last row of a picture to its first.

    `shown` are the widths of the picture's lines: a terminal that has become narrower has wrapped
    them again.
    """
    rows = sum(max(1, ceil(length / width)) for length in shown)
    return "\r" + (f"\x1b[{rows - 1}A" if rows > 1 else "")


class Above(io.TextIOBase):
    """A stderr that writes whole lines above the view."""

    encoding = "utf-8"
    errors = "replace"

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._begun = ""

    def isatty(self) -> bool:
        """True: the texts end up on a terminal."""
        return True

    def fileno(self) -> int:
        """The descriptor of the terminal, for its size."""
        return self._screen.fileno()

    def writable(self) -> bool:
        """True: this stream can only be written."""
        return True

    def write(self, text: str) -> int:
        """Take `text`; complete lines are shown."""
        lines, end, self._begun = (self._begun + text).rpartition("\n")
        if end:
            self._screen.above(lines + end)
        return len(text)


class Keys(threading.Thread):
    """Reads typed text key by key; `typed` is the line that is not finished yet."""

    LOOK = 0.2
    """Seconds between two checks whether the thread is to stop."""

    def __init__(
        self, stream: TextIO, answered: Callable[[str], None], changed: Callable[[], None]
    ) -> None:
        super().__init__(name="keys", daemon=True)
        self.typed = ""
        self._stream = stream
        self._answered = answered
        self._changed = changed
        self._halt = threading.Event()

    def stop(self) -> None:
        """Stop reading: what is typed later is left for the next program."""
        self._halt.set()
        if self.is_alive():
            self.join()

    def run(self) -> None:
        """Read keys until stopped, or until the terminal is closed."""
        while not self._halt.is_set():
            ready, _, _ = select.select([self._stream], [], [], self.LOOK)
            if not ready:
                continue
            try:
                found = os.read(self._stream.fileno(), 256)
            except OSError:
                return  # The terminal is closed.
            if not found:
                return  # The terminal has hung up.
            self._take(found.decode(errors="ignore"))
            self._changed()

    def _take(self, text: str) -> None:
        for char in text:
            if char in "\r\n":
                line, self.typed = self.typed, ""
                self._answered(line)
            elif char in "\x7f\x08":
                self.typed = self.typed[:-1]
            elif char == "\x15":  # Ctrl-U
                self.typed = ""
            elif char.isprintable() and len(self.typed) < 20:
                self.typed += char

"""A live view at the foot of a terminal: what is said goes above it, what is typed into it."""

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
"""Seconds after which a view that nothing was heard of is painted again: times go on, and the
terminal may have another size."""
PAUSE = 0.08
SHARE = 9
"""Between two pictures there are so many seconds at the least, and so many times what the last
one took: a busy release must not be slowed by its view."""
TOGETHER = ("\x1b[?2026h", "\x1b[?2026l")
"""What stands between is shown at once, by terminals that know it (synchronized output)."""
TO_LINE_END, TO_SCREEN_END = "\x1b[K", "\x1b[J"

Paint = Callable[[Size], "Sequence[Text]"]
"""The lines of the view, never more or longer than the size."""


class Screen:
    """Paints a view from a thread of its own until it is left; the last picture stays.

    While it is up whatever goes to stderr is written above the view. `answered` is called with
    every line that is typed, if there is anybody to hear it. A view that can't be painted ends
    the view, never the release.
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
        """The lengths of the lines that the last picture has, the typed text included."""
        self._above: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._broken = False
        self._left = contextlib.ExitStack()

    def fileno(self) -> int:
        """The terminal's descriptor."""
        return self._out.fileno()

    def refresh(self) -> None:
        """There is something new to see."""
        self._wanted.set()

    def above(self, text: str) -> None:
        """Have `text`, whole lines, written above the view: by its own thread, soon.

        The terminal may be stopped (Ctrl-S): no release waits for it.
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
        """One picture in one write: over the one before, and what was said in between."""
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
            # A line as wide as the terminal leaves the cursor in two places at once, and the
            # last row is the cursor's.
            return self._paint(Size(size.width - 1, size.height - 1))
        except Exception as error:
            self._broken = True
            self._write(f"\nthe live view failed ({error!r}): plain lines from here on\n")
            return None

    def _coloured(self, lines: Sequence[Text]) -> list[str]:
        """The lines as the terminal reads them."""
        from rich.console import Console

        wide = max((line.cell_len for line in lines), default=0) + 1
        # Not on the terminal: it is written to even while it is captured, and may be closed.
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
        with contextlib.suppress(OSError, ValueError):  # The terminal is gone, the release isn't.
            self._out.write(text)
            self._out.flush()


def _taken(texts: queue.SimpleQueue[str]) -> Iterator[str]:
    """All that is in the queue now."""
    with contextlib.suppress(queue.Empty):
        while True:
            yield texts.get_nowait()


def _back(shown: Sequence[int], width: int) -> str:
    """To the first row of a picture with lines of these lengths, from its last row.

    A terminal that has become narrower has broken its lines anew.
    """
    rows = sum(max(1, ceil(length / width)) for length in shown)
    return "\r" + (f"\x1b[{rows - 1}A" if rows > 1 else "")


class Above(io.TextIOBase):
    """A stderr that writes above the view, line by line."""

    encoding = "utf-8"
    errors = "replace"

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._begun = ""

    def isatty(self) -> bool:
        """It ends in one."""
        return True

    def fileno(self) -> int:
        """That terminal's: whoever writes asks it for its size."""
        return self._screen.fileno()

    def writable(self) -> bool:
        """It is all it can do."""
        return True

    def write(self, text: str) -> int:
        """Take `text`; whole lines are shown."""
        lines, end, self._begun = (self._begun + text).rpartition("\n")
        if end:
            self._screen.above(lines + end)
        return len(text)


class Keys(threading.Thread):
    """Reads what is typed without waiting for the line's end; `typed` is the line so far."""

    LOOK = 0.2
    """Seconds after which it looks whether it is still wanted."""

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
        """Read no more: what is typed later is for whoever comes next."""
        self._halt.set()
        if self.is_alive():
            self.join()

    def run(self) -> None:
        """The thread."""
        while not self._halt.is_set():
            ready, _, _ = select.select([self._stream], [], [], self.LOOK)
            if not ready:
                continue
            try:
                found = os.read(self._stream.fileno(), 256)
            except OSError:
                return  # The terminal is closed.
            if not found:
                return  # Hung up.
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

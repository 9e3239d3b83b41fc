"""Properties of a terminal: its size, whether a live view may be drawn, input without echo."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, Mapping
from typing import TextIO

from kubectl_cafe.cli.terminal.signals import STOPS
from kubectl_cafe.text import Size

SMALLEST = Size(20, 4)
"""A terminal smaller than this, or one that does not report its size, counts as 80 by 24."""
USUAL = Size(80, 24)


def size_of(stream: TextIO) -> Size:
    """The columns and rows of the terminal behind `stream`."""
    try:
        columns, rows = os.get_terminal_size(stream.fileno())
    except (OSError, ValueError):
        return USUAL
    if columns < SMALLEST.width or rows < SMALLEST.height:
        return USUAL
    return Size(columns, rows)


def terminal(stream: TextIO | None) -> Size | None:
    """The size of the terminal `stream` to fit into; None for a pipe, a file or a closed stream.

    Lines to a pipe or a file stay whole.
    """
    return size_of(stream) if stream is not None and stream.isatty() else None


def lively(stream: TextIO | None, environment: Mapping[str, str] = os.environ) -> bool:
    """Whether a live view may be drawn on `stream`: a terminal with cursor control, in foreground.

    With TERM=dumb the output is plain lines. A process in the background must not draw over the
    output of the program in the foreground.
    """
    if stream is None or not stream.isatty():
        return False
    if environment.get("TERM", "") in ("", "dumb", "unknown"):
        return False
    return foreground(stream)


def colourless(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether the user wants no colours (no-color.org)."""
    return bool(environment.get("NO_COLOR"))


def foreground(stream: TextIO) -> bool:
    """Whether this process may read from its terminal and draw on it."""
    if sys.platform == "win32":
        return False  # Windows consoles have no terminal modes to set: plain lines.
    try:
        return os.tcgetpgrp(stream.fileno()) == os.getpgrp()
    except OSError:
        return True  # Not our controlling terminal: no other program draws there.


@contextlib.contextmanager
def without_echo(stream: TextIO, *, keys: bool) -> Iterator[None]:
    """While the context lasts, typed text is not echoed; with `keys` each key is readable at once.

    Ctrl-C still interrupts. Nothing changes if `stream` is not a terminal.
    """
    if sys.platform == "win32" or not stream.isatty():
        yield
        return
    import termios

    before = termios.tcgetattr(stream.fileno())
    quiet = termios.tcgetattr(stream.fileno())
    quiet[3] &= ~(termios.ECHO | (termios.ICANON if keys else 0))
    termios.tcsetattr(stream.fileno(), termios.TCSADRAIN, quiet)

    def restore() -> None:
        # Not TCSADRAIN: it waits for pending output, for ever if Ctrl-S stopped the terminal.
        with contextlib.suppress(termios.error):
            termios.tcsetattr(stream.fileno(), termios.TCSANOW, before)

    try:
        with STOPS.undoing(restore):
            yield
    finally:
        restore()


def width_of(stream: TextIO | None) -> int | None:
    """The columns of the terminal `stream`; None if it is not a terminal."""
    size = terminal(stream)
    return size.width if size else None

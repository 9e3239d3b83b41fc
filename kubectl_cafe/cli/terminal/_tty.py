"""A terminal's raw side: its size, whether a live view may be drawn there, keys without echo."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, Mapping
from typing import TextIO

from kubectl_cafe.cli.terminal.signals import STOPS
from kubectl_cafe.text import Size

SMALLEST = Size(20, 4)
"""A terminal below this, or one that doesn't say its size, counts as 80 by 24."""
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
    """The size to fit into; None where the lines go to a pipe or a file and stay whole.

    A stream that was closed when this process began is None.
    """
    return size_of(stream) if stream is not None and stream.isatty() else None


def lively(stream: TextIO | None, environment: Mapping[str, str] = os.environ) -> bool:
    """Whether a live view may be drawn on `stream`: a terminal that can, in the foreground.

    TERM=dumb asks for plain lines. In the background nothing is drawn over what its owner does
    meanwhile.
    """
    if stream is None or not stream.isatty():
        return False
    if environment.get("TERM", "") in ("", "dumb", "unknown"):
        return False
    return foreground(stream)


def colourless(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether colours are not wanted (no-color.org)."""
    return bool(environment.get("NO_COLOR"))


def foreground(stream: TextIO) -> bool:
    """Whether this process may read from its terminal and draw on it."""
    if sys.platform == "win32":
        return False  # Its consoles have no terminal modes to set: plain lines.
    try:
        return os.tcgetpgrp(stream.fileno()) == os.getpgrp()
    except OSError:
        return True  # Not the terminal that controls us: nobody else draws there.


@contextlib.contextmanager
def without_echo(stream: TextIO, *, keys: bool) -> Iterator[None]:
    """While it lasts what is typed is not shown; with `keys` each one can be read at once.

    Ctrl-C stays what it is. Nothing happens where `stream` is no terminal.
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
        # Not after what is still to be written: a terminal that is held (Ctrl-S) would hold us.
        with contextlib.suppress(termios.error):
            termios.tcsetattr(stream.fileno(), termios.TCSANOW, before)

    try:
        with STOPS.undoing(restore):
            yield
    finally:
        restore()


def width_of(stream: TextIO | None) -> int | None:
    """The columns of the terminal that `stream` is, None if it is none."""
    size = terminal(stream)
    return size.width if size else None

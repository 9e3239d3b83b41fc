"""The live view's place in a terminal: what goes above it, what is typed, when there is none."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import struct
import sys
import termios
from collections.abc import Iterator, Mapping, Sequence
from contextlib import redirect_stderr
from typing import TextIO

import pytest
from rich.text import Text

from kubectl_cafe.cli.terminal import screen
from kubectl_cafe.cli.terminal._tty import USUAL, colourless, lively, size_of, terminal
from kubectl_cafe.cli.terminal.screen import Above, Keys, Screen
from kubectl_cafe.text import Size

XTERM = {"TERM": "xterm"}


@pytest.fixture
def tty() -> Iterator[TextIO]:
    """A terminal that nobody looks at."""
    leader, follower = pty.openpty()
    with os.fdopen(follower, "w") as stream:
        yield stream
    os.close(leader)


@pytest.mark.parametrize(
    "environment",
    [{}, {"TERM": "dumb"}],
    ids=["no TERM", "TERM=dumb"],
)
def test_no_live_view_for(tty: TextIO, environment: Mapping[str, str]) -> None:
    assert lively(tty, XTERM)
    assert not lively(tty, environment)


def test_no_live_view_in_a_pipe() -> None:
    assert not lively(io.StringIO(), XTERM)
    assert terminal(io.StringIO()) is None


@pytest.mark.guard("no-color-keeps-the-live-view")
@pytest.mark.parametrize(("value", "without"), [("1", True), ("", False)])
def test_no_color_takes_the_colours_away_and_not_the_view(
    tty: TextIO, value: str, without: bool
) -> None:
    environment = {**XTERM, "NO_COLOR": value}
    assert (lively(tty, environment), colourless(environment)) == (True, without)


def test_a_terminal_that_does_not_say_its_size_counts_as_80_by_24(tty: TextIO) -> None:
    assert size_of(tty) == USUAL


@pytest.mark.parametrize(
    ("shown", "width", "up"),
    [([], 80, 0), ([10], 80, 0), ([10, 79, 3], 80, 2), ([10, 79, 3], 40, 3), ([0, 0], 40, 1)],
)
def test_the_way_back_counts_the_rows_as_they_are_now(
    shown: Sequence[int], width: int, up: int
) -> None:
    assert screen._back(shown, width) == "\r" + (f"\x1b[{up}A" if up else "")


class Lines(Screen):
    """A view of one line, on nothing."""

    def __init__(self) -> None:
        self.out = io.StringIO()
        super().__init__(self.out, lambda _size: [Text("the view")])

    def left(self) -> None:
        """Be up for a moment: its thread writes."""
        with self:
            pass

    def seen(self) -> str:
        return self.out.getvalue()


def test_what_is_said_stands_above_the_view() -> None:
    snapshot = Lines()
    with redirect_stderr(Above(snapshot)):
        print("a move", file=sys.stderr)
    snapshot.left()
    assert snapshot.seen().index("a move\n") < snapshot.seen().index("the view")


def test_what_is_said_above_the_view_is_as_wide_as_its_terminal(tty: TextIO) -> None:
    fcntl.ioctl(tty, termios.TIOCSWINSZ, struct.pack("HHHH", 60, 200, 0, 0))

    assert terminal(Above(Screen(tty, lambda _size: []))) == Size(200, 60)


def test_half_a_line_waits_for_its_end() -> None:
    snapshot = Lines()
    stream = Above(snapshot)
    stream.write("a mo")
    stream.write("ve\nand")
    snapshot.left()
    assert "a move\n" in snapshot.seen()
    assert "and" not in snapshot.seen()


def test_a_view_that_cannot_be_painted_ends_alone_and_what_is_said_is_still_said() -> None:
    def broken(_size: Size) -> Sequence[Text]:
        raise ZeroDivisionError("oops")

    out = io.StringIO()
    snapshot = Screen(out, broken)
    with snapshot:
        snapshot.above("first\n")
        snapshot.above("second\n")

    assert "the live view failed (ZeroDivisionError('oops'))" in out.getvalue()
    assert out.getvalue().endswith("first\nsecond\n")


@pytest.mark.parametrize(
    ("typed", "answers", "left"),
    [
        ("yes\n", ["yes"], ""),
        ("ye", [], "ye"),
        ("yo\x7fes\r", ["yes"], ""),
        ("no\x15y\n", ["y"], ""),
        ("\x1b2\n", ["2"], ""),
    ],
    ids=["a line", "half a line", "backspace", "Ctrl-U", "escape"],
)
def test_what_is_typed(typed: str, answers: list[str], left: str) -> None:
    heard: list[str] = []
    keys = Keys(io.StringIO(), heard.append, lambda: None)
    keys._take(typed)
    assert (heard, keys.typed) == (answers, left)

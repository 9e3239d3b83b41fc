"""A terminal of a test's own: a program runs in it, and what a person would see can be read.

It knows what the plugin writes (colours, cursor up, erase to the end of line and screen) and
breaks its lines anew when it becomes narrower, as the terminals of today do.
"""

from __future__ import annotations

import codecs
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Mapping, Sequence

from testbed.waiting import wait_for

PART = re.compile(r"\x1b\[(?P<marks>[?0-9;]*)(?P<what>[A-Za-z])|(?P<char>[^\x1b])", re.DOTALL)
SECONDS = 60.0
OWN = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0);"
    "os.execvp(sys.argv[1], sys.argv[1:])"
)
"""Makes the terminal the program's own, so that Ctrl-C reaches it, and becomes the program."""


class Grid:
    """What is on the screen, and what has left it at the top; the cursor is after it."""

    def __init__(self, columns: int, rows: int) -> None:
        self.columns, self.rows = columns, rows
        self._lines: list[str] = [""]
        self._at = [0, 0]
        self._rest = ""

    def write(self, text: str) -> None:
        """Take what the program writes; half a sequence waits for its end."""
        text, end = self._rest + text, 0
        for part in PART.finditer(text):
            if part.start() != end:
                break
            end = part.end()
            if part["char"]:
                self._put(part["char"])
            else:
                self._obey(part["marks"], part["what"])
        self._rest = text[end:]

    def screen(self) -> list[str]:
        """The rows on the screen."""
        return [line.rstrip() for line in self._lines[self._top :]]

    def resize(self, columns: int, rows: int) -> None:
        """Another size: long lines are broken anew."""
        broken: list[str] = []
        for number, line in enumerate(self._lines):
            parts = [line[n : n + columns] for n in range(0, len(line), columns)] or [""]
            broken += parts
            if number == self._at[0]:
                row = len(broken) - 1
        self.columns, self.rows, self._lines = columns, rows, broken
        self._at = [row, len(broken[row])]

    @property
    def _top(self) -> int:
        return max(0, len(self._lines) - self.rows)

    def _put(self, char: str) -> None:
        row, column = self._at
        if char == "\n":
            self._at = [row + 1, 0]
            self._lines += [""] * (row + 2 - len(self._lines))
        elif char == "\r":
            self._at[1] = 0
        elif char >= " ":
            if column == self.columns:
                self._put("\n")
                row, column = self._at
            line = self._lines[row].ljust(column)
            self._lines[row] = line[:column] + char + line[column + 1 :]
            self._at[1] += 1

    def _obey(self, marks: str, what: str) -> None:
        row, column = self._at
        if what == "A":
            self._at[0] = max(self._top, row - int(marks or 1))
        elif what in "KJ":
            self._lines[row] = self._lines[row][:column]
            if what == "J":
                # Rows that are empty stay where they are: the screen doesn't move.
                self._lines[row + 1 :] = [""] * len(self._lines[row + 1 :])


class Terminal:
    """A program that runs in a pseudo-terminal; its methods type keys and read its output."""

    def __init__(
        self, command: Sequence[str], env: Mapping[str, str], columns: int = 80, rows: int = 24
    ) -> None:
        self.grid = Grid(columns, rows)
        self.written = ""
        self._lock = threading.Lock()
        self._leader, follower = pty.openpty()
        self._sized(columns, rows)
        self.before = termios.tcgetattr(follower)
        self._follower = follower
        self._hung_up = False
        self._process = subprocess.Popen(
            [sys.executable, "-c", OWN, *command],
            stdin=follower,
            stdout=follower,
            stderr=follower,
            env=env,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def screen(self) -> str:
        """What a person sees now."""
        with self._lock:
            return "\n".join(self.grid.screen())

    def type(self, text: str) -> None:
        """Press keys; \\x03 is Ctrl-C."""
        os.write(self._leader, text.encode())

    def resize(self, columns: int, rows: int) -> None:
        """Pull at the window's corner."""
        with self._lock:
            self.grid.resize(columns, rows)
        self._sized(columns, rows)
        os.killpg(self._process.pid, signal.SIGWINCH)

    def modes(self) -> list[object]:
        """The terminal's modes: echo, line by line..."""
        return list(termios.tcgetattr(self._follower))

    def running(self) -> bool:
        """Whether the program has not ended yet."""
        return self._process.poll() is None

    def wait(self, seconds: float = SECONDS) -> int:
        """Its exit code; all that it wrote has been read then."""
        code = self._process.wait(seconds)
        wait_for(lambda: not select.select([self._leader], [], [], 0)[0], "the last of it", 5)
        return code

    def hang_up(self) -> None:
        """Close the window, or lose the connection; whatever runs in it goes on if it can."""
        os.close(self._follower)
        self._hung_up = True
        os.close(self._leader)

    def ended(self, seconds: float = SECONDS) -> int:
        """Its exit code, after `hang_up`."""
        return self._process.wait(seconds)

    def close(self) -> None:
        """End it."""
        if self.running():
            self._process.kill()
            self._process.wait()
        if self._hung_up:
            return
        os.close(self._follower)
        self._reader.join(5)
        os.close(self._leader)

    def _sized(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self._leader, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def _read(self) -> None:
        decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        while True:
            try:
                found = os.read(self._leader, 1 << 16)
            except OSError:
                return  # The program has closed its end.
            text = decoder.decode(found)
            with self._lock:
                self.written += text
                self.grid.write(text)

"""Show how far a long build is: one line that changes on a terminal, else a line now and then."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self, TextIO

ON_TERMINAL = 0.5
ELSEWHERE = 15.0


class Progress:
    """A ticking line about `what` on `stream` (stderr), for as long as the `with` block lasts.

    Elapsed time is in seconds of `clock`. `count_line` counts lines of `go build -v`, one per
    compiled package; what the Go cache already holds is not printed, so the count may end early.
    """

    def __init__(
        self,
        what: str,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._what = what
        self._stream = stream or sys.stderr
        self._clock = clock
        self._began = clock()
        self._expected = 0
        self._counted = 0
        self._detail = "reading the module"
        self._live = self._stream.isatty()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._tick, daemon=True)

    def __enter__(self) -> Self:
        self._show()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()
        self._detail = "failed" if kind else "done"
        self._show()
        if self._live:
            print(file=self._stream)

    def expect(self, packages: int) -> None:
        """From now on packages are compiled, at most this many."""
        self._expected = packages
        self._detail = "compiling"

    def note_line(self, line: str) -> None:
        """A line of a command that compiles nothing: show downloads."""
        if line.startswith("go: downloading"):
            self._detail = line.removeprefix("go: ")

    def count_line(self, line: str) -> None:
        """A line of `go build -v`: one more package is compiled."""
        self.note_line(line)
        if not line.startswith("go: "):
            self._counted += 1
            self._detail = line

    def line(self) -> str:
        """What is shown now."""
        minutes, seconds = divmod(int(self._clock() - self._began), 60)
        count = f" {self._counted} of {self._expected} packages," if self._expected else ""
        return f"testbed: {self._what}, {minutes}:{seconds:02},{count} {self._detail}"

    def _show(self) -> None:
        if self._live:
            print(f"\r\033[K{self.line()[:100]}", end="", file=self._stream, flush=True)
        else:
            print(self.line(), file=self._stream, flush=True)

    def _tick(self) -> None:
        while not self._stop.wait(ON_TERMINAL if self._live else ELSEWHERE):
            self._show()

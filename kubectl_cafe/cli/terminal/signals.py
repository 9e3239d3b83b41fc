"""Signals that end a command: the first lets pods in flight finish, the second ends it at once."""

from __future__ import annotations

import _thread
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from kubectl_cafe.errors import INTERRUPTED

LAST_WORDS = 0.5
"""Seconds to wait for the last message to be written: stderr may be blocked."""

Polite = Callable[[int], BaseException | None]
"""Called with the number of the first signal: asks the work to end, or returns an exception to
raise."""

_ENDING = frozenset({signal.SIGINT, signal.SIGTERM})
"""The second of these ends the process. A SIGHUP never does: a session that ends sends several."""
ALARM: int = getattr(signal, "SIGALRM", 0)
"""The signal of `--timeout`; 0: there is none (Windows), and a thread keeps the time."""
_HANGUP: int | None = getattr(signal, "SIGHUP", None)


class Stops:
    """The signal handling of this process.

    The main thread handles the first signal. It may then be blocked by a request, a thread or a DNS
    lookup, also while an exception is handled. So a separate thread reads the second signal and
    ends the process.
    """

    def __init__(self, alarm: int = ALARM) -> None:
        self._alarm = alarm
        self._late: BaseException | None = None
        self._polite: Polite | None = None
        self._words: Callable[[], str] = lambda: "interrupted"
        self._undo: list[Callable[[], None]] = []
        self._listens = False
        self._asked = False
        self._raised = False
        self._code: int | None = None

    def listen(self) -> None:
        """Handle signals from here on. Called once per process, in its main thread."""
        if sys.platform == "win32":
            return  # set_wakeup_fd takes no pipe on Windows: the main thread counts the signals.
        reader, writer = os.pipe()
        os.set_blocking(writer, False)
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, self._handle)
        threading.Thread(target=self._hear, args=(reader,), name="signals", daemon=True).start()
        self._listens = True

    @contextmanager
    def asking(
        self, polite: Polite, words: Callable[[], str], seconds: float | None = None
    ) -> Iterator[None]:
        """While the context lasts, call `polite` at the first signal, also SIGTERM or SIGHUP.

        `polite` returns the exception to raise, or None to continue; it is also called with ALARM
        after `seconds`. `words` returns the message for a second signal that ends the process. An
        ignored SIGHUP stays ignored (nohup).
        """
        numbers = {*_ENDING}
        if _HANGUP is not None and signal.getsignal(_HANGUP) is not signal.SIG_IGN:
            numbers.add(signal.Signals(_HANGUP))
        if seconds is not None and self._alarm:
            numbers.add(signal.Signals(self._alarm))
        before = {number: signal.signal(number, self._handle) for number in numbers}
        words, self._words = self._words, words
        self._polite = polite
        try:
            with self._timer(seconds):
                yield
        finally:
            self._polite, self._words = None, words
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextmanager
    def _timer(self, seconds: float | None) -> Iterator[None]:
        """While the context lasts, send ALARM after `seconds`; None: never."""
        if seconds is None:
            yield
        elif sys.platform != "win32" and self._alarm:
            signal.setitimer(signal.ITIMER_REAL, seconds)
            try:
                yield
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
        else:
            timer = threading.Timer(seconds, self._time_is_up)
            timer.daemon = True
            timer.start()
            try:
                yield
            finally:
                timer.cancel()

    def _time_is_up(self) -> None:
        """Handle the timeout in the timer's thread; an exception is raised in the main thread."""
        if self._polite is not None and (error := self._polite(self._alarm)) is not None:
            self._late = error
            _thread.interrupt_main()

    @contextmanager
    def undoing(self, undo: Callable[[], None]) -> Iterator[None]:
        """While the context lasts, an immediate end of the process calls `undo` first."""
        self._undo.append(undo)
        try:
            yield
        finally:
            self._undo.remove(undo)

    def over(self, code: int) -> None:
        """Note that the command has ended with `code`: the next signal ends the process."""
        self._code = code

    def _handle(self, number: int, _frame: object) -> None:
        """Handle a signal in the main thread.

        Raise the error that the handler for a graceful end returns, if any; without such a handler
        KeyboardInterrupt. Nothing is raised a second time, or after `over`.
        """
        if not self._listens:
            self._count(number)
        error = self._late or (self._polite(number) if self._polite else KeyboardInterrupt())
        if error is not None and not self._raised and self._code is None:
            self._raised = True
            raise error

    def _hear(self, reader: int) -> None:
        while True:
            for number in os.read(reader, 64):
                self._count(number)

    def _count(self, number: int) -> None:
        if number in _ENDING and (self._asked or self._code is not None):
            self._end()
        if number in _ENDING or number == self._alarm:
            self._asked = True

    def _end(self) -> None:
        """End the process now; a separate thread, which may block, writes the last message."""
        try:
            last = threading.Thread(target=self._say_last, daemon=True)
            last.start()
            last.join(LAST_WORDS)
        finally:
            os._exit(INTERRUPTED if self._code is None else self._code)

    def _say_last(self) -> None:
        for undo in reversed(self._undo):
            with suppress(Exception):
                undo()
        if self._code is None:
            # Not through sys.stderr: a thread that is blocked in a write to it holds its lock.
            words = f"{'' if self._piped() else chr(10)}{self._words()}\n"
            with suppress(OSError):
                os.write(2, words.encode("utf-8", "replace"))

    def _piped(self) -> bool:
        with suppress(OSError):
            return not os.isatty(2)
        return True


STOPS = Stops()
"""The signal handling of this process."""

"""Stops a command that writes: by Ctrl-C, SIGTERM, a closed terminal (SIGHUP) or `--timeout`."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from kubectl_cafe.cli.exits import cluster_flags, described
from kubectl_cafe.cli.terminal.printing import say
from kubectl_cafe.cli.terminal.signals import ALARM, STOPS
from kubectl_cafe.durations import exact
from kubectl_cafe.errors import INTERRUPTED, TIMED_OUT, CafeError
from kubectl_cafe.hints import cafe_command

NO_NEW_PODS = "no further pods; waiting for pods in flight (Ctrl-C again: stop immediately)"
SENT = "stopped immediately: requests already sent may still take effect"
IN_FLIGHT = (
    "stopped immediately: pods in flight stay as they are and may be out of traffic; the lease is "
    "not released, it expires after 30s"
)


class Stoppable(Protocol):
    """Work that ends when `stop` is set, as soon as it checks."""

    stop: threading.Event

    def wake(self) -> None:
        """Make the work check `stop` now."""
        ...


@dataclass(frozen=True, slots=True)
class Work:
    """The work under way, which can be asked to end.

    The message about that is `asked` (or the timeout) and `leaving`. `ended` is the message if the
    process is ended immediately.
    """

    what: Stoppable
    leaving: str = NO_NEW_PODS
    asked: str = "interrupted"
    ended: str = IN_FLIGHT


class Stopping:
    """Asks the `work` under way to end. While there is none yet, the first signal raises."""

    def __init__(self, name: str, namespace: str, following: str, seconds: float | None) -> None:
        self.work: Work | None = None
        self.timed_out = False
        """Whether --timeout asked for an end before any signal did."""
        self._asked: Work | None = None
        self._status = cafe_command("status", name, namespace)
        self._hint = self._status + ", then " + cafe_command(following, name, namespace)
        self._cluster = cluster_flags()
        self._timeout = exact(seconds or 0)

    @property
    def stopped(self) -> bool:
        """Whether the work was asked to end."""
        return self.work is not None and self.work.what.stop.is_set()

    def ask(self, number: int) -> BaseException | None:
        """Ask the work to end after the signal `number`; without work, returns an error to raise.

        This runs between any two instructions of the main thread, even inside another call of
        itself. The main thread may hold locks there, such as the event's, so this takes none.
        """
        late, work = number == ALARM, self.work
        if work is None:
            return self._late() if late else KeyboardInterrupt()
        if self._asked is not work:
            self._asked = work
            self.timed_out = late
            said = f"timed out after {self._timeout}" if late else work.asked
            threading.Thread(target=_leave, args=(work, said), daemon=True).start()
        return None

    def last_words(self) -> str:
        """The message when the process is ended immediately."""
        text = self.work.ended if self.work is not None else SENT
        return described(CafeError(text, hint=self._hint, exit_code=INTERRUPTED), self._cluster)

    def _late(self) -> CafeError:
        return CafeError(
            f"timed out after {self._timeout}, before this command became the driver",
            hint=self._status,
            exit_code=TIMED_OUT,
        )


@contextmanager
def interruptible(
    name: str, namespace: str, following: str = "drive", seconds: float | None = None
) -> Iterator[Stopping]:
    """Ask the work to end after a signal or `seconds`; a second Ctrl-C ends the process at once.

    `name` and `namespace` are the CafeDeployment's, `following` is the verb that continues later.
    """
    stopping = Stopping(name, namespace, following, seconds)
    with STOPS.asking(stopping.ask, stopping.last_words, seconds):
        yield stopping


def _leave(work: Work, said: str) -> None:
    work.what.stop.set()
    say(f"{said}: {work.leaving}")
    work.what.wake()

"""Displays of a release's progress: plain lines, or a live view in a terminal."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from types import TracebackType
from typing import TYPE_CHECKING, Self

from msgspec.structs import replace

from kubectl_cafe.cli.exits import cluster_flags
from kubectl_cafe.cli.terminal._tty import foreground, lively
from kubectl_cafe.cli.terminal.aside import aside
from kubectl_cafe.cli.terminal.awaited import Awaited
from kubectl_cafe.cli.terminal.printing import say
from kubectl_cafe.cli.terminal.screen import Screen
from kubectl_cafe.hints import all_at
from kubectl_cafe.text import Size, one_line
from kubectl_cafe.times import rfc3339
from kubectl_cafe.waits import TROUBLES, listed, texts

if TYPE_CHECKING:
    from rich.text import Text

    from kubectl_cafe.api.cafedeployment import CafeDeployment
    from kubectl_cafe.assessment.snapshot import Decision, Snapshot
    from kubectl_cafe.cache.informers import Observer
    from kubectl_cafe.client.lease_view import LeaseView
    from kubectl_cafe.driver.session import Display
    from kubectl_cafe.status.model import Status

Answered = Callable[[str], None]
"""Called with each line that the user types."""
Lease = Callable[[], "LeaseView | None"]
"""Returns the driver's Lease as last read; None if it was not read."""


def asks() -> bool:
    """Whether the user can be asked: there is a terminal, and this process is in its foreground.

    The system stops a process in the background when it reads from the terminal.
    """
    if sys.stdin is None or sys.stderr is None:
        return False  # None if the stream was closed when Python started.
    return sys.stdin.isatty() and sys.stderr.isatty() and foreground(sys.stdin)


def choose(asks: bool, lease: Lease, observer: Observer, answered: Answered, who: str) -> Display:
    """A live view if stderr is a terminal that can show one, else plain lines.

    `who` is the user of this process: moves of other users are shown with their names.
    """
    if lively(sys.stderr):
        return Live(lease, observer, answered if asks else None, who)
    return Lines(answered if asks else None, who)


class Lines:
    """Plain lines: every move, what the release waits for, its troubles, and questions."""

    def __init__(self, answered: Answered | None = None, who: str = "") -> None:
        self._answered = answered
        self._who = who
        self._last = ""
        self._awaited = Awaited()
        self._warned = (0, 0)
        self._asked: CafeDeployment | None = None
        self._left = ExitStack()

    def moved(self, cafe: CafeDeployment) -> None:
        """Print one line for the change of state."""
        from kubectl_cafe.record.move_text import move_line
        from statemachine.lifecycle import State

        if cafe.record is None:
            return
        say(move_line(cafe.record, self._who))
        self._awaited.moved()
        waits = cafe.record.state is State.AWAITING_CONFIRM
        self._asked = cafe if self._answered and waits else None

    def looked(self, snapshot: Snapshot, decision: Decision) -> None:
        """Print a line if troubles or waits have changed; at a terminal, the pending question."""
        if self._asked is not None:
            self._ask(self._asked, snapshot)
            self._asked = None
        troubles = [wait for wait in decision.waits if wait.what in TROUBLES]
        trouble = listed(troubles)
        if trouble and trouble != self._last:
            say(f"  {one_line(trouble)}")
        self._last = trouble
        others = texts(wait for wait in decision.waits if wait.what not in TROUBLES)
        if awaited := self._awaited.news(others, snapshot.now):
            say(f"{rfc3339(snapshot.time)[11:]}  waiting for: {one_line(awaited)}")
        # Once a step, and again for a further warning: the pod counts in the texts change often.
        warned = (snapshot.record.step, len(decision.warnings))
        if warned != self._warned:
            for warning in decision.warnings:
                say(f"  warning: {one_line(warning)}")
        self._warned = warned

    def _ask(self, cafe: CafeDeployment, snapshot: Snapshot) -> None:
        from kubectl_cafe.printers.status import cells
        from kubectl_cafe.status.build import status_of

        say(f"\n{cells(status_of(cafe, snapshot, (), None))}\n")
        if cafe.record is not None:
            say(asking(cafe.record.waiting_group))

    def __enter__(self) -> Self:
        self._left.enter_context(aside())
        if self._answered is not None:
            threading.Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._left.close()

    def _listen(self) -> None:
        with suppress(OSError):  # The terminal is closed.
            for line in sys.stdin:
                if self._answered is not None:
                    self._answered(line)


class Live:
    """A live view. Every move is a line that stays above the view, without a failure's message."""

    def __init__(
        self, lease: Lease, observer: Observer, answered: Answered | None = None, who: str = ""
    ) -> None:
        self._who = who
        self._lease = lease
        self._observer = observer
        self._asks = answered is not None
        self._cluster = cluster_flags()
        self._seen: tuple[Snapshot, Decision] | None = None
        self._over = False
        self._screen = Screen(sys.stderr, self._paint, answered)

    def moved(self, cafe: CafeDeployment) -> None:
        """Print one line for the change of state."""
        from kubectl_cafe.record.move_text import move_line

        if cafe.record is not None:
            say(move_line(cafe.record, self._who, brief=True))

    def looked(self, snapshot: Snapshot, decision: Decision) -> None:
        """Keep both for the next picture, which another thread paints."""
        self._seen = (snapshot, decision)
        self._screen.refresh()

    def _paint(self, size: Size) -> Sequence[Text]:
        from kubectl_cafe.api.cafedeployment import CafeDeployment
        from kubectl_cafe.status.build import status_of
        from statemachine.lifecycle import State

        if self._seen is None:
            return []
        snapshot, decision = self._seen
        cafe = CafeDeployment(snapshot.owner)
        silent = self._observer.silence()
        status = status_of(cafe, snapshot, decision.waits, self._lease(), silent=silent)
        if self._over:
            # The last picture stays: the driver and the next commands are printed below it.
            return picture(replace(status, driver="", renewed=None, next=()), size)
        waits = snapshot.record.state is State.AWAITING_CONFIRM and not cafe.waiting_group_confirmed
        question = asking(snapshot.record.waiting_group) + " " if waits and self._asks else ""
        following = all_at(status.next, self._cluster)
        return picture(replace(status, next=following), size, question)

    def __enter__(self) -> Self:
        self._screen.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over = True
        self._screen.__exit__(kind, error, trace)


def asking(group: int) -> str:
    """The question to the user while `group` waits."""
    return f"Confirm group {group}? Type yes or {group}; Ctrl-C leaves it waiting."


def picture(status: Status, size: Size, question: str = "") -> Sequence[Text]:
    """The lines of the live view."""
    from kubectl_cafe.printers import live

    return live.lines(status, size, question=question)

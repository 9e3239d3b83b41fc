"""Whoever shows how a release gets on: plain lines, or a live view in a terminal."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self, TextIO

from kubectl_cafe.cli._tty import lively
from kubectl_cafe.cli.printing import say
from kubectl_cafe.cli.screen import Screen
from kubectl_cafe.text import Size

if TYPE_CHECKING:
    from rich.text import Text

    from kubectl_cafe.cluster.leaseview import LeaseView
    from kubectl_cafe.engine.cafedeployment import CafeDeployment
    from kubectl_cafe.engine.observe import Observer
    from kubectl_cafe.engine.view import Decision, View
    from kubectl_cafe.views.status import Status

Answered = Callable[[str], None]
"""Is told each line that a person types."""
Lease = Callable[[], "LeaseView | None"]
"""Who drives, as far as is known now."""


class Watcher(Protocol):
    """Shows a release for as long as it is entered; see `engine.driver.Watcher`."""

    def moved(self, cafe: CafeDeployment) -> None:
        """The record has changed."""
        ...

    def looked(self, view: View, decision: Decision) -> None:
        """A decision was made."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


def asks() -> bool:
    """Whether a person sits there who can be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def choose(asks: bool, lease: Lease, observer: Observer, answered: Answered) -> Watcher:
    """A live view where stderr is a terminal that can show one, else plain lines."""
    if lively(sys.stderr):
        return Live(lease, observer, answered if asks else None)
    return Lines(answered if asks else None)


class Lines:
    """Plain lines: every move, what is in trouble, and what a person is asked."""

    def __init__(self, answered: Answered | None = None) -> None:
        self._answered = answered
        self._last = ""
        self._warned = (0, 0)
        self._asked: CafeDeployment | None = None

    def moved(self, cafe: CafeDeployment) -> None:
        """One line a move."""
        from kubectl_cafe.views.moves import move_line
        from statemachine.lifecycle import State

        if cafe.record is None:
            return
        say(move_line(cafe.record))
        waits = cafe.record.state is State.AWAITING_CONFIRM
        self._asked = cafe if self._answered and waits else None

    def looked(self, view: View, decision: Decision) -> None:
        """One line when what is in trouble changes; at a terminal, what a person is asked."""
        if self._asked is not None:
            self._ask(self._asked, view)
            self._asked = None
        trouble = "; ".join(w for w in decision.waits if w.startswith("pod "))
        if trouble and trouble != self._last:
            say(f"  {trouble}")
        self._last = trouble
        # Once a step, and where there is one more: the pods that it counts change all the time.
        warned = (view.record.step, len(decision.warnings))
        if warned != self._warned:
            for warning in decision.warnings:
                say(f"  warning: {warning}")
        self._warned = warned

    def _ask(self, cafe: CafeDeployment, view: View) -> None:
        from kubectl_cafe.engine.report import status_of
        from kubectl_cafe.views.status import cells

        say(f"\n{cells(status_of(cafe, view, (), None))}\n")
        if cafe.record is not None:
            say(asking(cafe.record.waiting_group))

    def __enter__(self) -> Self:
        if self._answered is not None:
            threading.Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to clean up."""

    def _listen(self) -> None:
        for line in sys.stdin:
            if self._answered is not None:
                self._answered(line)


class Live:
    """A live view; every move is a line that stays above it."""

    def __init__(self, lease: Lease, observer: Observer, answered: Answered | None = None) -> None:
        self._lease = lease
        self._observer = observer
        self._asks = answered is not None
        self._seen: tuple[View, Decision] | None = None
        self._over = False
        self._screen = Screen(sys.stderr, self._paint, answered)

    def moved(self, cafe: CafeDeployment) -> None:
        """One line a move."""
        from kubectl_cafe.views.moves import move_line

        if cafe.record is not None:
            say(move_line(cafe.record))

    def looked(self, view: View, decision: Decision) -> None:
        """Kept for the next picture: no release waits for one."""
        self._seen = (view, decision)
        self._screen.refresh()

    def _paint(self, size: Size) -> Sequence[Text]:
        from kubectl_cafe.engine.cafedeployment import CafeDeployment
        from kubectl_cafe.engine.report import status_of
        from statemachine.lifecycle import State

        if self._seen is None:
            return []
        view, decision = self._seen
        cafe = CafeDeployment(view.owner)
        silent = self._observer.silence()
        status = status_of(cafe, view, decision.waits, self._lease(), silent=silent)
        if self._over:
            # The last picture stays: who drives then, and what is next, is said beneath it.
            return picture(replace(status, driver="", renewed=None, next=()), size, sys.__stderr__)
        waits = view.record.state is State.AWAITING_CONFIRM and not cafe.waiting_group_confirmed
        question = asking(view.record.waiting_group) + " " if waits and self._asks else ""
        return picture(status, size, sys.__stderr__, question)

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
    """What a person is asked while `group` waits."""
    return f"Confirm group {group}? Type yes or {group}; Ctrl-C leaves it waiting."


def picture(status: Status, size: Size, out: TextIO | None, question: str = "") -> Sequence[Text]:
    """The live view's lines, in characters that `out` can write."""
    from kubectl_cafe.views import live

    unicode = "utf" in (getattr(out, "encoding", None) or "").lower()
    return live.lines(status, size, question=question, ascii_only=not unicode)

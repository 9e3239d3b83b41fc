"""What every verb that drives has in common: its flags, its talk, Ctrl-C and its exit code."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import click

from kubectl_cafe.errors import FAILED, INTERRUPTED, REACHED, WAITS, CafeError

if TYPE_CHECKING:
    from kubectl_cafe.cluster.transport import Transport
    from kubectl_cafe.engine.cafedeployment import CafeDeployment
    from kubectl_cafe.engine.driver import Driver
    from kubectl_cafe.engine.follow import Follower
    from kubectl_cafe.engine.observe import Observer
    from kubectl_cafe.engine.view import Decision, View
    from kubectl_cafe.engine.wheel import Wheel
    from kubectl_cafe.revisions.revision import Revision

LEAVING = "interrupted: no new pods; waiting for those in flight (Ctrl-C again: stop now)"
STOPS = (signal.SIGINT, signal.SIGTERM)
Command = TypeVar("Command", bound=Callable[..., Any])


class Stoppable(Protocol):
    """Whoever ends when `stop` is set, as soon as it looks again."""

    stop: threading.Event

    def wake(self) -> None:
        """Look again now."""
        ...


class Interrupted(CafeError):
    """Stopped for good, in the middle of things."""

    exit_code = INTERRUPTED


def detach_option(verb: Command) -> Command:
    """Add --detach; the verb gets `detach: bool`."""
    return click.option(
        "--detach", is_flag=True, help="Record the move and return; somebody else drives."
    )(verb)


def reason_option(verb: Command) -> Command:
    """Add --reason; the verb gets `reason: str`."""
    return click.option(
        "--reason", default="", metavar="TEXT", help="Why; it is kept in the release's journal."
    )(verb)


def say(text: str) -> None:
    """Talk goes to stderr, cleaned of control characters."""
    from kubectl_cafe.text import printable

    click.echo(printable(text), err=True)


@dataclass
class Lines:
    """A driver's progress as plain lines: every move, and what is in trouble."""

    asks: bool = False
    last: str = ""
    warned: tuple[int, int] = (0, 0)
    asked: CafeDeployment | None = None

    def moved(self, cafe: CafeDeployment) -> None:
        """One line a move."""
        from kubectl_cafe.views.moves import move_line
        from statemachine.lifecycle import State

        if cafe.record is None:
            return
        say(move_line(cafe.record))
        waits = cafe.record.state is State.AWAITING_CONFIRM
        self.asked = cafe if self.asks and waits else None

    def looked(self, view: View, decision: Decision) -> None:
        """One line when what is in trouble changes; at a terminal, what a person is asked."""
        if self.asked is not None:
            self._ask(self.asked, view)
            self.asked = None
        trouble = "; ".join(w for w in decision.waits if w.startswith("pod "))
        if trouble and trouble != self.last:
            say(f"  {trouble}")
        self.last = trouble
        # Once a step, and where there is one more: the pods that it counts change all the time.
        warned = (view.record.step, len(decision.warnings))
        if warned != self.warned:
            for warning in decision.warnings:
                say(f"  warning: {warning}")
        self.warned = warned

    def _ask(self, cafe: CafeDeployment, view: View) -> None:
        from kubectl_cafe.engine.report import status_of
        from kubectl_cafe.views.status import cells

        say(f"\n{cells(status_of(cafe, view, (), None))}\n")
        group = view.record.waiting_group
        say(f"Confirm group {group}? Type yes or {group}; Ctrl-C leaves it waiting.")


def carry(
    wheel: Wheel, cafe: CafeDeployment, who: str, known: Iterable[Revision] | None = None
) -> int:
    """Drive `cafe` to its end or to where a person is waited for; the exit code."""
    from kubectl_cafe.engine import wheel as wheels
    from kubectl_cafe.engine.report import status_of
    from statemachine.lifecycle import State
    from statemachine.steps import Kind

    asks = _asks()
    lines = Lines(asks)
    held: list[Driver | Follower] = []
    with interruptible(held, f"{cafe.name} -n {cafe.namespace}"):

        def ready(driver: Driver) -> None:
            held.append(driver)
            if asks:
                threading.Thread(target=_listen, args=(driver, who), daemon=True).start()

        lines.moved(cafe)
        ended = wheels.drive(wheel, cafe, lines, who=who, known=known, asks=asks, ready=ready)
    if ended.cafe.position.state is State.ABORTED:
        for note in status_of(ended.cafe, ended.view, (), None).notes:
            say(f"  {note}")
    stopped = bool(held) and held[0].stop.is_set()
    back = cafe.record is not None and cafe.record.kind is Kind.ROLLBACK
    return closing(ended.cafe, ended.view, stopped=stopped, back=back, asked=cafe)


def follow(transport: Transport, cafe: CafeDeployment, observer: Observer, who: str) -> int | None:
    """Follow the release that somebody else drives; the exit code, None: nobody drives it.

    Ctrl-C ends the following, never the release.
    """
    from kubectl_cafe.engine.follow import Follower
    from statemachine.steps import Kind

    asks = _asks()
    follower = Follower(transport, cafe, observer, Lines(asks), asks=asks)
    if asks:
        threading.Thread(target=_listen, args=(follower, who), daemon=True).start()
    leaving = "left: whoever drives goes on"
    with interruptible([follower], f"{cafe.name} -n {cafe.namespace}", leaving):
        ended = follower.run()
    if ended.abandoned and not follower.stop.is_set():
        return None
    back = cafe.record is not None and cafe.record.kind is Kind.ROLLBACK
    stopped = follower.stop.is_set()
    return closing(ended.cafe, ended.view, stopped=stopped, back=back, asked=cafe)


def _asks() -> bool:
    """Whether a person sits there who can be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def closing(
    cafe: CafeDeployment,
    view: View | None = None,
    *,
    stopped: bool = False,
    back: bool = True,
    asked: CafeDeployment | None = None,
) -> int:
    """Say how it ended and what is next; the exit code of product.md.

    `back`: to be rolled back is what was asked for, not what became of a release. `asked` is
    the release that the caller meant: one that has taken its place has not reached its goal.
    `view` is the last one, where the pods were looked at.
    """
    from kubectl_cafe.engine.report import next_command, status_of
    from statemachine.lifecycle import RESTING, State

    record = cafe.record
    if record is None:
        return REACHED
    choices = next_command(cafe, driven=False).splitlines()
    for following in status_of(cafe, view, (), None).next if view else choices:
        say(f"  next:  {following}")
    if stopped and record.state not in RESTING:
        return INTERRUPTED
    match record.state:
        case State.COMPLETED:
            replaced = asked is not None and asked.record and asked.record.id != record.id
            return FAILED if replaced else REACHED
        case State.ROLLED_BACK:
            return REACHED if back else FAILED
        case State.AWAITING_CONFIRM | State.PAUSED:
            return WAITS
        case State.FAILED:
            return FAILED
        case _:
            return FAILED


def _listen(driver: Driver | Follower, who: str) -> None:
    """Take a yes typed at the terminal for the group that waits."""
    for line in sys.stdin:
        answer = line.strip().lower()
        group = driver.waiting_group
        if group and answer in ("y", "yes", str(group)):
            driver.confirm(group, who)
        elif group:
            say(f"Not confirmed. Type yes or {group} to confirm group {group}.")


@contextmanager
def interruptible(
    held: Sequence[Stoppable], place: str, leaving: str = LEAVING, following: str = "drive"
) -> Iterator[None]:
    """Ctrl-C (or SIGTERM) once: no new pods, finish those in flight; twice: stop now.

    `following` is the verb that goes on then.
    """

    def interrupted(_number: int, _frame: object) -> None:
        if not held or held[0].stop.is_set():
            raise Interrupted(
                "stopped at once: pods in flight stay as they are, perhaps out of traffic",
                hint=f"kubectl cafe status {place}, then kubectl cafe {following} {place}",
            )
        say(leaving)
        held[0].stop.set()
        # The lock of the memory may be held by this very thread: another one wakes the loop.
        threading.Thread(target=held[0].wake, daemon=True).start()

    before = {number: signal.signal(number, interrupted) for number in STOPS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

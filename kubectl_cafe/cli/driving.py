"""What every verb that drives has in common: its flags, its talk, Ctrl-C and its exit code."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import click

from kubectl_cafe.cli.printing import say as say
from kubectl_cafe.errors import FAILED, INTERRUPTED, REACHED, WAITS, CafeError

if TYPE_CHECKING:
    from kubectl_cafe.cluster.transport import Transport
    from kubectl_cafe.engine.cafedeployment import CafeDeployment
    from kubectl_cafe.engine.driver import Driver
    from kubectl_cafe.engine.follow import Follower
    from kubectl_cafe.engine.observe import Observer
    from kubectl_cafe.engine.view import View
    from kubectl_cafe.engine.wheel import Wheel
    from kubectl_cafe.revisions.revision import Revision
    from statemachine.record import Record

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


def carry(
    wheel: Wheel, cafe: CafeDeployment, who: str, known: Iterable[Revision] | None = None
) -> int:
    """Drive `cafe` to its end or to where a person is waited for; the exit code."""
    from kubectl_cafe.cli import watchers
    from kubectl_cafe.cluster.leaseview import LeaseView
    from kubectl_cafe.engine import wheel as wheels
    from kubectl_cafe.engine.report import status_of
    from statemachine.lifecycle import State

    asks = watchers.asks()
    held: list[Driver | Follower] = []
    ours = LeaseView("this command", True, 0, 0.0)
    watcher = watchers.choose(
        asks, lambda: ours, wheel.observer, lambda text: _answer(held, who, text)
    )
    with interruptible(held, f"{cafe.name} -n {cafe.namespace}"), watcher:
        watcher.moved(cafe)
        ended = wheels.drive(
            wheel, cafe, watcher, who=who, known=known, asks=asks, ready=held.append
        )
    if ended.cafe.position.state is State.ABORTED:
        for note in status_of(ended.cafe, ended.view, (), None).notes:
            say(f"  {note}")
    stopped = bool(held) and held[0].stop.is_set()
    return closing(ended.cafe, ended.view, stopped=stopped, asked=cafe)


def follow(transport: Transport, cafe: CafeDeployment, observer: Observer, who: str) -> int | None:
    """Follow the release that somebody else drives; the exit code, None: nobody drives it.

    Ctrl-C ends the following, never the release.
    """
    from kubectl_cafe.cli import watchers
    from kubectl_cafe.engine.follow import Follower

    asks = watchers.asks()
    held: list[Driver | Follower] = []
    watcher = watchers.choose(
        asks, lambda: follower.lease, observer, lambda text: _answer(held, who, text)
    )
    follower = Follower(transport, cafe, observer, watcher, asks=asks)
    held.append(follower)
    leaving = "left: whoever drives goes on"
    with interruptible(held, f"{cafe.name} -n {cafe.namespace}", leaving), watcher:
        ended = follower.run()
    if ended.abandoned and not follower.stop.is_set():
        return None
    return closing(ended.cafe, ended.view, stopped=follower.stop.is_set(), asked=cafe)


def closing(
    cafe: CafeDeployment,
    view: View | None = None,
    *,
    stopped: bool = False,
    asked: CafeDeployment | None = None,
) -> int:
    """Say how it ended and what is next; the exit code of product.md.

    `asked` is the release as the caller left it: what was reached is held against that. `view`
    is the last one, where the pods were looked at.
    """
    from kubectl_cafe.engine.report import next_command, status_of
    from statemachine.lifecycle import RESTING

    record = cafe.record
    if record is None:
        return REACHED
    if view:
        choices = status_of(cafe, view, (), None).next
    else:
        choices = tuple(next_command(cafe, driven=False).splitlines())
    for following in choices:
        say(f"  next:  {following}")
    if stopped and record.state not in RESTING:
        return INTERRUPTED
    return _reached(record, asked.record if asked and asked.record else record)


def _reached(record: Record, asked: Record) -> int:
    """The exit code where the release that was `asked` for has come to `record`."""
    from statemachine.lifecycle import State
    from statemachine.steps import Kind

    match record.state:
        case State.AWAITING_CONFIRM | State.PAUSED:
            return WAITS
        # Another release may have taken its place.
        case State.COMPLETED if record.id == asked.id:
            return REACHED
        # What somebody wanted, or what has become of an upgrade.
        case State.ROLLED_BACK if asked.kind is Kind.ROLLBACK:
            return REACHED
        case State.ABORTED if asked.forced or asked.state in (State.ABORTING, State.ABORTED):
            return REACHED
        case _:
            return FAILED


def _answer(held: Sequence[Driver | Follower], who: str, text: str) -> None:
    """Take a yes typed at the terminal for the group that waits."""
    group = held[0].waiting_group if held else 0
    answer = text.strip().lower()
    if group and answer in ("y", "yes", str(group)):
        held[0].confirm(group, who)
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
        held[0].stop.set()
        # The locks of the memory and of the screen may be held by this very thread.
        threading.Thread(target=_leave, args=(held[0], leaving), daemon=True).start()

    before = {number: signal.signal(number, interrupted) for number in STOPS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _leave(held: Stoppable, leaving: str) -> None:
    say(leaving)
    held.wake()

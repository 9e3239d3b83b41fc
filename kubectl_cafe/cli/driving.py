"""What every verb that drives has in common: its flags, its talk, and what is typed into it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from kubectl_cafe.cli.ending import Left
from kubectl_cafe.cli.terminal.printing import say as say
from kubectl_cafe.cli.terminal.stopping import SENT, Stopping, Work
from kubectl_cafe.errors import CafeError

if TYPE_CHECKING:
    from kubectl_cafe.api.cafedeployment import CafeDeployment
    from kubectl_cafe.cache.informers import Observer
    from kubectl_cafe.client.transport import Transport
    from kubectl_cafe.driver.follower import Follower
    from kubectl_cafe.driver.leader import Leader
    from kubectl_cafe.driver.loop import Driver
    from kubectl_cafe.revisions.revision import Revision

FOLLOWED = "whoever drives goes on"
Command = TypeVar("Command", bound=Callable[..., Any])


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
    wheel: Leader,
    cafe: CafeDeployment,
    who: str,
    stopping: Stopping,
    known: Iterable[Revision] | None = None,
) -> Left:
    """Drive `cafe` to its end or to where a person is waited for."""
    from kubectl_cafe.cli.terminal import watchers
    from kubectl_cafe.client.lease_view import LeaseView
    from kubectl_cafe.driver import leader as wheels
    from kubectl_cafe.status.build import status_of
    from statemachine.lifecycle import State

    asks = watchers.asks()
    held: list[Driver | Follower] = []
    ours = LeaseView("this command", True, 0, 0.0)
    watcher = watchers.choose(
        asks, lambda: ours, wheel.observer, lambda text: _answer(held, who, text), who
    )

    def ready(driver: Driver) -> None:
        held.append(driver)
        stopping.work = Work(driver)

    with watcher:
        watcher.moved(cafe)
        ended = wheels.drive(wheel, cafe, watcher, who=who, known=known, asks=asks, ready=ready)
    if ended.cafe.position.state is State.ABORTED:
        for note in status_of(ended.cafe, ended.snapshot, (), None).notes:
            say(f"  {note}")
    return Left(ended.cafe, ended.snapshot, stopping.stopped, stopping.timed_out)


def follow(
    transport: Transport, cafe: CafeDeployment, observer: Observer, who: str, stopping: Stopping
) -> Left | str:
    """Follow the release that somebody else drives; how it is left.

    Where it is left without a driver: the resourceVersion of the lease that may be taken.
    Ctrl-C ends the following, never the release.
    """
    from kubectl_cafe.cli.terminal import watchers
    from kubectl_cafe.driver.follower import Follower

    asks = watchers.asks()
    held: list[Driver | Follower] = []
    watcher = watchers.choose(
        asks, lambda: follower.lease, observer, lambda text: _answer(held, who, text), who
    )
    follower = Follower(transport, cafe, observer, watcher, asks=asks)
    held.append(follower)
    stopping.work = Work(follower, FOLLOWED, "left", f"{SENT}; {FOLLOWED}")
    with watcher:
        ended = follower.run()
    if ended.abandoned and not stopping.stopped:
        stopping.work = None
        return ended.lease
    return Left(ended.cafe, ended.snapshot, stopping.stopped, stopping.timed_out)


def _answer(held: Sequence[Driver | Follower], who: str, text: str) -> None:
    """Take a yes typed at the terminal for the group that waits."""
    group = held[0].waiting_group if held else 0
    answer = text.strip().lower()
    if group and answer in ("y", "yes", str(group)):
        try:
            held[0].confirm(group, who)
        except CafeError as error:  # Of the thread that listens: it goes on listening.
            say(f"Not confirmed: {error.message}. Type yes or {group} to try again.")
    elif group:
        say(f"Not confirmed. Type yes or {group} to confirm group {group}.")

"""The common parts of verbs that drive: flags, messages on stderr, and typed confirmations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from kubectl_cafe.cli.terminal.printing import say as say
from kubectl_cafe.cli.terminal.stopping import SENT, Stopping, Work
from kubectl_cafe.durations import remaining
from kubectl_cafe.errors import CafeError
from kubectl_cafe.text import counted

if TYPE_CHECKING:
    from kubectl_cafe.api.cafedeployment import CafeDeployment
    from kubectl_cafe.cache.informers import Observer
    from kubectl_cafe.client.lease_view import LeaseView
    from kubectl_cafe.driver.follower import Follower
    from kubectl_cafe.driver.loop import Driver
    from kubectl_cafe.driver.session import Display

FOLLOWED = "the current driver continues"
Command = TypeVar("Command", bound=Callable[..., Any])


def detach_option(verb: Command) -> Command:
    """Add --detach; the verb gets `detach: bool`."""
    return click.option(
        "--detach", is_flag=True, help="Record it and return; another process drives."
    )(verb)


def reason_option(verb: Command) -> Command:
    """Add --reason; the verb gets `reason: str`."""
    return click.option(
        "--reason", default="", metavar="TEXT", help="The reason, kept in the release's journal."
    )(verb)


class ConsoleReporter:
    """Prints what a session reports on stderr, and takes typed answers (`session.Reporter`)."""

    def __init__(self, observer: Observer, who: str, stopping: Stopping) -> None:
        self._observer = observer
        self._who = who
        self._stopping = stopping
        self._waited: set[str] = set()
        self._work: list[Driver | Follower] = []

    @property
    def asks(self) -> bool:
        """Whether a user is at a terminal to confirm a group."""
        from kubectl_cafe.cli.terminal import watchers

        return watchers.asks()

    def repeated(self, cafe: CafeDeployment) -> None:
        """Print that the move was made before, with its user and time."""
        say_repeated(cafe)

    def nothing_to_drive(self, cafe: CafeDeployment) -> None:
        """Print the state of the release."""
        say(f"{cafe.where} has no unfinished release to drive (state {cafe.position.state})")

    def waits_for(self, lease: LeaseView) -> None:
        """Print the holder of the lease that is waited for, once for each holder."""
        if lease.holder and lease.holder not in self._waited:
            self._waited.add(lease.holder)
            say(
                f"waiting for the lease of {lease.driver}: this command takes over in "
                f"{remaining(lease.seconds_left)} unless it is renewed"
            )

    def invalidates(self, objects: int) -> None:
        """Print on how many objects the previous driver's pending writes are invalidated."""
        say(
            "the previous driver did not release its lease: invalidating its pending writes on "
            + counted(objects, "object")
        )

    def is_slow(self, why: str) -> None:
        """Print why the takeover is slow: the object whose update is waited for."""
        say(f"  waiting for {why}")

    def follows(self, lease: LeaseView) -> None:
        """Print the driver that is followed, and the state of its lease."""
        from kubectl_cafe.client.lease_view import lease_text

        standing = lease_text(lease)
        if lease.live:
            standing = (
                f"driven by {lease.driver} (lease expires in {remaining(lease.seconds_left)})"
            )
        say(f"{standing}; following that driver. Ctrl-C stops following")

    def abandoned(self) -> None:
        """Print that the followed driver has left and that this command takes over."""
        self._stopping.work = None
        say("the release has no driver any more: this command takes over")

    def works(self, work: Driver | Follower) -> None:
        """Let signals stop `work` from now on.

        Ctrl-C on a follower stops the following, never the release.
        """
        from kubectl_cafe.driver.loop import Driver

        self._work[:] = [work]
        if isinstance(work, Driver):
            self._stopping.work = Work(work)
        else:
            self._stopping.work = Work(work, FOLLOWED, "left", f"{SENT}; {FOLLOWED}")

    def display(self, lease: Callable[[], LeaseView | None]) -> Display:
        """The display of the release: a live view, or plain lines."""
        from kubectl_cafe.cli.terminal import watchers

        return watchers.choose(self.asks, lease, self._observer, self._typed, self._who)

    def _typed(self, text: str) -> None:
        _answer(self._work, self._who, text)


def say_repeated(cafe: CafeDeployment) -> None:
    """Print that a move was made already, with its user and time."""
    from kubectl_cafe.planning.allowed_commands import last_said

    if cafe.record is not None:
        last = last_said(cafe.record)
        say(f"{cafe.where} is already {cafe.record.state} ({last}); nothing was written")


def _answer(held: Sequence[Driver | Follower], who: str, text: str) -> None:
    """Confirm the waiting group if the typed `text` is y, yes or the group's number."""
    group = held[0].waiting_group if held else 0
    answer = text.strip().lower()
    if group and answer in ("y", "yes", str(group)):
        try:
            held[0].confirm(group, who)
        except CafeError as error:  # An exception would end the thread that reads the terminal.
            say(f"Not confirmed: {error.message}. Type yes or {group} to try again.")
    elif group:
        say(f"Not confirmed. Type yes or {group} to confirm group {group}.")

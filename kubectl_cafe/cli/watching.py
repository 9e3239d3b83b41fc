"""`status -w` and `status --for`: one release, watched until Ctrl-C or a state."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING

import click

from kubectl_cafe.cli.connection import Connection
from kubectl_cafe.cli.once import show, typed
from kubectl_cafe.cli.terminal._tty import lively
from kubectl_cafe.cli.terminal.printing import show_event
from kubectl_cafe.cli.terminal.screen import Screen
from kubectl_cafe.cli.terminal.watchers import picture
from kubectl_cafe.printers.output import DATA
from kubectl_cafe.printers.status import line, news, result
from kubectl_cafe.record import store
from kubectl_cafe.status import awaited_state
from kubectl_cafe.status.model import Status
from kubectl_cafe.status.watch import TICK, Watching
from kubectl_cafe.text import Size, one_line
from statemachine.lifecycle import State

if TYPE_CHECKING:
    from rich.text import Text


def follow(
    connection: Connection,
    name: str,
    output: str | None,
    *,
    watch: bool,
    target: State | None,
    timeout: float | None,
) -> None:
    """Wait until the state `target` is reached (None: for ever); print every change if `watch`.

    Raises Missing once the CafeDeployment is deleted, OutOfReach if `target` can't be reached any
    more and, after `timeout` seconds, TimedOut.
    """
    transport = connection.transport
    cafe, clock = store.read(transport, connection.namespace, name), transport.clock
    began = clock.monotonic()
    end = began + timeout if timeout else float("inf")
    watching, shown = Watching(transport, cafe), _shown(output) if watch else None
    with watching.running(), shown or nullcontext():
        while True:
            if shown is not None:
                shown.show(typed(watching.look()))
            if target is not None and awaited_state.reached(
                watching.cafe, target, first=cafe, waited=clock.monotonic() - began
            ):
                break
            rest = end - clock.monotonic()
            if target is not None and timeout and rest <= 0:
                raise awaited_state.timed_out(watching.cafe, target, timeout)
            watching.wait(min(TICK, rest))
        reached = typed(watching.look())
    if not watch:
        show(reached, output)


def _shown(output: str | None) -> LiveStatus | ChangedLines:
    """A live view if stdout is a terminal that can show one, else a line for every change."""
    live = output in (None, "wide") and lively(sys.stdout)
    return LiveStatus() if live else ChangedLines(output)


class LiveStatus(Screen):
    """The live view of `status -w`."""

    def __init__(self) -> None:
        super().__init__(sys.stdout, self._picture)
        self._status: Status | None = None

    def show(self, status: Status) -> None:
        """Show `status` in the next picture."""
        self._status = status
        self.refresh()

    def _picture(self, size: Size) -> Sequence[Text]:
        return picture(self._status, size) if self._status else []


class ChangedLines:
    """Prints the whole status first, then a line, or an object, for every change."""

    def __init__(self, output: str | None) -> None:
        self._output = output
        self._last: Status | None = None

    def show(self, status: Status) -> None:
        """Print `status` if it differs from the last one."""
        last, self._last = self._last, status
        if last is not None and not news(last, status):
            return
        if self._output in DATA:
            show_event(result(status, None), self._output)
        elif last is None or self._output == "name":
            show(status, self._output)
        elif line(last) != line(status):
            click.echo(one_line(f"{status.time[11:19]}Z  {line(status)}"))

    def __enter__(self) -> ChangedLines:
        return self

    def __exit__(self, *_: object) -> None:
        """Do nothing: there is nothing to clean up."""

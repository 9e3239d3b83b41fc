"""`drive`: take the wheel of an unfinished release that nobody drives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kubectl_cafe.cli import options
from kubectl_cafe.cli.driving import carry, say
from kubectl_cafe.cli.options import AccessFlags
from kubectl_cafe.cli.session import connect
from kubectl_cafe.errors import REACHED

if TYPE_CHECKING:
    from kubectl_cafe.cluster.leaseview import LeaseView


@click.command("drive", short_help="Take the wheel of a release that nobody drives")
@click.argument("name")
@options.access_options
def command(access: AccessFlags, *, name: str) -> int:
    """Go on with the unfinished release of NAME, wherever its last driver left it.

    If that driver died without giving its lease back, this waits until the lease has run
    out (at most 32 seconds). While it lives, it waits for its end; Ctrl-C stops waiting.
    """
    from kubectl_cafe.engine import journal, wheel
    from kubectl_cafe.engine.observe import Observer
    from statemachine.lifecycle import RESTING

    session = connect(access)
    cafe = journal.read(session.transport, session.namespace, name)
    if cafe.record is None or cafe.record.state in RESTING:
        say(f"{cafe.where} is {cafe.position.state}: there is nothing to drive")
        return REACHED
    told: set[str] = set()

    def waiting(view: LeaseView) -> None:
        if view.holder and view.holder not in told:
            told.add(view.holder)
            say(f"waiting for the lease of {view.holder} (runs out in {view.seconds_left:.0f} s)")

    observer = Observer(session.transport, cafe)
    with (
        observer.running(),
        wheel.hold(session.transport, cafe, observer, wait=True, told=waiting) as held,
    ):
        cafe = journal.read(session.transport, session.namespace, name)
        if cafe.record is None or cafe.record.state in RESTING:
            say(f"{cafe.where} is {cafe.position.state}: there is nothing to drive")
            return REACHED
        return carry(held, cafe, session.who())

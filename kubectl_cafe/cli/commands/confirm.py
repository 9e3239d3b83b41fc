"""`confirm`: confirm the group that waits, and drive on."""

from __future__ import annotations

import click

from kubectl_cafe.cli import completing
from kubectl_cafe.cli.moving import Said, move_and_drive, saying_options


@click.command("confirm", short_help="Confirm the group that waits, and drive on")
@click.option(
    "--group",
    type=click.IntRange(min=1),
    metavar="N",
    help="The group that is meant; refused if another one waits.",
    shell_complete=completing.offer(completing.waiting_group),
)
@saying_options
def command(said: Said, *, group: int | None) -> int:
    """Confirm the group of NAME's release that waits, and drive on.

    With --group a repeat can't confirm the group after it. While somebody else drives, it is
    recorded for them and followed.
    """
    from kubectl_cafe.release import moves

    return move_and_drive(
        said, lambda transport, cafe, mover: moves.confirm(transport, cafe, mover, group)
    )

"""`confirm`: confirm the group that waits, and drive on."""

from __future__ import annotations

import click

from kubectl_cafe.cli import completing
from kubectl_cafe.cli.moving import Said, move_and_drive, saying_options


@click.command("confirm", short_help="Confirm the waiting group and continue the release")
@click.option(
    "--group",
    type=click.IntRange(min=1),
    metavar="N",
    help="The number of the group; refused if another group waits.",
    shell_complete=completing.offer(completing.waiting_group),
)
@saying_options
def command(said: Said, *, group: int | None) -> int:
    """Confirm the group that NAME's release waits for, and continue the release.

    With --group a repeated command can't confirm the next group. If another process drives
    the release, the confirmation is recorded and this command follows that driver.
    """
    from kubectl_cafe.release import moves

    return move_and_drive(
        said, lambda transport, cafe, mover: moves.confirm(transport, cafe, mover, group)
    )

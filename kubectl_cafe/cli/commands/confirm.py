"""`confirm`: confirm the group that waits, and drive on."""

from __future__ import annotations

import click

from kubectl_cafe.cli import completing, options
from kubectl_cafe.cli.driving import detach_option, reason_option
from kubectl_cafe.cli.ending import Ends, ending_options
from kubectl_cafe.cli.moving import move_and_drive
from kubectl_cafe.cli.options import AccessFlags


@click.command("confirm", short_help="Confirm the group that waits, and drive on")
@options.name_argument()
@click.option(
    "--group",
    type=click.IntRange(min=1),
    metavar="N",
    help="The group that is meant; refused if another one waits.",
    shell_complete=completing.offer(completing.waiting_group),
)
@reason_option
@detach_option
@ending_options
@options.access_options
def command(
    access: AccessFlags,
    *,
    name: str,
    group: int | None,
    reason: str,
    detach: bool,
    ends: Ends,
) -> int:
    """Confirm the group of NAME's release that waits, and drive on.

    With --group a repeat can't confirm the group after it. While somebody else drives, it is
    recorded for them and followed.
    """
    from kubectl_cafe.release import moves

    return move_and_drive(
        access,
        name,
        reason,
        lambda transport, cafe, mover: moves.confirm(transport, cafe, mover, group),
        detach=detach,
        ends=ends,
    )

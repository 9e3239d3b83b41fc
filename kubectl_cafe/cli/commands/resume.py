"""`resume`: go on after a pause."""

from __future__ import annotations

import click

from kubectl_cafe.cli import options
from kubectl_cafe.cli.driving import detach_option, reason_option
from kubectl_cafe.cli.ending import Ends, ending_options
from kubectl_cafe.cli.moving import move_and_drive
from kubectl_cafe.cli.options import AccessFlags


@click.command("resume", short_help="Go on after a pause")
@options.name_argument()
@reason_option
@detach_option
@ending_options
@options.access_options
def command(
    access: AccessFlags,
    *,
    name: str,
    reason: str,
    detach: bool,
    ends: Ends,
) -> int:
    """Resume the paused release of NAME, and drive it.

    A release that was paused while a group waited waits for that confirmation again.
    """
    from kubectl_cafe.release import moves

    return move_and_drive(
        access,
        name,
        reason,
        moves.resume,
        detach=detach,
        ends=ends,
    )

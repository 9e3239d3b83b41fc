"""`retry`: go on with the group that failed."""

from __future__ import annotations

import click

from kubectl_cafe.cli import options
from kubectl_cafe.cli.driving import detach_option, reason_option
from kubectl_cafe.cli.ending import Ends, ending_options
from kubectl_cafe.cli.moving import move_and_drive
from kubectl_cafe.cli.options import AccessFlags


@click.command("retry", short_help="Go on with the group that failed")
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
    """Go on with the group that failed, with its deadline counted anew, and drive."""
    from kubectl_cafe.release import moves
    from statemachine.lifecycle import Trigger

    return move_and_drive(
        access,
        name,
        reason,
        lambda transport, cafe, mover: moves.say(transport, cafe, Trigger.RETRY, mover),
        detach=detach,
        ends=ends,
    )

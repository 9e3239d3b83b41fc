"""`retry`: go on with the group that failed."""

from __future__ import annotations

import click

from kubectl_cafe.cli.moving import Said, move_and_drive, saying_options


@click.command("retry", short_help="Continue a failed release with the group that failed")
@saying_options
def command(said: Said) -> int:
    """Continue the failed release of NAME with the group that failed, with a new deadline."""
    from kubectl_cafe.release import moves
    from statemachine.lifecycle import Trigger

    return move_and_drive(
        said, lambda transport, cafe, mover: moves.say(transport, cafe, Trigger.RETRY, mover)
    )

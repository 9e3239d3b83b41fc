"""`retry`: continue a failed release with the failed group."""

from __future__ import annotations

import click

from kubectl_cafe.cli.moving import Said, move_and_drive, saying_options


@click.command("retry", short_help="Retry the failed group of a release")
@saying_options
def command(said: Said) -> int:
    """Retry the failed group of NAME's release, with a new deadline."""
    from kubectl_cafe.release import moves
    from statemachine.lifecycle import Trigger

    return move_and_drive(
        said,
        lambda transport, cafe, mover: moves.record_move(transport, cafe, Trigger.RETRY, mover),
    )

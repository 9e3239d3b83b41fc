"""`resume`: continue a paused release."""

from __future__ import annotations

import click

from kubectl_cafe.cli.moving import Said, move_and_drive, saying_options


@click.command("resume", short_help="Continue a paused release")
@saying_options
def command(said: Said) -> int:
    """Continue the paused release of NAME, and drive it.

    If a group waited for its confirmation before the pause, it waits for it again.
    """
    from kubectl_cafe.release import moves

    return move_and_drive(said, moves.resume)

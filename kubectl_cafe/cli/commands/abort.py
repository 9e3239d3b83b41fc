"""`abort`: end the release where it stands."""

from __future__ import annotations

import click

from kubectl_cafe.cli import options
from kubectl_cafe.cli.driving import detach_option, reason_option
from kubectl_cafe.cli.ending import Ends, ending_options
from kubectl_cafe.cli.moving import move_and_drive
from kubectl_cafe.cli.options import AccessFlags


@click.command("abort", short_help="End the release where it stands")
@options.name_argument()
@click.option(
    "--force",
    is_flag=True,
    help="At once, even if pods stay out of traffic; it lists them.",
)
@reason_option
@detach_option
@ending_options
@options.access_options
def command(
    access: AccessFlags,
    *,
    name: str,
    force: bool,
    reason: str,
    detach: bool,
    ends: Ends,
) -> int:
    """End the release of NAME where it stands: pods in flight finish, the others stay.

    While somebody drives it is recorded for them and followed; else this command carries it
    out. The exit code is 0 once it is aborted or, with --detach, recorded.
    """
    from kubectl_cafe.release import moves

    return move_and_drive(
        access,
        name,
        reason,
        lambda transport, cafe, mover: moves.abort(transport, cafe, mover, force),
        detach=detach,
        ends=ends,
    )

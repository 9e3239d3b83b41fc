"""`abort`: end the release where it stands."""

from __future__ import annotations

import click

from kubectl_cafe.cli.moving import Said, move_and_drive, saying_options


@click.command("abort", short_help="End the release where it stands")
@click.option(
    "--force",
    is_flag=True,
    help="End at once. Pods that are out of traffic stay so and are listed.",
)
@saying_options
def command(said: Said, *, force: bool) -> int:
    """End the release of NAME where it stands: pods in flight finish, the others stay.

    If another process drives the release, the abort is recorded and this command follows it;
    otherwise this command carries it out. The exit code is 0 once the release is aborted or,
    with --detach, once the abort is recorded.
    """
    from kubectl_cafe.release import moves

    return move_and_drive(
        said, lambda transport, cafe, mover: moves.abort(transport, cafe, mover, force)
    )

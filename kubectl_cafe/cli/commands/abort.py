"""`abort`: end the release without upgrading further pods."""

from __future__ import annotations

import click

from kubectl_cafe.cli.moving import Said, move_and_drive, saying_options


@click.command("abort", short_help="End a release without upgrading further pods")
@click.option(
    "--force",
    is_flag=True,
    help="End immediately. Pods that are out of traffic stay out of it and are listed.",
)
@saying_options
def command(said: Said, *, force: bool) -> int:
    """End the release of NAME: pods in flight finish, all others keep their image.

    If another process drives the release, the abort is recorded and this command follows it;
    otherwise this command carries it out. The exit code is 0 once the release is aborted or,
    with --detach, once the abort is recorded.
    """
    from kubectl_cafe.release import moves

    return move_and_drive(
        said, lambda transport, cafe, mover: moves.abort(transport, cafe, mover, force)
    )

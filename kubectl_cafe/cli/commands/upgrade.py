"""`upgrade`: start a release and drive it."""

from __future__ import annotations

import click

from kubectl_cafe.cli import completing, options
from kubectl_cafe.cli.connection import connect
from kubectl_cafe.cli.options import AccessFlags
from kubectl_cafe.cli.proposing import image_option, wanted_of_file
from kubectl_cafe.cli.releasing import Flags, release, release_options
from kubectl_cafe.errors import REACHED


@click.command("upgrade", short_help="Start a release and carry it out")
@options.name_argument(required=False)
@image_option
@click.option(
    "-f",
    "--filename",
    "file",
    metavar="FILE",
    help="The file with the CafeDeployment (-: stdin); it is created if it does not exist.",
    shell_complete=completing.offer_files,
)
@release_options
@options.access_options
def command(
    access: AccessFlags,
    *,
    name: str | None,
    file: str | None,
    images: dict[str, str],
    flags: Flags,
) -> int:
    """Release the CafeDeployment NAME: its present spec, other images, or the spec of a file.

    Pods are upgraded in place, group by group. The command drives until the release ends
    (exit code 0, or 4 if it failed) or waits for a confirmation or a decision (3). A second
    upgrade to the same target continues the release.
    """
    from kubectl_cafe.preflight import prepare

    connection = connect(access)
    if file is not None:
        wanted = wanted_of_file(connection, access, name, file, images, flags.yes, flags.dry_run)
    elif name is not None:
        wanted = prepare.wanted(connection.transport, connection.namespace, name, images)
    else:
        raise _usage("NAME or -f FILE is required")
    if wanted is None:
        return REACHED
    return release(connection, wanted, flags, file)


def _usage(message: str) -> click.UsageError:
    return click.UsageError(message, click.get_current_context())

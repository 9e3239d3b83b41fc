"""`upgrade`: start a release and drive it."""

from __future__ import annotations

import click

from kubectl_cafe.cli import completing, options
from kubectl_cafe.cli.connection import connect
from kubectl_cafe.cli.driving import detach_option, reason_option
from kubectl_cafe.cli.ending import Ends, ending_options
from kubectl_cafe.cli.options import AccessFlags, DryRun
from kubectl_cafe.cli.proposing import image_option, wanted_of_file
from kubectl_cafe.cli.releasing import release
from kubectl_cafe.errors import REACHED

NO_OUTCOME = (
    "-o prints the result of a release and cannot be used with --dry-run; "
    "use plan -o to print what would be done"
)


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
@click.option(
    "--supersede",
    is_flag=True,
    help="Replace an unfinished release that waits for a confirmation, is paused or has failed.",
)
@reason_option
@detach_option
@ending_options
@options.yes_option
@options.dry_run_option
@options.access_options
def command(
    access: AccessFlags,
    *,
    name: str | None,
    file: str | None,
    images: dict[str, str],
    supersede: bool,
    reason: str,
    detach: bool,
    ends: Ends,
    yes: bool,
    dry_run: DryRun,
) -> int:
    """Release the CafeDeployment NAME: its present spec, other images, or the spec of a file.

    Pods are upgraded in place, group by group. The command drives until the release ends
    (exit code 0, or 4 if it failed) or waits for a confirmation or a decision (3). A second
    upgrade to the same target continues the release.
    """
    from kubectl_cafe.preflight import prepare

    if ends.output and dry_run != "none":
        raise _usage(NO_OUTCOME)
    connection = connect(access)
    if file is not None:
        wanted = wanted_of_file(connection, access, name, file, images, yes, dry_run)
    elif name is not None:
        wanted = prepare.wanted(connection.transport, connection.namespace, name, images)
    else:
        raise _usage("NAME or -f FILE is required")
    if wanted is None:
        return REACHED
    return release(
        connection,
        wanted,
        supersede=supersede,
        reason=reason,
        detach=detach,
        ends=ends,
        yes=yes,
        dry_run=dry_run,
        file=file,
    )


def _usage(message: str) -> click.UsageError:
    return click.UsageError(message, click.get_current_context())

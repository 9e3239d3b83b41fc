"""`upgrade`: start a release and drive it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from kubectl_cafe.cli import completing, options
from kubectl_cafe.cli.connection import connect
from kubectl_cafe.cli.driving import detach_option, reason_option, say
from kubectl_cafe.cli.ending import Ends, ending_options, nothing_to_do
from kubectl_cafe.cli.exits import cluster_flags
from kubectl_cafe.cli.moving import look_and_steer, record_only, steer
from kubectl_cafe.cli.options import AccessFlags, DryRun
from kubectl_cafe.cli.proposing import ask, image_option, wanted_of_file
from kubectl_cafe.cli.terminal._tty import width_of
from kubectl_cafe.cli.terminal.printing import say_next
from kubectl_cafe.errors import REACHED
from kubectl_cafe.hints import argument, kubectl
from kubectl_cafe.text import counted

if TYPE_CHECKING:
    from kubectl_cafe.planning.proposal import Proposal
    from kubectl_cafe.preflight.prepare import Prepared

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
    from kubectl_cafe.printers.plan import render

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
    cafe = wanted.cafe
    if wanted.under_way and not supersede:
        if detach or dry_run != "none":
            say(f"{cafe.where}: this release is already under way; nothing was written")
            return nothing_to_do(cafe, ends.output)
        say(f"{cafe.where}: this release is already under way; continuing it")
        return look_and_steer(connection, cafe, ends=ends)
    with prepare.release(connection.transport, wanted, supersede=supersede) as ready:
        if ready.idle:
            _say_idle(ready, file)
            return nothing_to_do(cafe, ends.output)
        say(render(ready.plan(connection.context, cluster_flags()), width=width_of(sys.stderr)))
        ready.refuse(connection.transport)
        if dry_run != "none":
            say(f"dry run ({dry_run}): nothing was written")
            return REACHED
        ask(connection, cafe, _effect(ready.proposal), yes or wanted.created)
        begun = ready.beginning()
        if detach:
            return record_only(connection, cafe, reason, begun.record, ends.output)
        return steer(
            connection,
            cafe,
            ready.observer,
            begun.record,
            reason=reason,
            known=lambda: begun.revisions,
            ends=ends,
        )


def _usage(message: str) -> click.UsageError:
    return click.UsageError(message, click.get_current_context())


def _say_idle(ready: Prepared, file: str | None) -> None:
    """Print that all pods are at the target and, for a file, that the rest of its spec differs."""
    cafe = ready.case.cafe
    for warning in ready.proposal.warnings:
        say(f"warning: {warning}")
    say(f"{cafe.where} is already at the target; nothing was written")
    if ready.case.wished.spec != cafe.spec:
        say_next(
            kubectl(f"apply -f {argument(file or 'FILE')}") + "   (the rest of its spec differs)"
        )


def _effect(proposed: Proposal) -> str:
    """The effect of the release, as text."""
    pods = counted(sum(proposed.plan.cells.values()), "pod")
    return f"{proposed.kind} of {pods} to {proposed.target}"

"""`plan`: what a release would do; writes nothing."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from kubectl_cafe.cli import completing, options
from kubectl_cafe.cli.connection import connect
from kubectl_cafe.cli.exits import cluster_flags
from kubectl_cafe.cli.options import AccessFlags
from kubectl_cafe.cli.proposing import image_option
from kubectl_cafe.cli.terminal._tty import width_of
from kubectl_cafe.errors import REFUSED

if TYPE_CHECKING:
    from kubectl_cafe.planning.plan import PlanView

NOTHING, CHANGES = 0, 1


@click.command("plan", short_help="Show the groups, the template's changes and every finding")
@options.name_argument()
@image_option
@click.option("--rollback", is_flag=True, help="Show what `rollback NAME` would do.")
@click.option("--fast", is_flag=True, help="With --rollback: roll back in one group.")
@click.option(
    "--to-revision",
    type=click.IntRange(min=0),
    default=0,
    metavar="N",
    help="With --rollback: the revision's number, as `history` shows it.",
    shell_complete=completing.offer(completing.revisions),
)
@options.output_option("wide", "json", "yaml", "name")
@options.access_options
def command(
    access: AccessFlags,
    *,
    name: str,
    images: dict[str, str],
    rollback: bool,
    fast: bool,
    to_revision: int,
    output: str | None,
) -> int:
    """Show what `upgrade NAME` with the same flags would do. Nothing is written.

    Dry-runs the first patches on one pod of each cell (server-side), and reads the nodes and
    the pull secrets, as far as your permissions allow.

    Exit code 0: nothing to do; 1: there are changes; 2 or above: an error, or (7) `upgrade`
    would be refused.
    """
    from kubectl_cafe.cli.terminal.printing import show
    from kubectl_cafe.errors import ERROR, USAGE, CafeError
    from kubectl_cafe.printers.plan import result

    try:
        if not rollback and (fast or to_revision):
            raise click.UsageError("--fast and --to-revision require --rollback", _context())
        if rollback and images:
            raise click.UsageError("--image cannot be used with --rollback", _context())
        plan = (
            _rollback(access, name, fast, to_revision) if rollback else _plan(access, name, images)
        )
    except CafeError as error:
        # 1 means "there are changes", as in kubectl diff.
        error.exit_code = USAGE if error.exit_code == ERROR else error.exit_code
        raise
    show(result(plan, width_of(sys.stdout)), output)
    if plan.refused:
        return REFUSED
    return CHANGES if plan.needed else NOTHING


def _plan(access: AccessFlags, name: str, images: dict[str, str]) -> PlanView:
    from kubectl_cafe.preflight import prepare

    connection = connect(access)
    wanted = prepare.wanted(connection.transport, connection.namespace, name, images)
    with prepare.release(connection.transport, wanted, thorough=True) as ready:
        return ready.plan(connection.context, cluster_flags())


def _context() -> click.Context:
    return click.get_current_context()


def _rollback(access: AccessFlags, name: str, fast: bool, number: int) -> PlanView:
    from kubectl_cafe.cache.informers import Observer
    from kubectl_cafe.preflight import prepare
    from kubectl_cafe.record import store

    connection = connect(access)
    cafe = store.read(connection.transport, connection.namespace, name)
    observer = Observer(connection.transport, cafe)
    with observer.running():
        ready = prepare.rollback(connection.transport, cafe, observer, fast, number)
    return ready.plan(connection.context, cluster_flags())

"""`history`: every revision, with user, time and outcome of its release."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from kubectl_cafe.cli import options
from kubectl_cafe.cli.connection import Connection, connect
from kubectl_cafe.cli.options import AccessFlags
from kubectl_cafe.cli.terminal._tty import width_of

if TYPE_CHECKING:
    from kubectl_cafe.api.cafedeployment import CafeDeployment
    from kubectl_cafe.client.transport import Transport
    from kubectl_cafe.pods.model import Pod


@click.command("history", short_help="Show the releases with their users, times and results")
@options.name_argument(required=False)
@options.revision_option(
    "Show this revision in full: template, difference from the previous one, releases."
)
@options.release_option("Show this release in full, with its journal.")
@click.option(
    "--since",
    type=options.Duration(),
    default=None,
    metavar="TIME",
    help="Show only releases that started or ended within this time before now (24h, 90m).",
)
@options.all_namespaces_option
@options.output_option("wide", "json", "yaml", "name")
@options.access_options
def command(
    access: AccessFlags,
    *,
    name: str | None,
    revision: int,
    release: str,
    since: float | None,
    all_namespaces: bool,
    output: str | None,
) -> None:
    """Show the releases of NAME in the order of time; without a name, those of the namespace.

    TO is the number of a revision, as `rollback --to-revision` takes it; PODS is the number of
    pods that run its images now. Releases beyond spec.historyLimit have been deleted.
    """
    _check(name, all_namespaces, revision, release)
    connection = connect(access)
    if name is None:
        _list(connection, None if all_namespaces else connection.namespace, since, output)
    else:
        _show(connection, name, revision, release, since, output)


def _check(name: str | None, all_namespaces: bool, revision: int, release: str) -> None:
    """Raise UsageError for flags that exclude each other."""
    problem = ""
    if name and all_namespaces:
        problem = options.NAME_AND_ALL
    elif revision and release:
        problem = "--revision cannot be used with --release"
    elif not name and (revision or release):
        problem = "--revision and --release require a NAME"
    if problem:
        raise click.UsageError(problem, click.get_current_context())


def _show(
    connection: Connection,
    name: str,
    revision: int,
    release: str,
    since: float | None,
    output: str | None,
) -> None:
    """Print the history of one CafeDeployment.

    `since`: only releases of the last so many seconds; None: all.
    """
    from kubectl_cafe.cache import direct_reads
    from kubectl_cafe.cli.driving import say
    from kubectl_cafe.cli.terminal.printing import show
    from kubectl_cafe.history import listing
    from kubectl_cafe.planning import rollback_target
    from kubectl_cafe.printers import history as view
    from kubectl_cafe.record import store

    transport = connection.transport
    cafe = store.read(transport, connection.namespace, name)
    known = direct_reads.read_revisions(transport, cafe)
    stored = direct_reads.read_records(transport, cafe)
    chosen = rollback_target.numbered(cafe, known, revision) if revision else None
    now = transport.server_time()
    history = listing.history_of(cafe, known, stored, _pods(transport, cafe), now)
    history = listing.since(history, now - since) if since else history
    detail = listing.detail_of(history, known, chosen) if chosen else None
    one = listing.with_id(cafe, history, release) if release else None
    show(view.result(history, detail, one, width_of(sys.stdout)), output)
    if not (history.releases or detail) and output in (None, "wide"):
        say(f"{cafe.where}: {NONE}" if since else f"{cafe.where} has no release yet")


NONE = "no release in this time"


def _list(
    connection: Connection, namespace: str | None, since: float | None, output: str | None
) -> None:
    """Print the releases of all CafeDeployments of `namespace` (None: of all namespaces)."""
    from kubectl_cafe.cli.driving import say
    from kubectl_cafe.cli.terminal.printing import show
    from kubectl_cafe.history import everywhere
    from kubectl_cafe.printers import history as view

    lines = everywhere.read(connection.transport, namespace, since)
    spaces, width = namespace is None, width_of(sys.stdout)
    show(view.placed_result(lines, spaces=spaces, width=width), output)
    if not lines and output in (None, "wide"):
        where = f"in namespace {namespace}" if namespace else "in any namespace"
        say(f"{NONE if since else 'no release'} {where}")


def _pods(transport: Transport, cafe: CafeDeployment) -> list[Pod]:
    """The pods that the CafeDeployment's selector selects."""
    from kubectl_cafe.client import paths
    from kubectl_cafe.pods.model import parse

    query = {"labelSelector": cafe.label_selector}
    return [parse(item) for item in transport.list(paths.pods(cafe.namespace), query).items]

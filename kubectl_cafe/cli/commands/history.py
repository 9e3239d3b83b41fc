"""`history`: every revision, who released it, when, from where, and how it ended."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from kubectl_cafe.cli import completing, options
from kubectl_cafe.cli.options import AccessFlags
from kubectl_cafe.cli.session import connect
from kubectl_cafe.cli.terminal._tty import width_of

if TYPE_CHECKING:
    from kubectl_cafe.api.cafedeployment import CafeDeployment
    from kubectl_cafe.client.transport import Transport
    from kubectl_cafe.pods.model import Pod


@click.command("history", short_help="Show the revisions with their releases and results")
@options.name_argument()
@click.option(
    "--revision",
    type=click.IntRange(min=0),
    default=0,
    metavar="N",
    help="Show this revision in full: template, difference from the previous one, journal.",
    shell_complete=completing.offer(completing.revisions),
)
@options.output_option("wide", "json", "yaml", "name")
@options.access_options
def command(access: AccessFlags, *, name: str, revision: int, output: str | None) -> None:
    """Show every revision of NAME with its last release; with --revision one of them in full.

    PODS is the number of pods that run a revision's images now. Revisions beyond
    spec.historyLimit have been deleted.
    """
    from kubectl_cafe.cache import direct_reads
    from kubectl_cafe.cli.driving import say
    from kubectl_cafe.cli.terminal.printing import print_data
    from kubectl_cafe.history import listing
    from kubectl_cafe.planning import rollback_target
    from kubectl_cafe.printers import history as view
    from kubectl_cafe.record import store

    session = connect(access)
    transport = session.transport
    cafe = store.read(transport, session.namespace, name)
    known = direct_reads.read_revisions(transport, cafe)
    chosen = rollback_target.numbered(cafe, known, revision) if revision else None
    told = listing.history_of(cafe, known, _pods(transport, cafe), transport.server_time())
    detail = listing.detail_of(told, known, chosen) if chosen else None
    if output in ("json", "yaml"):
        print_data(view.document(told, detail), output)
    elif output == "name":
        click.echo(view.names(told, detail), nl=bool(known))
    elif detail is not None:
        click.echo(view.detail(told, detail, width_of(sys.stdout)))
    elif not known:
        say(f"{cafe.where} has no release yet")
    else:
        click.echo(view.render(told, wide=output == "wide", width=width_of(sys.stdout)))


def _pods(transport: Transport, cafe: CafeDeployment) -> list[Pod]:
    """The pods that the CafeDeployment's selector finds."""
    from kubectl_cafe.client import paths
    from kubectl_cafe.pods.model import parse

    query = {"labelSelector": cafe.label_selector}
    return [parse(item) for item in transport.list(paths.pods(cafe.namespace), query).items]

"""`status`: cells, groups and pods of a release, and what is waited for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kubectl_cafe.cli import options
from kubectl_cafe.cli.options import AccessFlags
from kubectl_cafe.cli.session import Session, connect

if TYPE_CHECKING:
    from kubectl_cafe.views.status import Status


@click.command("status", short_help="Show cells, groups and pods, and what is waited for")
@options.name_argument(required=False)
@options.output_option("wide", "json", "yaml", "name")
@options.access_options
def command(access: AccessFlags, *, name: str | None, output: str | None) -> None:
    """Show the release of NAME; without a name every CafeDeployment of the namespace."""
    from kubectl_cafe.cli.printing import print_data
    from kubectl_cafe.names import PLURAL
    from kubectl_cafe.views.status import document, render

    session = connect(access)
    if name is None:
        _list(session, output)
        return
    status = _status(session, name)
    if output in ("json", "yaml"):
        print_data(document(status), output)
    elif output == "name":
        click.echo(f"{PLURAL}/{status.name}")
    else:
        click.echo(render(status, wide=output == "wide"))


def _list(session: Session, output: str | None) -> None:
    """One line for each CafeDeployment."""
    from kubectl_cafe.cli.printing import print_data
    from kubectl_cafe.cluster import paths
    from kubectl_cafe.names import PLURAL
    from kubectl_cafe.views.table import table

    items = session.transport.list(paths.cafedeployments(session.namespace)).items
    if output == "name":
        for item in items:
            click.echo(f"{PLURAL}/{item['metadata']['name']}")
        return
    rows = [(item["metadata"]["name"], item.get("status") or {}) for item in items]
    if output in ("json", "yaml"):
        print_data([{"name": name, **status} for name, status in rows], output)
        return
    if not rows:
        click.echo(f"No CafeDeployments found in {session.namespace} namespace.", err=True)
        return
    heads = ("name", "state", "group", "pods", "updated", "ready")
    counts = ("group", "replicas", "updatedReplicas", "readyReplicas")
    shown = [
        (name, status.get("state", "Idle"), *(status.get(key, "") for key in counts))
        for name, status in rows
    ]
    click.echo(table(heads, shown))


def _status(session: Session, name: str) -> Status:
    """The status of one, by plain lists: nothing is watched, nothing is written."""
    from kubectl_cafe.engine import journal, look, report, wheel

    transport = session.transport
    cafe = journal.read(transport, session.namespace, name)
    view, waits = look.once(transport, cafe)
    lease, lost = wheel.lease_view(transport, cafe), look.lost(transport, cafe)
    return report.status_of(cafe, view, waits, lease, lost)

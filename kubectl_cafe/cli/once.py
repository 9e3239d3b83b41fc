"""`status` of one release, printed once. What it imports is what a person waits for."""

from __future__ import annotations

import sys

import click

from kubectl_cafe.cli._tty import terminal
from kubectl_cafe.cli.printing import print_data
from kubectl_cafe.cli.session import Session
from kubectl_cafe.engine import look, report
from kubectl_cafe.names import PLURAL
from kubectl_cafe.views.status import Status, document, render


def read(session: Session, name: str) -> Status:
    """The status of one, by plain lists: nothing is watched, nothing is written."""
    seen = look.once(session.transport, session.namespace, name)
    return report.status_of(seen.cafe, seen.view, seen.waits, seen.lease, seen.lost)


def show(status: Status, output: str | None) -> None:
    """Print it as `output` says; None is the whole view, fitted to a terminal."""
    if output in ("json", "yaml"):
        print_data(document(status), output)
    elif output == "name":
        click.echo(f"{PLURAL}/{status.name}")
    else:
        click.echo(render(status, wide=output == "wide", size=terminal(sys.stdout)))

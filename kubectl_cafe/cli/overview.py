"""`status` without a name: one line for every CafeDeployment, once or at every change."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from kubectl_cafe.cli.session import Session
from kubectl_cafe.cli.terminal._tty import width_of
from kubectl_cafe.cli.terminal.printing import print_data, print_event, say
from kubectl_cafe.names import PLURAL
from kubectl_cafe.printers.overview import document, item, render
from kubectl_cafe.status.model import Overview
from kubectl_cafe.status.overview import listed, watched


def overview(
    session: Session, namespace: str | None, selector: str, output: str | None, watch: bool
) -> None:
    """Print one line for each CafeDeployment of `namespace` (None: of all).

    With `watch`, go on with a line for every change.
    """
    if watch:
        _follow(session, namespace, selector, output)
        return
    lines = listed(session.transport, namespace, selector)
    if output in ("json", "yaml"):
        print_data(document(lines), output)
    elif lines:
        _show(lines, namespace, output)
    else:
        _say_none(namespace)


def _follow(session: Session, namespace: str | None, selector: str, output: str | None) -> None:
    first: Sequence[Overview] = ()
    for lines in watched(session.transport, namespace, selector):
        if output in ("json", "yaml"):
            for line in lines:
                print_event(item(line), output)
        elif first and output != "name":
            for line in lines:
                # Under the columns of the first table.
                table = _table([*first, line], namespace, output, steady=True)
                click.echo(table.splitlines()[-1])
        elif lines:
            first = lines
            _show(lines, namespace, output, steady=True)
        else:
            _say_none(namespace)


def _show(
    lines: Sequence[Overview], namespace: str | None, output: str | None, *, steady: bool = False
) -> None:
    if output == "name":
        click.echo("\n".join(f"{PLURAL}/{line.name}" for line in lines))
    else:
        click.echo(_table(lines, namespace, output, steady=steady))


def _table(
    lines: Sequence[Overview], namespace: str | None, output: str | None, *, steady: bool
) -> str:
    return render(
        lines,
        spaces=namespace is None,
        wide=output == "wide",
        width=width_of(sys.stdout),
        steady=steady,
    )


def _say_none(namespace: str | None) -> None:
    place = f" in {namespace} namespace" if namespace is not None else ""
    say(f"No CafeDeployments found{place}.")

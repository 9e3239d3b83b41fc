"""`status` without a name: one line for every CafeDeployment, once or at every change."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from kubectl_cafe.cli.connection import Connection
from kubectl_cafe.cli.terminal._tty import width_of
from kubectl_cafe.cli.terminal.printing import say, show, show_event
from kubectl_cafe.printers.output import DATA, Printable, text
from kubectl_cafe.printers.overview import change, result
from kubectl_cafe.status.model import Overview
from kubectl_cafe.status.overview import listed, watched


def overview(
    connection: Connection, namespace: str | None, selector: str, output: str | None, watch: bool
) -> None:
    """Print one line for each CafeDeployment of `namespace` (None: of all).

    With `watch`, go on with a line for every change.
    """
    if watch:
        _follow(connection, namespace, selector, output)
        return
    lines = listed(connection.transport, namespace, selector)
    if lines or output in DATA:
        show(_result(lines, namespace), output)
    else:
        _say_none(namespace)


def _follow(
    connection: Connection, namespace: str | None, selector: str, output: str | None
) -> None:
    first: Sequence[Overview] = ()
    for lines in watched(connection.transport, namespace, selector):
        if output in DATA:
            for line in lines:
                show_event(change(line), output)
        elif first and output != "name":
            for line in lines:
                # Printed with the columns of the first table.
                table = text(_result([*first, line], namespace, steady=True), output)
                click.echo(table.splitlines()[-1])
        elif lines:
            first = lines
            show(_result(lines, namespace, steady=True), output)
        else:
            _say_none(namespace)


def _result(lines: Sequence[Overview], namespace: str | None, *, steady: bool = False) -> Printable:
    return result(lines, spaces=namespace is None, width=width_of(sys.stdout), steady=steady)


def _say_none(namespace: str | None) -> None:
    place = f" in {namespace} namespace" if namespace is not None else ""
    say(f"No CafeDeployments found{place}.")

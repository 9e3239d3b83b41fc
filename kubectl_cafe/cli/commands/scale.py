"""`scale`: change the number of pods, group by group."""

from __future__ import annotations

import click

from kubectl_cafe.cli import options
from kubectl_cafe.cli.connection import connect
from kubectl_cafe.cli.options import AccessFlags
from kubectl_cafe.cli.releasing import Flags, release, release_options


def parse_cells(
    _ctx: click.Context, param: click.Parameter, values: tuple[str, ...]
) -> dict[str, int]:
    """The numbers of pods by cell of the `--cell CELL=NUMBER` flags.

    Raises BadParameter (exit 2).
    """
    cells: dict[str, int] = {}
    for value in values:
        name, equals, number = value.partition("=")
        if not name or not equals or not (number.isascii() and number.isdecimal()):
            raise click.BadParameter(f"{value!r}: must be CELL=NUMBER", param=param)
        if name in cells:
            raise click.BadParameter(f"cell {name} is given twice", param=param)
        cells[name] = int(number)
    return cells


@click.command("scale", short_help="Change the number of pods, group by group")
@options.name_argument()
@click.option(
    "--replicas",
    type=click.IntRange(min=0),
    help="The number of pods of all cells together: spec.replicas.",
)
@click.option(
    "--cell",
    "cells",
    multiple=True,
    callback=parse_cells,
    metavar="CELL=NUMBER",
    help="The number of pods of a cell: spec.topology.unitReplicas; may be repeated.",
)
@click.option(
    "--current-replicas",
    "current",
    type=click.IntRange(min=0),
    help="Scale only if spec.replicas is this number.",
)
@release_options
@options.access_options
def command(
    access: AccessFlags,
    *,
    name: str,
    replicas: int | None,
    cells: dict[str, int],
    current: int | None,
    flags: Flags,
) -> int:
    """Create or remove pods until the CafeDeployment NAME has the given number, group by group.

    New pods have the version of those that run. A pod that is to be removed first leaves traffic;
    then its workload is scaled down. Where pods move between cells, the new ones are created first.
    `rollback` during the release puts the numbers back. Exit codes are those of `upgrade`.
    """
    from kubectl_cafe.preflight import prepare

    if replicas is None and not cells:
        raise click.UsageError("--replicas or --cell is required", click.get_current_context())
    connection = connect(access)
    wanted = prepare.scaled(
        connection.transport, connection.namespace, name, replicas, cells, current
    )
    return release(connection, wanted, flags)

"""`pause`: stop upgrading further pods; pods in flight finish."""

from __future__ import annotations

import click

from kubectl_cafe.cli import options
from kubectl_cafe.cli.connection import connect
from kubectl_cafe.cli.driving import reason_option
from kubectl_cafe.cli.ending import Ends, output_option
from kubectl_cafe.cli.moving import record_only
from kubectl_cafe.cli.options import AccessFlags


@click.command("pause", short_help="Stop upgrading further pods; pods in flight finish")
@options.name_argument()
@reason_option
@output_option
@options.access_options
def command(access: AccessFlags, *, name: str, reason: str, ends: Ends) -> int:
    """Pause the release of NAME: no more pods are upgraded, pods in flight finish.

    The driver reacts within 5 seconds. `resume` continues the release.
    """
    from kubectl_cafe.record import store
    from kubectl_cafe.release import moves

    connection = connect(access)
    return record_only(
        connection,
        store.read(connection.transport, connection.namespace, name),
        reason,
        moves.pause,
        ends.output,
    )

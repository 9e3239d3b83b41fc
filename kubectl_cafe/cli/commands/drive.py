"""`drive`: drive an unfinished release that has no driver."""

from __future__ import annotations

import click

from kubectl_cafe.cli import options
from kubectl_cafe.cli.connection import connect
from kubectl_cafe.cli.driving import say
from kubectl_cafe.cli.ending import Ends, ending_options, nothing_to_do
from kubectl_cafe.cli.moving import look_and_steer
from kubectl_cafe.cli.options import AccessFlags


@click.command("drive", short_help="Continue a release that has no driver")
@options.name_argument()
@click.option(
    "--takeover",
    is_flag=True,
    help="Wait until the other driver's lease expires, instead of following that driver.",
)
@ending_options
@options.access_options
def command(access: AccessFlags, *, name: str, takeover: bool, ends: Ends) -> int:
    """Continue the unfinished release of NAME where its previous driver stopped.

    The driver is the command that carries out the release and holds its lease. If the
    previous driver did not release the lease, this command watches it for 32 seconds (not at
    all if it expired minutes ago), then makes the API server refuse pending writes of that
    driver, and takes over. While another driver runs, this command shows the release, and it
    takes over when that driver ends.
    """
    from kubectl_cafe.cache import direct_reads
    from kubectl_cafe.planning import without_record
    from kubectl_cafe.record import store
    from statemachine.lifecycle import RESTING

    connection = connect(access)
    cafe = store.read(connection.transport, connection.namespace, name)
    if cafe.record is None:
        without_record.refuse_unfinished(cafe, direct_reads.pods(connection.transport, cafe))
    if cafe.record is None or cafe.record.state in RESTING:
        say(f"{cafe.where} has no unfinished release to drive (state {cafe.position.state})")
        return nothing_to_do(cafe, ends.output)
    return look_and_steer(connection, cafe, takeover=takeover, ends=ends)

"""`rollback`: back to the last good revision, or to a chosen one, group by group."""

from __future__ import annotations

import click

from kubectl_cafe.cli import completing, options
from kubectl_cafe.cli.driving import detach_option, reason_option, say
from kubectl_cafe.cli.moving import move_and_drive
from kubectl_cafe.cli.options import AccessFlags


@click.command("rollback", short_help="Go back to an earlier revision, group by group")
@options.name_argument()
@click.option("--fast", is_flag=True, help="In one group instead of the release's groups.")
@click.option(
    "--to-revision",
    type=click.IntRange(min=0),
    default=0,
    metavar="N",
    help="The revision's number, as `history` shows it; 0: the last one that was good.",
    shell_complete=completing.offer(completing.revisions),
)
@reason_option
@detach_option
@options.access_options
def command(
    access: AccessFlags, *, name: str, fast: bool, to_revision: int, reason: str, detach: bool
) -> int:
    """Go back to the last revision that was good, and drive until every pod is there.

    Works in the middle of a release, paused, failed, and after it has ended. It asks for
    no confirmations.
    """
    from kubectl_cafe.cluster.transport import Transport
    from kubectl_cafe.engine import ending, goal, look, verbs
    from kubectl_cafe.engine.cafedeployment import CafeDeployment
    from kubectl_cafe.engine.proposal import Around
    from kubectl_cafe.engine.report import revision_text
    from kubectl_cafe.engine.start import Mover

    def saying(transport: Transport, cafe: CafeDeployment, mover: Mover) -> CafeDeployment:
        known = look.read_revisions(transport, cafe)
        if to_revision:
            goal.numbered(cafe, known, to_revision)
        known = ending.conclude(transport, cafe, known)
        around = Around(revisions=known, workloads=(), pods=())
        after = verbs.rollback(transport, cafe, around, mover, fast, to_revision)
        if after.record is not None:
            names = (after.record.from_revision, after.record.to_revision)
            say("rolls back " + " -> ".join(revision_text(around.revision(n)) for n in names))
        return after

    return move_and_drive(access, name, reason, saying, detach=detach)

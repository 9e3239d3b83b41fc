"""`rollback`: roll back to the last successful revision, or to a given one, group by group."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from kubectl_cafe.cli import completing, options
from kubectl_cafe.cli.connection import Connection, connect
from kubectl_cafe.cli.driving import detach_option, reason_option, say
from kubectl_cafe.cli.ending import Ends, ending_options, nothing_to_do
from kubectl_cafe.cli.exits import cluster_flags
from kubectl_cafe.cli.moving import record_only, steer
from kubectl_cafe.cli.options import AccessFlags, DryRun
from kubectl_cafe.cli.terminal._tty import width_of
from kubectl_cafe.cli.terminal.printing import say_next
from kubectl_cafe.hints import cafe_command

if TYPE_CHECKING:
    from kubectl_cafe.api.cafedeployment import CafeDeployment
    from kubectl_cafe.cache.informers import Observer
    from kubectl_cafe.client.transport import Transport
    from kubectl_cafe.driver.session import Move
    from kubectl_cafe.planning.around import Around
    from kubectl_cafe.release.start import Mover
    from statemachine.record import Entry


@click.command("rollback", short_help="Roll back to an earlier revision, group by group")
@options.name_argument()
@click.option(
    "--fast", is_flag=True, help="Roll back in one group instead of the release's groups."
)
@click.option(
    "--to-revision",
    type=click.IntRange(min=0),
    default=0,
    metavar="N",
    help="The revision's number, as `history` shows it; 0: the last successful one.",
    shell_complete=completing.offer(completing.revisions),
)
@reason_option
@detach_option
@ending_options
@options.yes_option
@options.dry_run_option
@options.access_options
def command(
    access: AccessFlags,
    *,
    name: str,
    fast: bool,
    to_revision: int,
    reason: str,
    detach: bool,
    ends: Ends,
    yes: bool,
    dry_run: DryRun,
) -> int:
    """Roll back every pod to the last successful revision, or to another one.

    Works during a release, also when it is paused or failed, and after it has ended. Shows the
    plan and asks once; groups need no confirmation. A second rollback follows the first while
    it runs and is a no-op once it has ended: --to-revision goes further back.
    """
    from kubectl_cafe.cache import direct_reads
    from kubectl_cafe.cache.informers import Observer
    from kubectl_cafe.planning import rollback_plan, rollback_target
    from kubectl_cafe.planning.around import Around
    from kubectl_cafe.record import store
    from kubectl_cafe.release import moves

    connection = connect(access)
    cafe = store.read(connection.transport, connection.namespace, name)
    known = direct_reads.read_revisions(connection.transport, cafe)
    around = Around(revisions=known, workloads=(), pods=())
    if to_revision:
        rollback_target.numbered(cafe, known, to_revision)
    elif done := rollback_plan.repeated(cafe):
        _say_repeated(cafe, moves.around(connection.transport, cafe, known), done)
        return nothing_to_do(cafe, ends.output)
    saying = _saying(fast, to_revision)
    if detach and yes and dry_run == "none":
        # No pod is read: the user may not be allowed to read pods.
        return record_only(connection, cafe, reason, saying, ends.output)
    observer = Observer(connection.transport, cafe)
    with observer.running():
        if rollback_plan.under_way(cafe, to_revision, around):
            _say_under_way(cafe)
            if detach or dry_run != "none":
                return nothing_to_do(cafe, ends.output)
            return steer(connection, cafe, observer, ends=ends)
        if not yes or dry_run != "none":
            _show(connection, cafe, observer, fast, to_revision)
        if dry_run != "none":
            say(f"dry run ({dry_run}): nothing was written")
            return nothing_to_do(cafe, ends.output)
        if not yes:
            _ask(connection, cafe, fast, to_revision)
        if detach:
            return record_only(connection, cafe, reason, saying, ends.output)
        return steer(connection, cafe, observer, saying, reason=reason, ends=ends)


def _saying(fast: bool, number: int) -> Move:
    """The function that records the rollback and prints its revisions and discarded edits."""
    from kubectl_cafe.assessment import lost_switches
    from kubectl_cafe.cache import direct_reads
    from kubectl_cafe.planning import rollback_plan
    from kubectl_cafe.release import moves, outcome
    from kubectl_cafe.revisions.revision import revision_text

    def saying(transport: Transport, cafe: CafeDeployment, mover: Mover) -> CafeDeployment:
        known = direct_reads.read_revisions(transport, cafe)
        outcome.conclude(transport, cafe, known)
        around = moves.around(transport, cafe, known)
        after = moves.roll_back(transport, cafe, around, mover, fast, number)
        if after.record is None or after is cafe:
            return after
        target = around.revision(after.record.to_revision)
        names = dict.fromkeys((after.record.from_revision, after.record.to_revision))
        shown = " -> ".join(revision_text(around.revision(name)) for name in names)
        say(f"rolling back {shown}" if len(names) > 1 else f"putting back the pods of {shown}")
        if target and (edits := rollback_plan.discarded(cafe, around, target)):
            say(f"warning: {rollback_plan.DISCARDED}: {', '.join(edits)}")
        if after.unswitched:
            lost = lost_switches.described(sorted(after.unswitched), after.namespace)
            say(
                "warning: pods without a traffic switch (mode None): requests in flight may "
                f"fail: {lost}"
            )
        return after

    return saying


def _show(
    connection: Connection, cafe: CafeDeployment, observer: Observer, fast: bool, number: int
) -> None:
    """Print the plan, as `plan --rollback` does."""
    from kubectl_cafe.preflight import prepare
    from kubectl_cafe.printers.plan import render

    ready = prepare.rollback(connection.transport, cafe, observer, fast, number)
    say(render(ready.plan(connection.context, cluster_flags()), width=width_of(sys.stderr)))


def _ask(connection: Connection, cafe: CafeDeployment, fast: bool, number: int) -> None:
    from kubectl_cafe.cli.terminal.asking import Effect, ask

    flags = [*(["--fast"] if fast else []), *([f"--to-revision {number}"] if number else [])]
    effect = "roll back every pod, the template and the spec"
    ask(
        Effect(connection.context, cafe.namespace, f"cafedeployment/{cafe.name}", effect),
        yes=False,
        stdin=sys.stdin,
        stderr=sys.stderr,
        command=cafe_command("rollback", cafe.name, cafe.namespace, " ".join((*flags, "--yes"))),
    )


def _say_repeated(cafe: CafeDeployment, around: Around, done: Entry) -> None:
    """Print that the rollback has ended already, its user and time, and the next command.

    That command rolls back to the successful revision before.
    """
    from kubectl_cafe.planning import rollback_target

    record = cafe.record
    now = around.revision(record.to_revision) if record else None
    why = f": {done.why}" if done.why else ""
    number = f" to revision {now.number}" if now else ""
    say(
        f"{cafe.where} is already rolled back{number}, by {done.who} at {done.at}{why}; "
        "nothing was written"
    )
    further = (
        rollback_target.rollback_target(record, around.revisions, around.releases)
        if record
        else None
    )
    if further is not None:
        back = f"--to-revision {further.number}"
        say_next(cafe_command("rollback", cafe.name, cafe.namespace, back))


def _say_under_way(cafe: CafeDeployment) -> None:
    from kubectl_cafe.status.build import turned_by

    say(f"{cafe.where}: this rollback is already under way, by {turned_by(cafe)}; continuing it")

"""`repair`: find problems that no driver repairs, and repair them after a confirmation."""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import click

from kubectl_cafe.cli import options
from kubectl_cafe.cli.connection import Connection, connect
from kubectl_cafe.cli.driving import say
from kubectl_cafe.cli.ending import timeout_option
from kubectl_cafe.cli.exits import cluster_flags
from kubectl_cafe.cli.options import AccessFlags, DryRun
from kubectl_cafe.cli.terminal._tty import width_of
from kubectl_cafe.cli.terminal.aside import aside
from kubectl_cafe.cli.terminal.printing import say_next, show
from kubectl_cafe.cli.terminal.stopping import Work, interruptible
from kubectl_cafe.durations import remaining
from kubectl_cafe.errors import INTERRUPTED, REACHED, TIMED_OUT, WAITS, Refused
from kubectl_cafe.hints import at, cafe_command
from kubectl_cafe.text import counted, one_line

if TYPE_CHECKING:
    from kubectl_cafe.api.cafedeployment import CafeDeployment
    from kubectl_cafe.client.lease_view import LeaseView
    from kubectl_cafe.driver.leader import Progress
    from kubectl_cafe.printers.repair import RepairLine
    from kubectl_cafe.repair.findings import Finding, Unrepaired

FOUND = 1
"""The exit code of a dry run with findings, as of `plan` and `kubectl diff`."""
LEAVING = "no further pods; waiting for the pod in flight (Ctrl-C again: stop immediately)"


@click.command("repair", short_help="Repair pods out of traffic, drift and lost records")
@options.name_argument()
@options.output_option("wide", "json", "yaml", "name")
@options.yes_option
@options.dry_run_option
@timeout_option
@options.access_options
def command(
    access: AccessFlags,
    *,
    name: str,
    output: str | None,
    yes: bool,
    dry_run: DryRun,
    timeout: float | None,
) -> int:
    """Find problems of NAME that no release repairs, and repair them after confirmation.

    Problems are: pods that were left out of traffic; a missing ReplicaSet; a release record
    that is missing or belongs to another object; a pod record that can't be read; drift: a
    pod runs an image of no revision or, after a release that was not aborted, another
    revision than its ReplicaSet's template. Pods with drift are restored in place, one at a
    time: out of traffic, restarted with the template's images, and back into traffic.

    A problem that this command can't repair is listed with the command that does. Exit code
    0: no problem remains; 3: at least one remains. With --dry-run, as of `kubectl diff`, 0:
    no problem found; 1: at least one.
    """
    from kubectl_cafe.cache.informers import Observer
    from kubectl_cafe.record import store
    from kubectl_cafe.repair import run

    connection = connect(access)
    cafe = store.read(connection.transport, connection.namespace, name)
    _refuse_driven(_driver(connection, cafe), cafe)
    observer = Observer(connection.transport, cafe)
    with observer.running():
        repair = run.begin(connection.transport, cafe, observer, connection.who(), say)
        findings = repair.look().findings
        able = [finding for finding in findings if finding.remedy]
        _show(cafe, findings, output)
        if dry_run != "none":
            say(f"dry run ({dry_run}): nothing was written")
        elif able:
            silent = _watched(connection, cafe)
            _ask(connection, cafe, able, yes)
            with interruptible(cafe.name, cafe.namespace, "repair", timeout) as stopping, aside():
                stopping.work = Work(repair, LEAVING)
                left = repair.apply(able, _progress(), silent)
            code = _closing(cafe, findings, able, left, output)
            if left and repair.stop.is_set():
                return TIMED_OUT if stopping.timed_out else INTERRUPTED
            return code
    return _closing(cafe, findings, (), (), output, dry_run)


def _driver(connection: Connection, cafe: CafeDeployment) -> LeaseView:
    """The Lease, live or expired by the server's clock."""
    from kubectl_cafe.client.lease_view import inspect

    return inspect(connection.transport, cafe.namespace, cafe.name)


def _watched(connection: Connection, cafe: CafeDeployment) -> str:
    """The resourceVersion of the lease once it may be taken. Raises Refused if it is renewed.

    Clocks of API servers differ: a lease that looks expired is watched for its duration first.
    """
    from kubectl_cafe.client.lease_view import LeaseWatch, lease_text

    clock = connection.transport.clock
    watch, printed = LeaseWatch(clock), False
    while (seen := watch.saw(lease := _driver(connection, cafe))).live:
        _refuse_driven(seen if watch.renewed else lease, cafe)
        if not printed:
            say(lease_text(lease))
        printed = True
        clock.sleep(1.0)
    return seen.version


def _refuse_driven(lease: LeaseView, cafe: CafeDeployment) -> None:
    """Raise Refused while there is a driver: it repairs pods in flight by itself."""
    if lease.live and lease.holder:
        raise Refused(
            f"driven by {lease.driver} (lease expires in {remaining(lease.seconds_left)} unless it "
            "is renewed): the driver finishes the pods in flight. Nothing was written",
            where=cafe.where,
            hint=cafe_command("status", cafe.name, cafe.namespace),
        )


def _show(cafe: CafeDeployment, findings: Sequence[Finding], output: str | None) -> None:
    """Print the findings on stdout, before the confirmation.

    A document is printed only at the end, when the result of each repair is known.
    """
    from kubectl_cafe.printers.output import DATA
    from kubectl_cafe.printers.repair import result

    if not findings:
        say(f"{cafe.where}: nothing to repair")
    if output not in DATA:
        show(result(cafe.name, cafe.namespace, _lines(findings), width_of(sys.stdout)), output)


def _lines(findings: Sequence[Finding], mended: Collection[Finding] = ()) -> list[RepairLine]:
    from kubectl_cafe.printers.repair import RepairLine

    cluster = cluster_flags()
    return [
        RepairLine(str(f.what), f.object, f.found, f.remedy, at(f.hint, cluster), f in mended)
        for f in findings
    ]


def _ask(connection: Connection, cafe: CafeDeployment, able: Sequence[Finding], yes: bool) -> None:
    """Ask once for the confirmation of all repairs."""
    from kubectl_cafe.cli.terminal.asking import Effect, ask

    effect = Effect(
        context=connection.context,
        namespace=cafe.namespace,
        object=f"cafedeployment/{cafe.name}",
        effect=f"repair {counted(len(able), 'problem')}: "
        + "; ".join(sorted({finding.remedy for finding in able})),
    )
    ask(effect, yes=yes, stdin=sys.stdin, stderr=sys.stderr)


def _progress() -> Progress:
    """The callbacks that print the progress of fencing a driver that did not release its lease."""
    from kubectl_cafe.driver.leader import Progress

    return Progress(
        fencing=lambda count: say(
            "the previous driver did not release its lease: invalidating its pending writes on "
            + counted(count, "object")
        ),
        slow=lambda text: say(f"  waiting for {text}"),
    )


def _closing(
    cafe: CafeDeployment,
    findings: Sequence[Finding],
    tried: Sequence[Finding],
    left: Sequence[Unrepaired],
    output: str | None,
    dry_run: DryRun = "none",
) -> int:
    """Print the result; returns the exit code."""
    from kubectl_cafe.printers.output import DATA
    from kubectl_cafe.printers.repair import result

    still = {one.finding.key for one in left}
    mended = [finding for finding in tried if finding.key not in still]
    if output in DATA:
        show(result(cafe.name, cafe.namespace, _lines(findings, mended)), output)
    if tried:
        say(f"{cafe.where}: {len(mended)} repaired, {len(findings) - len(mended)} remaining")
    for one in left:
        say(f"  {one_line(f'{one.finding.object}: {one.why}')}")
    if any(finding.what == "missing workload" for finding in mended):
        say_next(
            cafe_command("repair", cafe.name, cafe.namespace) + "   (after its pods are running)"
        )
    if any(finding.what == "lost record" for finding in mended):
        say_next(cafe_command("resume", cafe.name, cafe.namespace))
        say_next(cafe_command("rollback", cafe.name, cafe.namespace))
    if dry_run != "none":
        return FOUND if findings else REACHED
    return REACHED if len(mended) == len(findings) else WAITS

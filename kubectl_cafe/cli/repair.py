"""`repair`: find what nobody mends by driving, and mend it after a yes."""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import click

from kubectl_cafe.cli import options
from kubectl_cafe.cli._tty import width_of
from kubectl_cafe.cli.driving import interruptible, say
from kubectl_cafe.cli.options import AccessFlags, DryRun
from kubectl_cafe.cli.session import Session, connect
from kubectl_cafe.errors import INTERRUPTED, REACHED, WAITS, Refused

if TYPE_CHECKING:
    from kubectl_cafe.engine.cafedeployment import CafeDeployment
    from kubectl_cafe.engine.repairs import Finding, Left
    from kubectl_cafe.engine.wheel import Told
    from kubectl_cafe.views.repair import RepairLine

LEAVING = "interrupted: no other pod; finishing the one under way (Ctrl-C again: stop now)"


@click.command("repair", short_help="Find and mend what a release left behind")
@options.name_argument()
@options.output_option("wide", "json", "yaml", "name")
@options.yes_option
@options.dry_run_option
@options.access_options
def command(
    access: AccessFlags, *, name: str, output: str | None, yes: bool, dry_run: DryRun
) -> int:
    """Find what is wrong around NAME and no release mends, and mend it after a yes.

    Pods that were left out of traffic, a release whose record is gone or belongs to another
    object, records that can't be read, pods that run a stranger's image or, where all are to
    be at one revision, another one. Those are brought back in place, one at a time: out of
    traffic, restarted with the image of their workload's template, and into traffic again.
    What it can't mend it lists with the command that does. The exit code is 0 if nothing is
    left, 3 if it is.
    """
    from kubectl_cafe.engine import journal, repairing
    from kubectl_cafe.engine.observe import Observer

    session = connect(access)
    cafe = journal.read(session.transport, session.namespace, name)
    _refuse_driven(session, cafe)
    observer = Observer(session.transport, cafe)
    with observer.running():
        repair = repairing.begin(session.transport, cafe, observer, session.who(), say)
        findings = repair.look().findings
        able = [finding for finding in findings if finding.mend]
        _show(cafe, findings, output)
        if dry_run != "none":
            say(f"dry run ({dry_run}): nothing was written")
        elif able:
            _ask(session, cafe, able, yes)
            place = f"{cafe.name} -n {cafe.namespace}"
            with interruptible([repair], place, LEAVING, following="repair"):
                left = repair.mend(able, _told())
            code = _closing(cafe, findings, able, left, output)
            return INTERRUPTED if left and repair.stop.is_set() else code
    return _closing(cafe, findings, (), (), output, dry_run)


def _refuse_driven(session: Session, cafe: CafeDeployment) -> None:
    """Whoever drives mends what is in flight; two at once would be one too many."""
    from kubectl_cafe.cluster.leaseview import inspect

    lease = inspect(session.transport, cafe.namespace, cafe.name)
    if lease.live and lease.holder:
        raise Refused(
            f"{lease.holder} drives (its lease runs out in {lease.seconds_left:.0f} s unless it "
            "is renewed): what is in flight is its own. Nothing was written",
            where=cafe.where,
            hint=f"kubectl cafe status {cafe.name} -n {cafe.namespace}",
        )


def _show(cafe: CafeDeployment, findings: Sequence[Finding], output: str | None) -> None:
    """The findings on stdout, before anything is asked: they are what was asked for.

    A document is printed once it is known what became of them.
    """
    from kubectl_cafe.views import repair as view

    if not findings:
        say(f"{cafe.where}: nothing to repair")
    elif output == "name":
        click.echo(view.names(_lines(findings)))
    elif output in (None, "wide"):
        width = width_of(sys.stdout)
        click.echo(view.render(_lines(findings), wide=output == "wide", width=width))


def _lines(findings: Sequence[Finding], mended: Collection[Finding] = ()) -> list[RepairLine]:
    from kubectl_cafe.views.repair import RepairLine

    return [
        RepairLine(str(f.what), f.object, f.found, f.mend, f.hint, f in mended) for f in findings
    ]


def _ask(session: Session, cafe: CafeDeployment, able: Sequence[Finding], yes: bool) -> None:
    """One question for all that would be mended."""
    from kubectl_cafe.cli.asking import Effect, ask

    effect = Effect(
        context=session.context,
        namespace=cafe.namespace,
        object=f"cafedeployment/{cafe.name}",
        effect=f"{len(able)} mended: " + "; ".join(sorted({finding.mend for finding in able})),
    )
    ask(effect, yes=yes, stdin=sys.stdin, stderr=sys.stderr)


def _told() -> Told:
    """Talk while a driver that left without a word is fenced off."""
    from kubectl_cafe.engine.wheel import Told

    return Told(fencing=lambda count: say(f"fencing off whoever drove: {count} objects"))


def _closing(
    cafe: CafeDeployment,
    findings: Sequence[Finding],
    tried: Sequence[Finding],
    left: Sequence[Left],
    output: str | None,
    dry_run: DryRun = "none",
) -> int:
    """Say what became of it; the exit code."""
    from kubectl_cafe.cli.printing import print_data
    from kubectl_cafe.views.repair import document

    still = {one.finding.key for one in left}
    mended = [finding for finding in tried if finding.key not in still]
    if output in ("json", "yaml"):
        print_data(document(cafe.name, cafe.namespace, _lines(findings, mended)), output)
    if tried:
        say(f"{cafe.where}: {len(mended)} mended, {len(findings) - len(mended)} left")
    for one in left:
        say(f"  {one.finding.object}: {one.why}")
    if any(finding.what == "lost record" for finding in mended):
        say(f"  next:  kubectl cafe resume {cafe.name} -n {cafe.namespace}")
        say(f"  next:  kubectl cafe rollback {cafe.name} -n {cafe.namespace}")
    return REACHED if dry_run != "none" or len(mended) == len(findings) else WAITS

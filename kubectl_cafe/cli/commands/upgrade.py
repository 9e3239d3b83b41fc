"""`upgrade`: start a release and drive it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from kubectl_cafe.cli import completing, options
from kubectl_cafe.cli.driving import detach_option, reason_option, say
from kubectl_cafe.cli.ending import Ends, ending_options, nothing_to_do
from kubectl_cafe.cli.moving import record_only, steer
from kubectl_cafe.cli.options import AccessFlags, DryRun
from kubectl_cafe.cli.proposing import image_option, look_into
from kubectl_cafe.cli.session import Session, connect
from kubectl_cafe.cli.terminal._tty import width_of
from kubectl_cafe.cli.terminal.printing import say_next
from kubectl_cafe.errors import REACHED
from kubectl_cafe.hints import kubectl

if TYPE_CHECKING:
    from kubectl_cafe.api.cafedeployment import CafeDeployment
    from kubectl_cafe.client.transport import Transport
    from kubectl_cafe.planning.proposal import Around, Proposal
    from statemachine.lifecycle import Trigger


@click.command("upgrade", short_help="Start a release and drive it")
@options.name_argument(required=False)
@image_option
@click.option(
    "-f",
    "--filename",
    "file",
    metavar="FILE",
    help="Release the CafeDeployment of this file (- for stdin); it is created if need be.",
    shell_complete=completing.offer_files,
)
@click.option(
    "--supersede",
    is_flag=True,
    help="Over an unfinished release that waits, is paused or failed: plan anew over the mix.",
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
    name: str | None,
    file: str | None,
    images: dict[str, str],
    supersede: bool,
    reason: str,
    detach: bool,
    ends: Ends,
    yes: bool,
    dry_run: DryRun,
) -> int:
    """Release the CafeDeployment NAME: its spec as it stands, with other images, or a file's.

    Pods are upgraded in place, group by group. The command drives until the release ends
    (exit code 0, or 4 if it failed) or waits for a person (3). Towards a target that is
    already under way it drives on.
    """
    from kubectl_cafe.cache.informers import Observer
    from kubectl_cafe.preflight import dry_runs, findings, plan_document
    from kubectl_cafe.printers.plan import render
    from kubectl_cafe.release import start
    from kubectl_cafe.revisions.revision import name_of

    if ends.output and dry_run != "none":
        _refuse_document()
    session = connect(access)
    cafe, wished, yes = _wish(session, access, name, images, file, yes, dry_run)
    if wished is None:
        return REACHED
    observer = Observer(session.transport, cafe)
    with observer.running():
        if start.under_way(cafe, name_of(cafe.name, wished.template)) and not supersede:
            if detach or dry_run != "none":
                say(f"{cafe.where}: this release is under way already; nothing was written")
                return nothing_to_do(cafe, ends.output)
            say(f"{cafe.where}: this release is under way; driving on")
            return steer(session, cafe, observer, ends=ends)
        around = start.look_around(session.transport, cafe, observer)
        trigger = _trigger(session, cafe, supersede)
        proposed = _proposed(wished, around)
        superseding = trigger is trigger.SUPERSEDE
        if not proposed.needed and not superseding:
            for warning in proposed.warnings:
                say(f"warning: {warning}")
            say(f"{cafe.where} is already at the target; nothing was written")
            if wished.spec != cafe.spec:
                say_next(kubectl(f"apply -f {file}") + "   (the rest of its spec differs)")
            return nothing_to_do(cafe, ends.output)
        at = session.transport.server_time()
        case = dry_runs.case(cafe, wished, around, proposed, at, superseding=superseding)
        found = findings.judge(case, look_into(session, case, thorough=False))
        plan = plan_document.plan_of(case, found, session.context)
        say(render(plan, width=width_of(sys.stderr)))
        findings.refuse(found)
        start.check_template(session.transport, wished, proposed)
        if dry_run != "none":
            say(f"dry run ({dry_run}): nothing was written")
            return REACHED
        total = sum(proposed.plan.cells.values())
        _ask(session, cafe, f"{proposed.kind}: {total} pods to {proposed.target}", yes)
        beginning = start.Beginning(cafe, wished, around, proposed, trigger)
        if detach:
            return record_only(session, cafe, reason, beginning.record, ends.output)
        return steer(
            session,
            cafe,
            observer,
            beginning.record,
            reason=reason,
            known=lambda: beginning.revisions,
            ends=ends,
        )


def _refuse_document() -> None:
    raise click.UsageError(
        "-o is the outcome of a release, and a dry run has none; plan -o prints what would be done",
        click.get_current_context(),
    )


def _wish(
    session: Session,
    access: AccessFlags,
    name: str | None,
    images: dict[str, str],
    file: str | None,
    yes: bool,
    dry_run: DryRun,
) -> tuple[CafeDeployment, CafeDeployment | None, bool]:
    """The CafeDeployment, what it is to become, and whether that was agreed to already.

    One that a file is about and that isn't there yet is created, after a yes. It is to
    become nothing where that would only be a dry run.
    """
    from kubectl_cafe.cli.manifest import read
    from kubectl_cafe.record import store
    from kubectl_cafe.release import wanted_spec

    transport, space = session.transport, session.namespace
    if file is None:
        if name is None:
            raise click.UsageError("a NAME or -f FILE is wanted", click.get_current_context())
        cafe = store.read(transport, space, name)
        return cafe, wanted_spec.of_images(cafe, images), yes
    manifest = read(file, name, access.namespace)
    space = manifest["metadata"].get("namespace") or space
    try:
        cafe = store.read(transport, space, manifest["metadata"]["name"])
    except store.Missing:
        trial = wanted_spec.create(transport, space, manifest, trial=True)
        _check_new(transport, trial, file)
        if dry_run != "none":
            say(f"dry run ({dry_run}): {trial.where} would be created; nothing was written")
            return trial, None, yes
        _ask(session, trial, "create it, and release it for the first time", yes)
        cafe, yes = wanted_spec.create(transport, space, manifest), True
    wished = wanted_spec.of_manifest(transport, cafe, manifest)
    return cafe, wanted_spec.of_images(wished, images), yes


def _check_new(transport: Transport, trial: CafeDeployment, file: str) -> None:
    """Refuse what can't be released before it is created; there is no object to edit yet."""
    from kubectl_cafe.errors import Refused
    from kubectl_cafe.release import start

    try:
        start.check_new(transport, trial)
    except Refused as error:
        again = kubectl(f"cafe upgrade -f {file}", trial.namespace)
        error.hint = f"correct {file}, then " + again
        raise


def _trigger(session: Session, cafe: CafeDeployment, supersede: bool) -> Trigger:
    """How the release begins; an unfinished one is only superseded where that was asked for."""
    from kubectl_cafe.planning.allowed_commands import illegal
    from statemachine.lifecycle import Trigger, legal

    can = legal(cafe.position.state)
    if Trigger.START in can:
        return Trigger.START
    if not supersede or Trigger.SUPERSEDE not in can:
        wanted = Trigger.SUPERSEDE if supersede else Trigger.START
        raise illegal(cafe, wanted, _driver(session, cafe))
    return Trigger.SUPERSEDE


def _driver(session: Session, cafe: CafeDeployment) -> str:
    """Who drives the release that is in the way, in words; empty where that may not be read."""
    from kubectl_cafe.client.lease_view import inspect
    from kubectl_cafe.errors import CafeError

    try:
        held = inspect(session.transport, cafe.namespace, cafe.name)
    except CafeError:
        return ""
    return f"driven by {held.driver}" if held.live and held.holder else "nobody drives it"


def _proposed(wished: CafeDeployment, around: Around) -> Proposal:
    """The proposal, or the refusal: pods of a release without a record."""
    from kubectl_cafe.planning import proposal, without_record

    without_record.refuse_unfinished(wished, around.pods)
    return proposal.propose(wished, around, wished.template)


def _ask(session: Session, cafe: CafeDeployment, effect: str, yes: bool) -> None:
    from kubectl_cafe.cli.terminal.asking import Effect, ask

    shown = Effect(session.context, cafe.namespace, f"cafedeployment/{cafe.name}", effect)
    ask(shown, yes=yes, stdin=sys.stdin, stderr=sys.stderr)

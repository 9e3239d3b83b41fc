"""`upgrade`: start a release and drive it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from kubectl_cafe.cli import options
from kubectl_cafe.cli.driving import detach_option, reason_option, say
from kubectl_cafe.cli.moving import record_only, steer
from kubectl_cafe.cli.options import AccessFlags, DryRun
from kubectl_cafe.cli.proposing import image_option, show
from kubectl_cafe.cli.session import Session, connect
from kubectl_cafe.errors import REACHED, Refused

if TYPE_CHECKING:
    from kubectl_cafe.engine.cafedeployment import CafeDeployment
    from kubectl_cafe.engine.proposal import Around, Proposal
    from statemachine.lifecycle import Trigger


@click.command("upgrade", short_help="Start a release and drive it")
@click.argument("name")
@image_option
@click.option(
    "--supersede",
    is_flag=True,
    help="Over an unfinished release that waits, is paused or failed: plan anew over the mix.",
)
@reason_option
@detach_option
@options.yes_option
@options.dry_run_option
@options.access_options
def command(
    access: AccessFlags,
    *,
    name: str,
    images: dict[str, str],
    supersede: bool,
    reason: str,
    detach: bool,
    yes: bool,
    dry_run: DryRun,
) -> int:
    """Release the CafeDeployment NAME: its spec as it stands, or with other images.

    Pods are upgraded in place, group by group. The command drives until the release ends
    (exit code 0, or 4 if it failed) or waits for a person (3). Towards a target that is
    already under way it drives on.

    \b
    Examples:
      kubectl cafe upgrade productpage --image main=registry.example/productpage:v2
      kubectl cafe upgrade productpage --reason "CHG-1234" --yes
    """
    from kubectl_cafe.engine import journal, proposal, start
    from kubectl_cafe.engine.observe import Observer
    from kubectl_cafe.revisions.revision import name_of

    session = connect(access)
    cafe = journal.read(session.transport, session.namespace, name)
    template = proposal.with_images(cafe, images)
    observer = Observer(session.transport, cafe)
    with observer.running():
        if _under_way(cafe, name_of(cafe.name, template)) and not supersede:
            if detach or dry_run != "none":
                say(f"{cafe.where}: this release is under way already; nothing was written")
                return REACHED
            say(f"{cafe.where}: this release is under way; driving on")
            return steer(session, cafe, observer)
        around = start.look_around(session.transport, cafe, observer)
        trigger = _trigger(cafe, supersede)
        proposed = _proposed(cafe, around, template)
        if not proposed.needed and trigger is not trigger.SUPERSEDE:
            for warning in proposed.warnings:
                say(f"warning: {warning}")
            say(f"{cafe.where} is already at the target; nothing was written")
            return REACHED
        say(show(cafe, around, proposed, session.context))
        start.check_template(session.transport, cafe, proposed)
        if dry_run != "none":
            say(f"dry run ({dry_run}): nothing was written")
            return REACHED
        _ask(session, cafe, proposed, yes)
        beginning = start.Beginning(cafe, around, proposed, trigger)
        if detach:
            return record_only(session, cafe, reason, beginning.record)
        return steer(
            session,
            cafe,
            observer,
            beginning.record,
            reason=reason,
            known=lambda: beginning.revisions,
        )


def _trigger(cafe: CafeDeployment, supersede: bool) -> Trigger:
    """How the release begins; an unfinished one is only superseded where that was asked for."""
    from kubectl_cafe.engine import verbs
    from statemachine.lifecycle import Trigger, legal

    can = legal(cafe.position.state)
    if Trigger.START in can:
        return Trigger.START
    if not supersede or Trigger.SUPERSEDE not in can:
        raise verbs.illegal(cafe, Trigger.SUPERSEDE if supersede else Trigger.START)
    return Trigger.SUPERSEDE


def _under_way(cafe: CafeDeployment, target: str) -> bool:
    from statemachine.lifecycle import RESTING
    from statemachine.steps import Kind

    record = cafe.record
    return (
        record is not None
        and record.state not in RESTING
        and record.kind is not Kind.ROLLBACK
        and record.to_revision == target
    )


def _proposed(cafe: CafeDeployment, around: Around, template: object) -> Proposal:
    """The proposal, or the refusal: pods of a release without a record."""
    from kubectl_cafe.engine import proposal

    if lost := proposal.unfinished_without_record(cafe, around.pods):
        raise Refused(
            f"{len(lost)} pods are in the middle of an upgrade whose release has no record any "
            f"more ({', '.join(lost[:3])}). Nothing was written",
            where=cafe.where,
            hint=f"kubectl get cafed {cafe.name} -n {cafe.namespace} -o yaml",
        )
    assert isinstance(template, dict)
    return proposal.propose(cafe, around, template)


def _ask(session: Session, cafe: CafeDeployment, proposed: Proposal, yes: bool) -> None:
    from kubectl_cafe.cli.asking import Effect, ask

    total = sum(proposed.plan.cells.values())
    effect = Effect(
        context=session.context,
        namespace=cafe.namespace,
        object=f"cafedeployment/{cafe.name}",
        effect=f"{proposed.kind}: {total} pods to {proposed.target}",
    )
    ask(effect, yes=yes, stdin=sys.stdin, stderr=sys.stderr)

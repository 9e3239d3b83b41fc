"""What `upgrade` and `scale` do with a wanted spec: show the plan, ask, start, and drive."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from kubectl_cafe.cli.connection import Connection
from kubectl_cafe.cli.driving import say
from kubectl_cafe.cli.ending import Ends, nothing_to_do
from kubectl_cafe.cli.exits import cluster_flags
from kubectl_cafe.cli.moving import look_and_steer, record_only, steer
from kubectl_cafe.cli.options import DryRun
from kubectl_cafe.cli.proposing import ask
from kubectl_cafe.cli.terminal._tty import width_of
from kubectl_cafe.cli.terminal.printing import say_next
from kubectl_cafe.errors import REACHED
from kubectl_cafe.hints import argument, kubectl
from kubectl_cafe.text import counted

if TYPE_CHECKING:
    from kubectl_cafe.planning.proposal import Proposal
    from kubectl_cafe.preflight.prepare import Prepared, WantedState


def release(
    connection: Connection,
    wanted: WantedState,
    *,
    supersede: bool,
    reason: str,
    detach: bool,
    ends: Ends,
    yes: bool,
    dry_run: DryRun,
    file: str | None = None,
) -> int:
    """Release what is wanted, or continue the release that does so; returns the exit code.

    `file` is the one that the wanted spec comes from, None without one.
    """
    from kubectl_cafe.preflight import prepare
    from kubectl_cafe.printers.plan import render

    cafe = wanted.cafe
    if wanted.under_way and not supersede:
        if detach or dry_run != "none":
            say(f"{cafe.where}: this release is already under way; nothing was written")
            return nothing_to_do(cafe, ends.output)
        say(f"{cafe.where}: this release is already under way; continuing it")
        return look_and_steer(connection, cafe, ends=ends)
    with prepare.release(connection.transport, wanted, supersede=supersede) as ready:
        if ready.idle:
            _say_idle(ready, file)
            return nothing_to_do(cafe, ends.output)
        say(render(ready.plan(connection.context, cluster_flags()), width=width_of(sys.stderr)))
        ready.refuse(connection.transport)
        if dry_run != "none":
            say(f"dry run ({dry_run}): nothing was written")
            return REACHED
        ask(connection, cafe, _effect(ready.proposal), yes or wanted.created)
        begun = ready.beginning()
        if detach:
            return record_only(connection, cafe, reason, begun.record, ends.output)
        return steer(
            connection,
            cafe,
            ready.observer,
            begun.record,
            reason=reason,
            known=lambda: begun.revisions,
            ends=ends,
        )


def _say_idle(ready: Prepared, file: str | None) -> None:
    """Print that all pods are at the target and, for a file, that the rest of its spec differs."""
    cafe = ready.case.cafe
    for warning in ready.proposal.warnings:
        say(f"warning: {warning}")
    say(f"{cafe.where} is already at the target; nothing was written")
    if ready.case.wished.spec != cafe.spec:
        say_next(
            kubectl(f"apply -f {argument(file or 'FILE')}") + "   (the rest of its spec differs)"
        )


def _effect(proposed: Proposal) -> str:
    """The effect of the release, as text."""
    pods, plan = counted(sum(proposed.plan.cells.values()), "pod"), proposed.plan
    if plan.before is not None and not proposed.upgrades:
        return f"{proposed.kind} from {sum(plan.before.values())} to {pods}"
    more = "" if plan.before is None else f", from {sum(plan.before.values())}"
    return f"{proposed.kind} of {pods}{more} to {proposed.target}"

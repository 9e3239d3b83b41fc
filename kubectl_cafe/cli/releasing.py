"""The common part of `upgrade` and `scale`: show the plan, ask, start the release, drive it."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from kubectl_cafe.cli import options
from kubectl_cafe.cli.connection import Connection
from kubectl_cafe.cli.driving import detach_option, reason_option, say
from kubectl_cafe.cli.ending import Ends, ending_options, nothing_to_do
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


NO_OUTCOME = (
    "-o prints the result of a release and cannot be used with --dry-run; "
    "use plan -o to print what would be done"
)
Result = TypeVar("Result")


class Flags(NamedTuple):
    """The flags of a command that starts a release."""

    supersede: bool
    reason: str
    detach: bool
    ends: Ends
    yes: bool
    dry_run: DryRun


def release_options(verb: Callable[..., Result]) -> Callable[..., Result]:
    """Add the flags of a command that starts a release; the verb gets them as `flags: Flags`.

    -o together with --dry-run is a usage error.
    """

    @functools.wraps(verb)
    def with_flags(*args: Any, **values: Any) -> Result:
        flags = Flags(**{name: values.pop(name) for name in Flags._fields})
        if flags.ends.output and flags.dry_run != "none":
            raise click.UsageError(NO_OUTCOME, click.get_current_context())
        return verb(*args, flags=flags, **values)

    supersede = click.option(
        "--supersede",
        is_flag=True,
        help="Replace an unfinished release that waits for a confirmation, is paused or has "
        "failed.",
    )
    others = options.dry_run_option(with_flags)
    for option in (options.yes_option, ending_options, detach_option, reason_option):
        others = option(others)
    return supersede(others)


def release(
    connection: Connection, wanted: WantedState, flags: Flags, file: str | None = None
) -> int:
    """Release the wanted state, or continue its release if there is one; returns the exit code.

    `file` is the argument of -f, None without it.
    """
    from kubectl_cafe.preflight import prepare
    from kubectl_cafe.printers.plan import render

    cafe = wanted.cafe
    if wanted.under_way and not flags.supersede:
        if flags.detach or flags.dry_run != "none":
            say(f"{cafe.where}: this release is already under way; nothing was written")
            return nothing_to_do(cafe, flags.ends.output)
        say(f"{cafe.where}: this release is already under way; continuing it")
        return look_and_steer(connection, cafe, ends=flags.ends)
    with prepare.release(connection.transport, wanted, supersede=flags.supersede) as ready:
        if ready.idle:
            _say_idle(ready, file)
            return nothing_to_do(cafe, flags.ends.output)
        say(render(ready.plan(connection.context, cluster_flags()), width=width_of(sys.stderr)))
        ready.refuse(connection.transport)
        if flags.dry_run != "none":
            say(f"dry run ({flags.dry_run}): nothing was written")
            return REACHED
        ask(connection, cafe, _effect(ready.proposal), flags.yes or wanted.created)
        begun = ready.beginning()
        if flags.detach:
            return record_only(connection, cafe, flags.reason, begun.record, flags.ends.output)
        return steer(
            connection,
            cafe,
            ready.observer,
            begun.record,
            reason=flags.reason,
            known=lambda: begun.revisions,
            ends=flags.ends,
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
    plan, kind = proposed.plan, proposed.kind
    pods = counted(sum(plan.cells.values()), "pod")
    if plan.before is None:
        return f"{kind} of {pods} to {proposed.target}"
    before = sum(plan.before.values())
    scales = f"scale from {before} to {pods}"
    if not proposed.upgrades:
        return scales
    return f"{kind} of {counted(before, 'pod')} to {proposed.target}, then {scales}"

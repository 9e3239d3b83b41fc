"""The end of a command that drives: its last messages, its document, its exit code."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

import click

from kubectl_cafe.cli import options
from kubectl_cafe.cli.exits import cluster_flags
from kubectl_cafe.cli.terminal.printing import say, say_next, show
from kubectl_cafe.errors import FAILED, INTERRUPTED, REACHED, TIMED_OUT, WAITS
from kubectl_cafe.hints import all_at

if TYPE_CHECKING:
    from kubectl_cafe.api.cafedeployment import CafeDeployment
    from kubectl_cafe.assessment.snapshot import Snapshot
    from kubectl_cafe.printers.outcome import Outcome
    from statemachine.record import Record

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Ends:
    """The flags --timeout (seconds after which no more pods are taken; None: no limit) and -o."""

    timeout: float | None = None
    output: str | None = None


@dataclass(frozen=True, slots=True)
class FinalState:
    """A release at the end of a command, with the last snapshot if its pods were read.

    `stopped`: a signal ended the command, `timed_out`: --timeout did.
    """

    cafe: CafeDeployment
    snapshot: Snapshot | None = None
    stopped: bool = False
    timed_out: bool = False


def output_option(verb: Callable[..., Result]) -> Callable[..., Result]:
    """Add -o; the verb gets `ends: Ends`, without a timeout."""

    @functools.wraps(verb)
    def with_ending(*args: Any, output: str | None, **values: Any) -> Result:
        return verb(*args, ends=Ends(output=output), **values)

    return options.output_option("json", "yaml")(with_ending)


def ending_options(verb: Callable[..., Result]) -> Callable[..., Result]:
    """Add --timeout and -o; the verb gets both as `ends: Ends`."""

    @functools.wraps(verb)
    def with_ending(*args: Any, timeout: float | None, output: str | None, **values: Any) -> Result:
        return verb(*args, ends=Ends(timeout, output), **values)

    return timeout_option(options.output_option("json", "yaml")(with_ending))


def timeout_option(verb: Callable[..., Result]) -> Callable[..., Result]:
    """Add --timeout; the verb gets `timeout: float | None`, in seconds."""
    return click.option(
        "--timeout",
        type=options.Duration(),
        default="0",
        metavar="TIME",
        help="Stop after this time (30m, 1h): pods in flight finish, the exit code is 5.",
    )(verb)


def closing(left: FinalState, asked: CafeDeployment, output: str | None = None) -> int:
    """Print the next commands and the document of `output`, if any; returns the exit code.

    `asked` is the release at the beginning of this command: `exit_code` compares both.
    """
    commands = _next(left)
    for following in commands:
        say_next(following)
    code = exit_code(left, asked)
    _print(left.cafe, commands, code, "", output)
    return code


def recorded(cafe: CafeDeployment, output: str | None = None) -> int:
    """As `closing`, for a move that was only recorded; returns 0."""
    from kubectl_cafe.printers.outcome import RECORDED

    commands = _next(FinalState(cafe))
    for following in commands:
        say_next(following)
    _print(cafe, commands, REACHED, RECORDED, output)
    return REACHED


def nothing_to_do(cafe: CafeDeployment, output: str | None = None) -> int:
    """Print the document for a command that had nothing to do; returns 0."""
    _print(cafe, (), REACHED, "", output)
    return REACHED


def exit_code(left: FinalState, asked: CafeDeployment) -> int:
    """The exit code (`errors`) of a command that began with `asked` and ends with `left`."""
    from statemachine.lifecycle import MOVING, RESTING, State

    record = left.cafe.record
    if record is None:
        return REACHED
    if left.timed_out and record.state in (*MOVING, State.ABORTING):
        return TIMED_OUT
    if left.stopped and not left.timed_out and record.state not in RESTING:
        return INTERRUPTED
    return _reached(record, asked.record or record)


def _reached(record: Record, asked: Record) -> int:
    """The exit code for the state of `record`; `asked` is the record when the command began."""
    from statemachine.lifecycle import State
    from statemachine.steps import Kind

    match record.state:
        case State.AWAITING_CONFIRM | State.PAUSED:
            return WAITS
        # Another release may have replaced it.
        case State.COMPLETED if record.id == asked.id:
            return REACHED
        # Success if a rollback was asked for; an upgrade that is rolled back has failed.
        case State.ROLLED_BACK if asked.kind is Kind.ROLLBACK:
            return REACHED
        case State.ABORTED if asked.forced or asked.state in (State.ABORTING, State.ABORTED):
            return REACHED
        case _:
            return FAILED


def _next(left: FinalState) -> tuple[str, ...]:
    """The next commands to type."""
    from kubectl_cafe.status.build import status_of
    from kubectl_cafe.status.next_commands import next_commands

    if left.cafe.record is None:
        return ()
    if left.snapshot:
        return status_of(left.cafe, left.snapshot, (), None).next
    return next_commands(left.cafe, driven=False)


def _print(
    cafe: CafeDeployment, commands: tuple[str, ...], code: int, meaning: str, output: str | None
) -> None:
    """Print the document.

    If it can't be written, only a warning follows: the exit code stays that of the release.
    """
    if output is None:
        return
    from kubectl_cafe.printers import outcome

    meaning = meaning or outcome.MEANINGS[code]
    following = all_at(commands, cluster_flags())
    shown = replace(_outcome(cafe), next=following, exit_code=code, meaning=meaning)
    try:
        show(outcome.result(shown), output)
    except OSError as error:
        say(f"warning: cannot write the document to stdout: {error.strerror}")


def _outcome(cafe: CafeDeployment) -> Outcome:
    """The state of the release of `cafe`, for the document."""
    from kubectl_cafe.printers.outcome import Outcome

    record = cafe.record
    bare = Outcome(cafe.name, cafe.namespace, str(cafe.position.state))
    if record is None:
        return bare
    return replace(
        bare,
        origin=str(record.origin or ""),
        release=record.id,
        kind=str(record.kind),
        from_revision=record.from_revision,
        revision=record.to_revision,
        group=record.group if record.current else 0,
        groups=sum(step.is_group for step in record.steps),
        who=record.who,
        why=record.why,
        failure=str(record.failure or ""),
    )

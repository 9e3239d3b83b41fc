"""The common part of the verbs that make a move, such as `confirm`, and then drive the release."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kubectl_cafe.cli import options
from kubectl_cafe.cli.connection import Connection, connect
from kubectl_cafe.cli.driving import (
    ConsoleReporter,
    detach_option,
    reason_option,
    say,
    say_repeated,
)
from kubectl_cafe.cli.ending import (
    Ends,
    FinalState,
    closing,
    ending_options,
    nothing_to_do,
    recorded,
)
from kubectl_cafe.cli.options import AccessFlags
from kubectl_cafe.cli.terminal.stopping import interruptible

if TYPE_CHECKING:
    from kubectl_cafe.api.cafedeployment import CafeDeployment
    from kubectl_cafe.cache.informers import Observer
    from kubectl_cafe.driver.session import Known, Move, Result


def record_only(
    connection: Connection, cafe: CafeDeployment, reason: str, move: Move, output: str | None = None
) -> int:
    """Record the move, for the driver to carry out; returns the exit code."""
    from kubectl_cafe.driver.session import moved
    from kubectl_cafe.record.move_text import move_line
    from kubectl_cafe.release.start import Mover

    mover = Mover(connection.who(), reason)
    cafe = moved(connection.transport, cafe, move, mover, say_repeated)
    if cafe.record is not None:
        say(move_line(cafe.record))
    return recorded(cafe, output)


@dataclass(frozen=True, slots=True)
class Said:
    """The arguments of a verb that makes a move; `detach`: another process drives."""

    access: AccessFlags
    name: str
    reason: str
    detach: bool
    ends: Ends


def saying_options(verb: Callable[..., int]) -> Callable[..., int]:
    """Add NAME, --reason, --detach, --timeout, -o and kubectl's flags, as `said: Said`."""

    @functools.wraps(verb)
    def with_said(
        access: AccessFlags, *, name: str, reason: str, detach: bool, ends: Ends, **values: Any
    ) -> int:
        return verb(Said(access, name, reason, detach, ends), **values)

    common = (reason_option, detach_option, ending_options, options.access_options)
    made: Callable[..., int] = with_said
    for add in reversed(common):
        made = add(made)
    return options.name_argument()(made)


def move_and_drive(said: Said, move: Move) -> int:
    """Record the move and drive; if there is a driver already, record the move and follow.

    With `detach` the move is only recorded.
    """
    from kubectl_cafe.record import store

    connection = connect(said.access)
    cafe = store.read(connection.transport, connection.namespace, said.name)
    if said.detach:
        return record_only(connection, cafe, said.reason, move, said.ends.output)
    return look_and_steer(connection, cafe, move, reason=said.reason, ends=said.ends)


def look_and_steer(
    connection: Connection,
    cafe: CafeDeployment,
    move: Move | None = None,
    *,
    ends: Ends,
    reason: str = "",
    takeover: bool = False,
) -> int:
    """Observe the pods of `cafe` and `steer`: make the move, and drive or follow; the exit code."""
    from kubectl_cafe.cache.informers import Observer

    observer = Observer(connection.transport, cafe)
    with observer.running():
        return steer(connection, cafe, observer, move, reason=reason, takeover=takeover, ends=ends)


def steer(
    connection: Connection,
    cafe: CafeDeployment,
    observer: Observer,
    move: Move | None = None,
    *,
    ends: Ends,
    reason: str = "",
    known: Known = lambda: None,
    takeover: bool = False,
) -> int:
    """Make `move` and drive or follow the release (`driver.session`); returns the exit code.

    The next commands are printed once the lease is released.
    """
    with interruptible(cafe.name, cafe.namespace, seconds=ends.timeout) as stopping:
        from kubectl_cafe.driver.session import Session

        who = connection.who()
        talk = ConsoleReporter(observer, who, stopping)
        work = Session(connection.transport, observer, who, talk, reason)
        found = work.run(cafe, move, known=known, takeover=takeover)
    if found is None:
        return nothing_to_do(cafe, ends.output)
    _say_mix(found)
    left = FinalState(found.cafe, found.snapshot, stopping.stopped, stopping.timed_out)
    return closing(left, found.asked, ends.output)


def _say_mix(found: Result) -> None:
    """Print how many pods are at each revision, if this command has carried out an abort."""
    from kubectl_cafe.status.build import status_of
    from statemachine.lifecycle import State

    if found.driven and found.cafe.position.state is State.ABORTED:
        for note in status_of(found.cafe, found.snapshot, (), None).notes:
            say(f"  {note}")

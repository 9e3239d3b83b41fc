"""The verbs that say one thing to a release and drive on, in one shape."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from kubectl_cafe.cli.driving import carry, closing, say
from kubectl_cafe.cli.options import AccessFlags
from kubectl_cafe.cli.session import connect
from kubectl_cafe.errors import REACHED

if TYPE_CHECKING:
    from kubectl_cafe.cluster.transport import Transport
    from kubectl_cafe.engine.cafedeployment import CafeDeployment
    from kubectl_cafe.engine.observe import Observer
    from kubectl_cafe.engine.start import Mover

Saying = Callable[["Transport", "CafeDeployment", "Mover", "Observer | None"], "CafeDeployment"]


def record_only(access: AccessFlags, name: str, reason: str, saying: Saying) -> int:
    """Record the move; whoever drives sees it within 5 s."""
    from kubectl_cafe.engine import journal
    from kubectl_cafe.engine.start import Mover
    from kubectl_cafe.views.moves import move_line

    session = connect(access)
    cafe = journal.read(session.transport, session.namespace, name)
    cafe = saying(session.transport, cafe, Mover(session.who(), reason), None)
    if cafe.record is not None:
        say(move_line(cafe.record))
    closing(cafe)
    return REACHED


def move_and_drive(
    access: AccessFlags, name: str, reason: str, saying: Saying, *, detach: bool
) -> int:
    """Take the wheel, record the move under it, and drive; with `detach` record it alone.

    While another driver lives nothing is written (exit 6): `--detach` leaves the move to it.
    """
    if detach:
        return record_only(access, name, reason, saying)
    from kubectl_cafe.engine import journal, wheel
    from kubectl_cafe.engine.observe import Observer
    from kubectl_cafe.engine.start import Mover

    session = connect(access)
    transport, who = session.transport, session.who()
    cafe = journal.read(transport, session.namespace, name)
    observer = Observer(transport, cafe)
    with observer.running(), wheel.hold(transport, cafe, observer) as held:
        # Another driver may have moved it until its lease ran out.
        cafe = journal.read(transport, session.namespace, name)
        cafe = saying(transport, cafe, Mover(who, reason, held.epoch), observer)
        return carry(held, cafe, who)

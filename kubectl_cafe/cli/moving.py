"""The verbs that say something to a release and drive on, in one shape."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from kubectl_cafe.cli.driving import carry, closing, follow, say
from kubectl_cafe.cli.options import AccessFlags
from kubectl_cafe.cli.session import Session, connect
from kubectl_cafe.errors import REACHED

if TYPE_CHECKING:
    from kubectl_cafe.cluster.transport import Transport
    from kubectl_cafe.engine.cafedeployment import CafeDeployment
    from kubectl_cafe.engine.observe import Observer
    from kubectl_cafe.engine.start import Mover
    from kubectl_cafe.engine.wheel import Told
    from kubectl_cafe.revisions.revision import Revision

Saying = Callable[["Transport", "CafeDeployment", "Mover"], "CafeDeployment"]
"""Records one move by compare-and-swap, and answers what it made."""


def record_only(session: Session, cafe: CafeDeployment, reason: str, saying: Saying) -> int:
    """Record the move; whoever drives sees it within 5 s."""
    from kubectl_cafe.engine.start import Mover
    from kubectl_cafe.views.moves import move_line

    cafe = saying(session.transport, cafe, Mover(session.who(), reason))
    if cafe.record is not None:
        say(move_line(cafe.record))
    closing(cafe)
    return REACHED


def move_and_drive(
    access: AccessFlags, name: str, reason: str, saying: Saying, *, detach: bool
) -> int:
    """Record the move and drive; while somebody else drives, record it and follow.

    With `detach` it is recorded alone.
    """
    from kubectl_cafe.engine import journal
    from kubectl_cafe.engine.observe import Observer

    session = connect(access)
    cafe = journal.read(session.transport, session.namespace, name)
    if detach:
        return record_only(session, cafe, reason, saying)
    observer = Observer(session.transport, cafe)
    with observer.running():
        return steer(session, cafe, observer, saying, reason=reason)


def steer(
    session: Session,
    cafe: CafeDeployment,
    observer: Observer,
    saying: Saying | None = None,
    *,
    reason: str = "",
    known: Callable[[], Iterable[Revision] | None] = lambda: None,
    takeover: bool = False,
) -> int:
    """Take the wheel, make the move under it, and drive until the release ends or waits.

    While another driver lives the move is recorded for it and followed; if that driver leaves
    or falls silent before the release has ended, the wheel is taken then. `saying` None: there
    is nothing to say. `known` are the revisions, once `saying` is through. `takeover`: wait
    for the wheel instead of following.
    """
    from kubectl_cafe.cluster.lease import LeaseHeld
    from kubectl_cafe.engine import wheel
    from kubectl_cafe.engine.start import Mover
    from statemachine.lifecycle import RESTING

    transport, who = session.transport, session.who()
    while True:
        try:
            with wheel.hold(transport, cafe, observer, wait=takeover, told=_told()) as held:
                cafe = held.cafe
                if saying is not None:
                    cafe = saying(transport, cafe, Mover(who, reason, held.epoch))
                elif cafe.position.state in RESTING:
                    say(f"{cafe.where} is {cafe.position.state}: there is nothing to drive")
                    return REACHED
                return carry(held, cafe, who, known())
        except LeaseHeld as error:
            left = f"{error.holder} drives (its lease runs out in {error.seconds_left:.0f} s)"
        if saying is not None:
            cafe, saying = saying(transport, cafe, Mover(who, reason)), None
        say(f"{left}; following. Ctrl-C leaves it to them")
        code = follow(transport, cafe, observer, who)
        if code is not None:
            return code
        say("nobody drives any more: taking the wheel")


def _told() -> Told:
    """Talk while the wheel is taken."""
    from kubectl_cafe.cluster.leaseview import LeaseView
    from kubectl_cafe.engine.wheel import Told

    heard: set[str] = set()

    def waiting(view: LeaseView) -> None:
        if view.holder and view.holder not in heard:
            heard.add(view.holder)
            say(f"waiting for the lease of {view.holder} (runs out in {view.seconds_left:.0f} s)")

    def fencing(count: int) -> None:
        say(f"the last driver left without a word: fencing it off from {count} objects")

    return Told(waiting, fencing)

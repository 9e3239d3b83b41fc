"""The verbs that say something to a release and drive on, in one shape."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from kubectl_cafe.cli.driving import carry, follow, say
from kubectl_cafe.cli.ending import Ends, Left, closing, nothing_to_do, recorded
from kubectl_cafe.cli.options import AccessFlags
from kubectl_cafe.cli.session import Session, connect
from kubectl_cafe.cli.terminal.stopping import Stopping, interruptible

if TYPE_CHECKING:
    from kubectl_cafe.api.cafedeployment import CafeDeployment
    from kubectl_cafe.cache.informers import Observer
    from kubectl_cafe.client.lease_view import LeaseView
    from kubectl_cafe.client.transport import Transport
    from kubectl_cafe.driver.leader import Told
    from kubectl_cafe.release.start import Mover
    from kubectl_cafe.revisions.revision import Revision

Saying = Callable[["Transport", "CafeDeployment", "Mover"], "CafeDeployment"]
"""Records one move by compare-and-swap, and answers what it made."""


def record_only(
    session: Session, cafe: CafeDeployment, reason: str, saying: Saying, output: str | None = None
) -> int:
    """Record the move; whoever drives sees it within 5 s."""
    from kubectl_cafe.record.move_text import move_line
    from kubectl_cafe.release.start import Mover

    cafe = _said(saying, session.transport, cafe, Mover(session.who(), reason))
    if cafe.record is not None:
        say(move_line(cafe.record))
    return recorded(cafe, output)


def move_and_drive(
    access: AccessFlags,
    name: str,
    reason: str,
    saying: Saying,
    *,
    detach: bool,
    ends: Ends,
) -> int:
    """Record the move and drive; while somebody else drives, record it and follow.

    With `detach` it is recorded alone.
    """
    from kubectl_cafe.cache.informers import Observer
    from kubectl_cafe.record import store

    session = connect(access)
    cafe = store.read(session.transport, session.namespace, name)
    if detach:
        return record_only(session, cafe, reason, saying, ends.output)
    observer = Observer(session.transport, cafe)
    with observer.running():
        return steer(session, cafe, observer, saying, reason=reason, ends=ends)


def steer(
    session: Session,
    cafe: CafeDeployment,
    observer: Observer,
    saying: Saying | None = None,
    *,
    ends: Ends,
    reason: str = "",
    known: Callable[[], Iterable[Revision] | None] = lambda: None,
    takeover: bool = False,
) -> int:
    """Take the wheel, make the move under it, and drive until the release ends or waits.

    While another driver lives the move is recorded for it and followed; if that driver leaves
    or falls silent before the release has ended, the wheel is taken then. `saying` None: there
    is nothing to say. `known` are the revisions, once `saying` is through. `takeover`: wait
    for the wheel instead of following. What is next is said once the lease is given back.
    """
    place = f"{cafe.name} -n {cafe.namespace}"
    with interruptible(place, seconds=ends.timeout) as stopping:
        found = _steered(session, cafe, observer, stopping, saying, reason, known, takeover)
    if found is None:
        return nothing_to_do(cafe, ends.output)
    left, asked = found
    return closing(left, asked, ends.output)


def _steered(
    session: Session,
    cafe: CafeDeployment,
    observer: Observer,
    stopping: Stopping,
    saying: Saying | None,
    reason: str,
    known: Callable[[], Iterable[Revision] | None],
    takeover: bool,
) -> tuple[Left, CafeDeployment] | None:
    """The release as it is left, and as it was when it was asked for; None: nothing to drive."""
    from kubectl_cafe.client.lease_view import LeaseHeld
    from kubectl_cafe.driver import leader
    from kubectl_cafe.release.start import Mover
    from statemachine.lifecycle import RESTING

    transport, who, silent = session.transport, session.who(), ""
    while True:
        try:
            with leader.lead(
                transport, cafe, observer, who=who, wait=takeover, silent=silent, told=_told()
            ) as held:
                cafe = held.cafe
                if saying is not None:
                    cafe = _said(saying, transport, cafe, Mover(who, reason, held.epoch))
                elif cafe.position.state in RESTING:
                    say(f"{cafe.where} is {cafe.position.state}: there is nothing to drive")
                    return None
                return carry(held, cafe, who, stopping, known()), cafe
        except LeaseHeld as error:
            standing = _standing(error.view)
        if saying is not None:
            cafe, saying = _said(saying, transport, cafe, Mover(who, reason)), None
        say(f"{standing}; following. Ctrl-C leaves it to them")
        followed = follow(transport, cafe, observer, who, stopping)
        if isinstance(followed, Left):
            return followed, cafe
        silent = followed
        say("nobody drives any more: taking the wheel")


def _said(
    saying: Saying, transport: Transport, cafe: CafeDeployment, mover: Mover
) -> CafeDeployment:
    """The release after the move; where that was only a repeat, who had made it is said."""
    from kubectl_cafe.planning.allowed_commands import last_said

    after = saying(transport, cafe, mover)
    known = (cafe.record.id, cafe.record.journal) if cafe.record else None
    if after.record is not None and (after.record.id, after.record.journal) == known:
        last = last_said(after.record)
        say(f"{cafe.where} is {after.record.state} already ({last}); nothing was written")
    return after


def _standing(view: LeaseView) -> str:
    """Who is followed: a driver that lives, or one whose lease has to be watched first."""
    from kubectl_cafe.client.lease_view import lease_text

    if view.live:
        return f"{view.driver} drives (its lease runs out in {view.seconds_left:.0f} s)"
    return lease_text(view)


def _told() -> Told:
    """Talk while the wheel is taken."""
    from kubectl_cafe.driver.leader import Told

    heard: set[str] = set()

    def waiting(view: LeaseView) -> None:
        if view.holder and view.holder not in heard:
            heard.add(view.holder)
            left = f"{view.seconds_left:.0f} s"
            say(f"waiting for the lease of {view.driver}: taken over in {left} unless renewed")

    def fencing(count: int) -> None:
        say(f"the last driver left without a word: fencing it off from {count} objects")

    return Told(waiting, fencing, lambda text: say(f"  waits for {text}"))

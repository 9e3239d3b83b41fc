"""A release that one command moves, drives or follows: no terminal in it (protocol 9, 10; C65)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.assessment.snapshot import Snapshot
from kubectl_cafe.cache.informers import Observer
from kubectl_cafe.client.lease_view import LeaseHeld, LeaseView
from kubectl_cafe.client.transport import Transport
from kubectl_cafe.driver import leader
from kubectl_cafe.driver.follower import Followed, Follower
from kubectl_cafe.driver.leader import Leader, Told
from kubectl_cafe.driver.loop import Driver, Watcher
from kubectl_cafe.release.start import Mover
from kubectl_cafe.revisions.revision import Revision
from statemachine.lifecycle import RESTING

Move = Callable[[Transport, CafeDeployment, Mover], CafeDeployment]
"""Records one move by compare-and-swap, and answers the release as it is then."""
Known = Callable[[], Iterable[Revision] | None]
"""The revisions, where the caller has just read them; asked for once the move is made."""
OURS = LeaseView("this command", True, 0, 0.0)
"""Who drives, as far as a driver that shows its own work is concerned."""


class Display(Watcher, Protocol):
    """A watcher that shows the release for as long as it is entered."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


class Reporter(Protocol):
    """What a session reports. All calls come from the thread that runs it."""

    @property
    def asks(self) -> bool:
        """Whether a person is there to confirm a group."""
        ...

    def repeated(self, cafe: CafeDeployment) -> None:
        """The move was made already: nothing was written."""
        ...

    def nothing_to_drive(self, cafe: CafeDeployment) -> None:
        """The release has ended already."""
        ...

    def waits_for(self, lease: LeaseView) -> None:
        """Another driver's lease is waited for; called again as it is read again."""
        ...

    def invalidates(self, objects: int) -> None:
        """The pending writes of a driver that left without a word are made to fail."""
        ...

    def is_slow(self, why: str) -> None:
        """What keeps an object from that."""
        ...

    def follows(self, lease: LeaseView) -> None:
        """Another driver holds the lease, or left it to run out: the release is followed."""
        ...

    def abandoned(self) -> None:
        """The driver that was followed is gone: this session becomes the driver."""
        ...

    def works(self, work: Driver | Follower) -> None:
        """What is under way from now on, and ends soon after its `stop` is set."""
        ...

    def display(self, lease: Callable[[], LeaseView | None]) -> Display:
        """What shows the release; `lease` tells who drives."""
        ...


@dataclass(frozen=True)
class Result:
    """How a session leaves a release, with the last snapshot where its pods were looked at.

    `asked` is the release as it was when it was first driven or followed. `driven`: by this
    session, and not by another driver.
    """

    cafe: CafeDeployment
    asked: CafeDeployment
    snapshot: Snapshot | None
    driven: bool


@dataclass(frozen=True)
class Session:
    """One user's work on one release; `who` is that user, `reason` signs the moves.

    `transport` may be shared: as long as this session drives it writes through its leader's.
    """

    transport: Transport
    observer: Observer
    who: str
    reporter: Reporter
    reason: str = ""

    def run(
        self,
        cafe: CafeDeployment,
        move: Move | None = None,
        *,
        known: Known = lambda: None,
        takeover: bool = False,
    ) -> Result | None:
        """Become the driver, make `move`, and drive until the release ends or waits.

        While another driver lives the move is recorded for it and the release is followed; if
        that driver leaves or falls silent before the release has ended, this session drives.
        `move` None: the release goes on as it is; None comes back where it has ended already.
        `takeover`: wait for the lease instead of following.
        """
        silent = ""
        while True:
            try:
                with leader.lead(
                    self.transport,
                    cafe,
                    self.observer,
                    who=self.who,
                    wait=takeover,
                    silent=silent,
                    told=Told(
                        self.reporter.waits_for, self.reporter.invalidates, self.reporter.is_slow
                    ),
                ) as held:
                    cafe = held.cafe
                    if move is not None:
                        cafe = self._moved(held.transport, cafe, move, held.epoch)
                    elif cafe.position.state in RESTING:
                        self.reporter.nothing_to_drive(cafe)
                        return None
                    return self._drive(held, cafe, known())
            except LeaseHeld as error:
                lease = error.view
            if move is not None:
                cafe, move = self._moved(self.transport, cafe, move), None
            self.reporter.follows(lease)
            followed, stopped = self._follow(cafe)
            if stopped or not followed.abandoned:
                return Result(followed.cafe, cafe, followed.snapshot, driven=False)
            silent = followed.lease
            self.reporter.abandoned()

    def _moved(
        self, transport: Transport, cafe: CafeDeployment, move: Move, epoch: int | None = None
    ) -> CafeDeployment:
        mover = Mover(self.who, self.reason, epoch)
        return moved(transport, cafe, move, mover, self.reporter.repeated)

    def _drive(
        self, held: Leader, cafe: CafeDeployment, known: Iterable[Revision] | None
    ) -> Result:
        """Drive `cafe` to its end or to where a person is waited for."""
        reporter = self.reporter
        with reporter.display(lambda: OURS) as display:
            display.moved(cafe)
            ended = leader.drive(
                held,
                cafe,
                display,
                who=self.who,
                known=known,
                asks=reporter.asks,
                ready=reporter.works,
            )
        return Result(ended.cafe, cafe, ended.snapshot, driven=True)

    def _follow(self, cafe: CafeDeployment) -> tuple[Followed, bool]:
        """Where the following ended, and whether that was asked for."""
        reporter = self.reporter
        display = reporter.display(lambda: follower.lease)
        follower = Follower(self.transport, cafe, self.observer, display, asks=reporter.asks)
        reporter.works(follower)
        with display:
            followed = follower.run()
        return followed, follower.stop.is_set()


def moved(
    transport: Transport,
    cafe: CafeDeployment,
    move: Move,
    mover: Mover,
    repeated: Callable[[CafeDeployment], None],
) -> CafeDeployment:
    """The release after the move; `repeated` is called where it was made already."""
    after = move(transport, cafe, mover)
    known = (cafe.record.id, cafe.record.journal) if cafe.record else None
    if after.record is not None and (after.record.id, after.record.journal) == known:
        repeated(after)
    return after

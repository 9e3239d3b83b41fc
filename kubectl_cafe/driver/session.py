"""Moves, drives or follows a release for one command (protocol 9, 10; C65).

Output and prompts belong to the caller's Reporter.
"""

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
from kubectl_cafe.driver.leader import Leader, Progress
from kubectl_cafe.driver.loop import Driver, Watcher
from kubectl_cafe.release.start import Mover
from kubectl_cafe.revisions.revision import Revision
from statemachine.lifecycle import RESTING

Move = Callable[[Transport, CafeDeployment, Mover], CafeDeployment]
"""Records one move by compare-and-swap; returns the CafeDeployment after it."""
Known = Callable[[], Iterable[Revision] | None]
"""Returns the revisions if the caller has just read them, else None; called after the move."""
OURS = LeaseView("this command", True, 0, 0.0)
"""The lease as a driver displays it: held by this command."""


class Display(Watcher, Protocol):
    """A watcher that shows the release while its context is entered."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


class Reporter(Protocol):
    """Receives the events of a session, in the thread that runs the session."""

    @property
    def asks(self) -> bool:
        """Whether an operator can be prompted to confirm a group."""
        ...

    def repeated(self, cafe: CafeDeployment) -> None:
        """Called if the move had been made before, so that nothing was written."""
        ...

    def nothing_to_drive(self, cafe: CafeDeployment) -> None:
        """Called when the release has ended already."""
        ...

    def waits_for(self, lease: LeaseView) -> None:
        """Called at each read of another driver's lease while waiting for it."""
        ...

    def invalidates(self, objects: int) -> None:
        """Called with the number of objects to fence, before they are updated."""
        ...

    def is_slow(self, why: str) -> None:
        """Called with the reason why an object cannot be fenced."""
        ...

    def follows(self, lease: LeaseView) -> None:
        """Called when the release is followed: another driver's lease has not expired yet."""
        ...

    def abandoned(self) -> None:
        """Called when the followed driver is gone and this session becomes the driver."""
        ...

    def works(self, work: Driver | Follower) -> None:
        """Called with the running driver or follower, which ends soon after its `stop` is set."""
        ...

    def display(self, lease: Callable[[], LeaseView | None]) -> Display:
        """The display of the release; it calls `lease` for the current driver's lease."""
        ...


@dataclass(frozen=True)
class Result:
    """The result of a session. `snapshot` is the last one, None if no pods were read.

    `asked` is the CafeDeployment when driving or following began. `driven`: this session was the
    driver at the end.
    """

    cafe: CafeDeployment
    asked: CafeDeployment
    snapshot: Snapshot | None
    driven: bool


@dataclass(frozen=True)
class Session:
    """One user's work on one release; `who` is that user, `reason` is recorded with the moves.

    `transport` may be shared: while this session drives, it writes through its leader's transport.
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

        While another driver holds the lease, `move` is recorded for that driver and the release is
        followed. If that driver releases or stops renewing the lease before the release has ended,
        this session drives. With `move` None the release continues as it is, and None is returned
        if it has ended already. `takeover`: wait for the lease instead of following.
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
                    progress=Progress(
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
        """Drive `cafe` to its end or until it waits for an operator."""
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
        """The result of following, and whether `stop` ended it."""
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
    """The CafeDeployment after `move`; calls `repeated` if the move was made already."""
    after = move(transport, cafe, mover)
    known = (cafe.record.id, cafe.record.journal) if cafe.record else None
    if after.record is not None and (after.record.id, after.record.journal) == known:
        repeated(after)
    return after

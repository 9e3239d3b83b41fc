"""Being the driver: the lease, the epoch and the loop, from a verb to its end (protocol 10)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Protocol

from kubectl_cafe import names
from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.cache import direct_reads
from kubectl_cafe.cache.informers import Observer
from kubectl_cafe.client.access.identity import process
from kubectl_cafe.client.errors import ApiError
from kubectl_cafe.client.lease import LeaseKeeper, LeaseView
from kubectl_cafe.client.transport import SessionTransport, Transport
from kubectl_cafe.driver import fencing
from kubectl_cafe.driver.loop import Driver, Ended, Watcher
from kubectl_cafe.record import store
from kubectl_cafe.release import moves, outcome
from kubectl_cafe.revisions.revision import Revision, owner_reference


class Steering(Protocol):
    """What acts while the lease is held; called from the lease's thread."""

    def refresh(self) -> None:
        """The lease was renewed: read the CR."""
        ...

    def wake(self) -> None:
        """Look again now."""
        ...


@dataclass
class Leader:
    """The lease is ours and no earlier driver can disturb: `cafe` as it stands from here on.

    `transport` is this session's own: what is written through it is held back once the lease is
    lost. `epoch` is what every write of ours is under. `driver` hears of renewals once there is
    one. `answered`: every own request is, so that the lease may be given back.
    """

    transport: SessionTransport
    observer: Observer
    lease: LeaseKeeper
    cafe: CafeDeployment
    epoch: int = 0
    driver: Steering | None = None
    answered: bool = False

    def renewed(self) -> None:
        """The lease was renewed: time to look at the CR."""
        if self.driver is not None:
            self.driver.refresh()

    def lost(self) -> None:
        """The lease is lost: whoever waits should hear of it."""
        if self.driver is not None:
            self.driver.wake()


@dataclass(frozen=True)
class Told:
    """What is reported while a driver becomes one: of the lease waited for, of objects fenced off.

    `slow` hears what keeps an object from being fenced off.
    """

    waiting: Callable[[LeaseView], None] = lambda _view: None
    fencing: Callable[[int], None] = lambda _count: None
    slow: Callable[[str], None] = lambda _text: None


def keeper(transport: Transport, cafe: CafeDeployment, who: str) -> LeaseKeeper:
    """The lease of `cafe` for this process of `who`."""
    owner = {**owner_reference(cafe.obj), "controller": False}
    name = names.lease_name(cafe.name)
    return LeaseKeeper(transport, cafe.namespace, name, owner, process(who), transport.clock)


@contextmanager
def lead(
    transport: Transport,
    cafe: CafeDeployment,
    observer: Observer,
    *,
    who: str,
    wait: bool = False,
    silent: str = "",
    told: Told = Told(),
) -> Iterator[Leader]:
    """Take the lease, fence off a driver that left without giving it back, and read the CR.

    In this order: the Lease, the CR with the new epoch, every workload and pod, `fencedEpoch`.
    It is given back at the end if every own request is answered, and the fence is complete.
    Raises LeaseHeld (exit 6) while another driver lives, unless `wait`; `silent` is the
    resourceVersion of a lease that the caller has watched for its whole duration. The API server
    knows this process' user as `who`.
    """

    def guard() -> None:  # The lease itself is renewed in the session's name.
        lease.check()

    session = transport.session(guard)
    lease = keeper(session, cafe, who)
    transitions = lease.acquire(wait, told.waiting, silent)
    leader = Leader(session, observer, lease, cafe)
    lease.start(on_renew=leader.renewed, on_lost=leader.lost)
    try:
        # Another driver may have moved it until its lease ended.
        cafe = store.read(session, cafe.namespace, cafe.name)
        epoch = moves.epoch_after(cafe, transitions, observer.cache.highest_epoch())
        if fencing.needed(cafe.record, lease.given_back):
            try:
                cafe = fencing.fence(session, cafe, epoch, told.fencing, told.slow)
            except (ApiError, fencing.Unfenced):
                leader.answered = True  # `fencedEpoch` is not written: the next driver fences.
                raise
        leader.cafe, leader.epoch, leader.answered = cafe, epoch, True
        yield leader
    finally:
        lease.release(answered=leader.answered)


def drive(
    leader: Leader,
    cafe: CafeDeployment,
    watcher: Watcher,
    *,
    who: str,
    known: Iterable[Revision] | None = None,
    asks: bool = False,
    ready: Callable[[Driver], None] | None = None,
) -> Ended:
    """Carry the release of `cafe` until it ends or waits; `ready` gets the driver first.

    `known` are the revisions, read here unless the caller just did.
    """
    transport = leader.transport
    if cafe.record is not None:
        transport.release = cafe.record.id
    cafe = moves.become_driver(transport, cafe, leader.epoch)
    revisions = {r.name: r for r in known or direct_reads.read_revisions(transport, cafe)}
    driver = Driver(
        transport, cafe, revisions, leader.observer, who=who, watcher=watcher, asks=asks
    )
    if ready is not None:
        ready(driver)
    leader.driver = driver
    try:
        ended = driver.run()
    finally:
        leader.answered = driver.answered
    with suppress(ApiError):  # If it fails, the next release's start writes it.
        left = outcome.conclude(transport, ended.cafe, tuple(revisions.values()))
        snapshot = ended.snapshot
        outcome.prune(transport, ended.cafe, left, snapshot.pods.values(), snapshot.workloads)
    return ended

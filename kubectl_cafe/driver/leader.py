"""Leader election: holds the lease and the epoch while a command's loop runs (protocol 10)."""

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
from kubectl_cafe.client.lease import LeaderElector, LeaseView
from kubectl_cafe.client.transport import SessionTransport, Transport
from kubectl_cafe.driver import fencing
from kubectl_cafe.driver.loop import Driver, Ended, Watcher
from kubectl_cafe.planning import deletion
from kubectl_cafe.record import store
from kubectl_cafe.release import moves, outcome
from kubectl_cafe.revisions.revision import Revision, owner_reference


class Steering(Protocol):
    """The driver that works under the lease; the lease's thread calls these methods."""

    def refresh(self) -> None:
        """Read the CafeDeployment: the lease was renewed."""
        ...

    def wake(self) -> None:
        """Start the next turn of the loop now."""
        ...


@dataclass
class Leader:
    """The held lease, after fencing: no write of an earlier driver can succeed any more.

    `cafe` is the CafeDeployment as read after fencing. `transport` is this session's own, whose
    writes are stopped once the lease is lost. `epoch` goes with every write of this driver.
    `driver`, if set, is called at each renewal. `answered`: no write of this session can take
    effect any more, so the lease may be released.
    """

    transport: SessionTransport
    observer: Observer
    lease: LeaderElector
    cafe: CafeDeployment
    epoch: int = 0
    driver: Steering | None = None
    answered: bool = False

    def renewed(self) -> None:
        """Let the driver read the CafeDeployment: the lease was renewed."""
        if self.driver is not None:
            self.driver.refresh()

    def lost(self) -> None:
        """Wake the driver, which may be waiting: the lease is lost."""
        if self.driver is not None:
            self.driver.wake()


@dataclass(frozen=True)
class Progress:
    """Callbacks for progress while the lease is acquired.

    `waiting` gets the other driver's lease at each read, `fencing` the number of objects to fence,
    `slow` the reason why an object cannot be fenced.
    """

    waiting: Callable[[LeaseView], None] = lambda _view: None
    fencing: Callable[[int], None] = lambda _count: None
    slow: Callable[[str], None] = lambda _text: None


def keeper(transport: Transport, cafe: CafeDeployment, who: str) -> LeaderElector:
    """The LeaderElector for the Lease of `cafe`, with this process of user `who` as its holder."""
    owner = {**owner_reference(cafe.obj), "controller": False}
    name = names.lease_name(cafe.name)
    return LeaderElector(transport, cafe.namespace, name, owner, process(who), transport.clock)


@contextmanager
def lead(
    transport: Transport,
    cafe: CafeDeployment,
    observer: Observer,
    *,
    who: str,
    wait: bool = False,
    silent: str = "",
    progress: Progress = Progress(),
) -> Iterator[Leader]:
    """Take the lease, read the CR, and fence the previous driver if it may still have writes.

    Fencing writes, in this order: the CafeDeployment with the new epoch, every workload and pod,
    `fencedEpoch`. At the end the lease is released if `Leader.answered`. Raises LeaseHeld (exit 6)
    while another driver holds the lease, unless `wait`. `silent` is the resourceVersion of a lease
    that the caller has watched for its whole duration. `who` is this process's user name at the API
    server.
    """

    def check_lease() -> None:  # Renewals of the lease use the session's transport, too.
        lease.check()

    session = transport.session(check_lease)
    lease = keeper(session, cafe, who)
    transitions = lease.acquire(wait, progress.waiting, silent)
    leader = Leader(session, observer, lease, cafe)
    lease.start(on_renew=leader.renewed, on_lost=leader.lost)
    try:
        # Another driver may have moved the release until its lease ended.
        cafe = store.read(session, cafe.namespace, cafe.name)
        epoch = moves.epoch_after(cafe, transitions, observer.cache.highest_epoch())
        if fencing.needed(cafe.record, lease.given_back):
            try:
                cafe = fencing.fence(session, cafe, epoch, who, progress.fencing, progress.slow)
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
    """Drive the release of `cafe` until it ends or waits for an operator.

    `ready` is called with the driver before it runs. `known` are the revisions if the caller has
    just read them; else they are read here.
    """
    transport = leader.transport
    if cafe.record is not None:
        transport.release = cafe.record.id
    cafe = moves.become_driver(transport, cafe, leader.epoch, who)
    revisions = {r.name: r for r in known or direct_reads.read_revisions(transport, cafe)}
    driver = Driver(
        transport, cafe, revisions, leader.observer, who=who, watcher=watcher, asks=asks
    )
    if ready is not None:
        ready(driver)
    leader.driver = driver
    try:
        ended = driver.run()
    except store.Missing as error:
        memory = leader.observer.cache
        raise deletion.gone(cafe, (*memory.pods(), *memory.unrelated())) from error
    finally:
        leader.answered = driver.answered
    with suppress(ApiError):  # After a failure the next release's start writes the outcome.
        cafe, snapshot, left = ended.cafe, ended.snapshot, tuple(revisions.values())
        outcome.conclude(transport, cafe, left)
        outcome.prune(transport, cafe, left, snapshot.pods.values(), snapshot.workloads)
    return ended

"""Holding the wheel: the lease, the epoch and the loop, from a verb to its end (protocol 10)."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from kubectl_cafe import names
from kubectl_cafe.cluster.errors import ApiError
from kubectl_cafe.cluster.lease import LeaseKeeper, LeaseView
from kubectl_cafe.cluster.transport import Transport
from kubectl_cafe.engine import start, verbs
from kubectl_cafe.engine.cafedeployment import CafeDeployment
from kubectl_cafe.engine.driver import Driver, Ended, Watcher
from kubectl_cafe.engine.observe import Observer
from kubectl_cafe.revisions.revision import Revision, owner_reference


@dataclass(frozen=True)
class Wheel:
    """The lease is ours; `epoch` is what every write of ours is under."""

    transport: Transport
    observer: Observer
    lease: LeaseKeeper
    epoch: int


def keeper(transport: Transport, cafe: CafeDeployment) -> LeaseKeeper:
    """The lease of `cafe` for this process; its name is unique per process."""
    owner = {**owner_reference(cafe.obj), "controller": False}
    identity = f"{socket.gethostname()}_{os.getpid()}_{secrets.token_hex(3)}"
    name = names.lease_name(cafe.name)
    return LeaseKeeper(transport, cafe.namespace, name, owner, identity, transport.clock)


@contextmanager
def hold(
    transport: Transport,
    cafe: CafeDeployment,
    observer: Observer,
    *,
    wait: bool = False,
    told: Callable[[LeaseView], None] | None = None,
) -> Iterator[Wheel]:
    """Take the lease, and give it back when every own request is answered.

    Raises LeaseHeld (exit 6) while another driver lives, unless `wait`.
    """
    lease = keeper(transport, cafe)
    transitions = lease.acquire(wait, told)
    epoch = verbs.epoch_after(cafe, transitions, observer.memory.highest_epoch())
    transport.before_write = lease.check
    try:
        yield Wheel(transport, observer, lease, epoch)
    finally:
        transport.before_write = None
        lease.release()


def drive(
    wheel: Wheel,
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
    transport = wheel.transport
    if cafe.record is not None:
        transport.release = cafe.record.id
    cafe = verbs.take_wheel(transport, cafe, wheel.epoch)
    revisions = {r.name: r for r in known or start.read_revisions(transport, cafe)}
    driver = Driver(transport, cafe, revisions, wheel.observer, who=who, watcher=watcher, asks=asks)
    if ready is not None:
        ready(driver)
    wheel.lease.start(on_renew=driver.refresh, on_lost=driver.wake)
    ended = driver.run()
    with suppress(ApiError):  # If it fails, the next release's start writes it.
        start.conclude(transport, ended.cafe, tuple(revisions.values()))
    return ended


def lease_view(transport: Transport, cafe: CafeDeployment) -> LeaseView:
    """Who drives; reads only."""
    return keeper(transport, cafe).inspect()

"""The thread that renews the lease: it tells the driver, outlives errors, and ends."""

from __future__ import annotations

import threading
import time

import pytest

from kubectl_cafe.cluster import errors, lease
from kubectl_cafe.cluster.lease import LeaseKeeper, LeaseLost
from tests.unit.cluster.conftest import HandClock
from tests.unit.cluster.leases import Server
from tests.unit.cluster.stub import Reply, Stub, status


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "RENEWAL", 0.02)
    monkeypatch.setattr(lease, "RETRY", 0.01)


def test_the_thread_renews_and_tells_the_driver_each_time(keeper: LeaseKeeper, quick: None) -> None:
    keeper.acquire(wait=False)
    thrice = threading.Semaphore(0)
    keeper.start(on_renew=thrice.release)
    assert all(thrice.acquire(timeout=5) for _ in range(3))
    assert keeper.release()


def test_the_thread_outlives_errors_of_the_server_and_of_the_drivers_read(
    keeper: LeaseKeeper, server: Server, quick: None
) -> None:
    keeper.acquire(wait=False)
    failures = iter([status(503, "", "restarting"), Reply(reset=True)])
    server.before = lambda _: next(failures, None)
    twice = threading.Semaphore(0)

    def on_renew() -> None:
        twice.release()
        raise errors.Unreachable("the read failed")

    keeper.start(on_renew=on_renew)
    assert all(twice.acquire(timeout=5) for _ in range(2))
    keeper.check()
    keeper.release()


def test_the_thread_tells_when_it_is_lost(
    keeper: LeaseKeeper, server: Server, clock: HandClock, quick: None
) -> None:
    keeper.acquire(wait=False)
    lost = threading.Event()
    keeper.start(on_lost=lost.set)
    server.held("you", clock.time())
    assert lost.wait(5)


def test_a_laptop_that_slept_past_the_deadline_has_lost_it_without_asking(
    keeper: LeaseKeeper, stub: Stub, clock: HandClock, quick: None
) -> None:
    keeper.acquire(wait=False)
    before = len(stub.asked)
    clock.now += 60
    lost = threading.Event()
    keeper.start(on_lost=lost.set)
    assert lost.wait(5)
    assert len(stub.asked) == before


def test_a_driver_that_fails_at_a_renewal_loses_the_lease(keeper: LeaseKeeper, quick: None) -> None:
    keeper.acquire(wait=False)
    lost = threading.Event()

    def broken() -> None:
        raise RuntimeError("a bug")

    keeper.start(on_renew=broken, on_lost=lost.set)
    assert lost.wait(5)
    with pytest.raises(LeaseLost, match="a bug"):
        keeper.check()


def test_giving_it_back_ends_the_thread(keeper: LeaseKeeper, stub: Stub, quick: None) -> None:
    keeper.acquire(wait=False)
    keeper.start()
    keeper.release()
    asked = len(stub.asked)
    time.sleep(0.1)
    assert len(stub.asked) == asked

"""The thread that renews the lease: it tells the driver, outlives errors, and ends."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from kubectl_cafe.client import errors, lease
from kubectl_cafe.client.lease import LeaderElector, LeaseLost
from kubectl_cafe.client.transport import Transport
from tests.unit.client.conftest import HandClock
from tests.unit.client.leases import OWNER, Server
from tests.unit.client.plugins import plugin, token
from tests.unit.client.stub import Asked, Reply, Stub, status


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "RENEWAL", 0.02)
    monkeypatch.setattr(lease, "RETRY", 0.01)


def test_the_thread_renews_and_tells_the_driver_each_time(
    keeper: LeaderElector, quick: None
) -> None:
    keeper.acquire(wait=False)
    thrice = threading.Semaphore(0)
    keeper.start(on_renew=thrice.release)
    assert all(thrice.acquire(timeout=5) for _ in range(3))
    assert keeper.release()


def test_the_thread_outlives_errors_of_the_server_and_of_the_drivers_read(
    keeper: LeaderElector, server: Server, quick: None
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
    keeper: LeaderElector, server: Server, clock: HandClock, quick: None
) -> None:
    keeper.acquire(wait=False)
    lost = threading.Event()
    keeper.start(on_lost=lost.set)
    server.held("you", clock.time())
    assert lost.wait(5)


def test_a_laptop_that_slept_past_the_deadline_has_lost_it_without_asking(
    keeper: LeaderElector, stub: Stub, clock: HandClock, quick: None
) -> None:
    keeper.acquire(wait=False)
    before = len(stub.asked)
    clock.now += 60
    lost = threading.Event()
    keeper.start(on_lost=lost.set)
    assert lost.wait(5)
    assert len(stub.asked) == before


def test_a_driver_that_fails_at_a_renewal_loses_the_lease(
    keeper: LeaderElector, quick: None
) -> None:
    keeper.acquire(wait=False)
    lost = threading.Event()

    def broken() -> None:
        raise RuntimeError("a bug")

    keeper.start(on_renew=broken, on_lost=lost.set)
    assert lost.wait(5)
    with pytest.raises(LeaseLost, match="a bug"):
        keeper.check()


def test_giving_it_back_ends_the_thread(keeper: LeaderElector, stub: Stub, quick: None) -> None:
    keeper.acquire(wait=False)
    keeper.start()
    keeper.release()
    asked = len(stub.asked)
    time.sleep(0.1)
    assert len(stub.asked) == asked


@pytest.mark.tls
@pytest.mark.guard("a-failed-renewal-is-tried-again")
def test_a_credential_plugin_that_fails_for_a_moment_does_not_end_the_thread(
    stub: Stub,
    server: Server,
    connect: Callable[..., Transport],
    clock: HandClock,
    tmp_path: Path,
    quick: None,
) -> None:
    keeper = LeaderElector(
        connect(user=plugin(tmp_path, token("old"))), "shop", "cafe-web", OWNER, "me", clock
    )
    keeper.acquire(wait=False)
    plugin(tmp_path, "exit 1")
    refused, renewed = threading.Semaphore(0), threading.Event()

    def answer(asked: Asked) -> Reply:
        if asked.header("Authorization") == "Bearer new":
            return server(asked)
        refused.release()
        return status(401, "Unauthorized", "Unauthorized")

    stub.script = answer
    keeper.start(on_renew=renewed.set)
    assert all(refused.acquire(timeout=5) for _ in range(2))
    plugin(tmp_path, token("new"))
    clock.now += 5
    assert renewed.wait(5)
    keeper.check()
    keeper.release()


def test_the_loss_of_the_lease_names_why_it_could_not_be_renewed(
    keeper: LeaderElector, stub: Stub, clock: HandClock, quick: None
) -> None:
    keeper.acquire(wait=False)
    page = Reply(200, b"<title>Sign in</title>", {"Content-Type": "text/html"})
    stub.script = lambda _: page
    lost = threading.Event()
    keeper.start(on_lost=lost.set)
    asked = len(stub.asked)
    while len(stub.asked) < asked + 4:  # The first renewal and its check have failed by then.
        time.sleep(0.01)
    clock.now += 21
    assert lost.wait(5)
    with pytest.raises(LeaseLost, match=r"was not renewed for 20s: .*Sign in"):
        keeper.check()


def test_whatever_a_renewal_raises_the_loss_is_told(
    keeper: LeaderElector, server: Server, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper.acquire(wait=False)
    lost = threading.Event()

    def broken(_keeper: LeaderElector) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(LeaderElector, "renew", broken)
    keeper.start(on_lost=lost.set)
    assert lost.wait(5)
    with pytest.raises(LeaseLost, match="a renewal failed: RuntimeError"):
        keeper.check()


def test_a_renewal_that_hangs_is_not_waited_for_at_the_end(
    keeper: LeaderElector, server: Server, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lease is left to run out: what hangs might renew it after it was given back."""
    monkeypatch.setattr(lease, "_ENDING", 0.05)
    keeper.acquire(wait=False)
    begun, over = threading.Event(), threading.Event()

    def hangs(_keeper: LeaderElector) -> None:
        begun.set()
        over.wait(5)

    monkeypatch.setattr(LeaderElector, "renew", hangs)
    keeper.start()
    assert begun.wait(5)
    assert not keeper.release()
    over.set()
    assert server.spec["holderIdentity"] == "me"

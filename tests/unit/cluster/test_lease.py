"""Who drives: taken once, renewed, lost before another can take it, given back."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from kubectl_cafe.cluster import errors, lease
from kubectl_cafe.cluster.lease import LeaseHeld, LeaseKeeper, LeaseLost
from kubectl_cafe.cluster.leaseview import judge, micro_time
from kubectl_cafe.cluster.transport import Transport
from kubectl_cafe.errors import CONFLICT
from tests.unit.cluster.conftest import HandClock
from tests.unit.cluster.stub import Asked, Reply, Stub, status

PATH = "/apis/coordination.k8s.io/v1/namespaces/shop/leases/cafe-web"
OWNER = {"apiVersion": "v1", "kind": "CafeDeployment", "name": "web", "uid": "u1"}


class Server:
    """One Lease with compare-and-swap; `before` may spoil a write, `after` its answer."""

    def __init__(self) -> None:
        self.lease: dict[str, Any] | None = None
        self.version = 0
        self.before: Callable[[Asked], Reply | None] = lambda _: None
        self.after: Callable[[Asked], Reply | None] = lambda _: None

    def __call__(self, asked: Asked) -> Reply:
        if asked.method == "GET":
            missing = status(404, "NotFound", "not found", name="cafe-web", kind="leases")
            return Reply(body=self.lease) if self.lease else missing
        return self.before(asked) or self._write(asked)

    def _write(self, asked: Asked) -> Reply:
        if asked.method == "POST" and self.lease is not None:
            return status(409, "AlreadyExists", "already exists", name="cafe-web")
        if asked.method == "PUT":
            if self.lease is None:
                return status(404, "NotFound", "not found", name="cafe-web", kind="leases")
            if asked.body["metadata"]["resourceVersion"] != str(self.version):
                return status(409, "Conflict", "the object has been modified", name="cafe-web")
        self.put(asked.body)
        return self.after(asked) or Reply(body=self.lease)

    def put(self, body: dict[str, Any]) -> None:
        self.version += 1
        meta = {**body.get("metadata", {}), "resourceVersion": str(self.version)}
        self.lease = {**body, "metadata": meta}

    def held(self, holder: str, renewed: float, transitions: int = 4, duration: int = 30) -> None:
        spec = {
            "holderIdentity": holder,
            "renewTime": micro_time(renewed),
            "leaseDurationSeconds": duration,
            "leaseTransitions": transitions,
        }
        self.put({"metadata": {"name": "cafe-web", "uid": "l1"}, "spec": spec})

    @property
    def spec(self) -> dict[str, Any]:
        assert self.lease is not None
        spec: dict[str, Any] = self.lease["spec"]
        return spec


@pytest.fixture
def server(stub: Stub) -> Server:
    script = Server()
    stub.script = script
    return script


@pytest.fixture
def keeper(server: Server, transport: Transport, clock: HandClock) -> LeaseKeeper:
    return LeaseKeeper(transport, "shop", "cafe-web", OWNER, "me", clock)


def writes(stub: Stub) -> list[str]:
    return [asked.method for asked in stub.asked if asked.method != "GET"]


def test_a_time_has_exactly_six_fractional_digits() -> None:
    assert micro_time(1_700_000_000) == "2023-11-14T22:13:20.000000Z"


def test_a_lease_that_does_not_exist_is_made_with_its_owner(
    keeper: LeaseKeeper, server: Server
) -> None:
    assert keeper.acquire(wait=False) == 1
    assert server.spec["holderIdentity"] == "me"
    assert server.spec["leaseDurationSeconds"] == 30
    assert server.lease is not None
    assert server.lease["metadata"]["ownerReferences"] == [OWNER]
    keeper.check()


def test_a_lease_that_was_given_back_is_taken_at_once(keeper: LeaseKeeper, server: Server) -> None:
    server.held("", 0)
    assert keeper.acquire(wait=False) == 5
    assert server.spec["holderIdentity"] == "me"


def test_a_live_lease_is_held_with_the_holders_name_and_exit_code_6(
    keeper: LeaseKeeper, server: Server, clock: HandClock
) -> None:
    server.held("you", clock.time() - 10)
    with pytest.raises(LeaseHeld) as caught:
        keeper.acquire(wait=False)
    assert caught.value.holder == "you"
    assert 21 <= caught.value.seconds_left <= 23
    assert caught.value.exit_code == CONFLICT
    assert caught.value.hint.startswith("kubectl cafe drive web -n ")
    assert server.spec["holderIdentity"] == "you"


def test_a_lease_past_its_time_and_the_margin_is_taken_at_once(
    keeper: LeaseKeeper, server: Server, clock: HandClock
) -> None:
    server.held("you", clock.time() - 34)
    assert keeper.acquire(wait=False) == 5


def test_the_margin_is_waited_for_as_well(
    keeper: LeaseKeeper, server: Server, clock: HandClock
) -> None:
    server.held("you", clock.time() - 30.5)
    with pytest.raises(LeaseHeld):
        keeper.acquire(wait=False)


def test_the_servers_clock_decides_and_not_this_machines(
    keeper: LeaseKeeper, server: Server, stub: Stub, clock: HandClock
) -> None:
    ahead = clock.time() + 3600
    stub.now = lambda: ahead
    server.held("you", ahead - 10)
    with pytest.raises(LeaseHeld):
        keeper.acquire(wait=False)


def test_waiting_takes_it_once_the_holders_time_is_over(
    keeper: LeaseKeeper, server: Server, clock: HandClock
) -> None:
    began = clock.now
    server.held("you", clock.time())
    seen: list[str | None] = []
    assert keeper.acquire(wait=True, progress=lambda view: seen.append(view.holder)) == 5
    assert set(seen) == {"you"}
    assert 32 <= clock.now - began <= 35


def test_waiting_takes_it_as_soon_as_it_is_given_back(
    keeper: LeaseKeeper, server: Server, clock: HandClock
) -> None:
    began = clock.now
    server.held("you", clock.time())

    def progress(_: object) -> None:
        if clock.now - began >= 3:
            server.held("", clock.time())

    keeper.acquire(wait=True, progress=progress)
    assert clock.now - began <= 5


def test_waiting_goes_on_while_the_holder_renews(
    keeper: LeaseKeeper, server: Server, clock: HandClock
) -> None:
    began = clock.now

    def renew(_: object) -> None:
        if clock.now - began < 100:
            server.held("you", clock.time())

    server.held("you", clock.time())
    keeper.acquire(wait=True, progress=renew)
    assert clock.now - began >= 130


def test_a_lease_renewed_in_the_future_is_taken_after_a_whole_duration_without_a_change(
    keeper: LeaseKeeper, server: Server, clock: HandClock
) -> None:
    began = clock.now
    server.held("you", clock.time() + 100_000)
    assert keeper.acquire(wait=True) == 5
    assert 32 <= clock.now - began <= 35


def test_only_one_of_two_gets_it(
    keeper: LeaseKeeper, server: Server, transport: Transport, clock: HandClock
) -> None:
    server.held("", 0)

    def faster(_: Asked) -> None:
        server.before = lambda _: None
        server.held("you", clock.time())

    server.before = faster
    with pytest.raises(LeaseHeld):
        keeper.acquire(wait=False)
    assert server.spec["holderIdentity"] == "you"


def test_a_take_whose_answer_is_lost_is_recognised_as_ours(
    keeper: LeaseKeeper, server: Server
) -> None:
    def lose(_: Asked) -> Reply:
        server.after = lambda _: None
        return Reply(reset=True)

    server.after = lose
    assert keeper.acquire(wait=False) == 1
    assert server.spec["leaseTransitions"] == 1
    keeper.check()


def test_a_server_that_fails_every_write_ends_the_attempt(
    keeper: LeaseKeeper, server: Server
) -> None:
    server.before = lambda _: status(500, "", "etcd is down")
    with pytest.raises(errors.UnknownOutcome):
        keeper.acquire(wait=True)


def test_inspecting_writes_nothing(
    keeper: LeaseKeeper, server: Server, stub: Stub, clock: HandClock
) -> None:
    server.held("you", clock.time() - 10)
    view = keeper.inspect()
    assert (view.holder, view.live, view.transitions) == ("you", True, 4)
    assert writes(stub) == []


def test_a_holder_without_a_time_counts_as_live() -> None:
    assert judge({"spec": {"holderIdentity": "you"}}, 0).live


def test_before_the_take_nothing_may_be_written(keeper: LeaseKeeper) -> None:
    with pytest.raises(LeaseLost):
        keeper.check()


def test_the_lease_is_lost_20_seconds_after_the_take_was_sent(
    keeper: LeaseKeeper, clock: HandClock
) -> None:
    keeper.acquire(wait=False)
    clock.now += 19.9
    keeper.check()
    clock.now += 0.2
    with pytest.raises(LeaseLost) as caught:
        keeper.check()
    assert caught.value.exit_code == CONFLICT


def test_a_renewal_counts_from_before_it_was_sent(
    keeper: LeaseKeeper, server: Server, clock: HandClock
) -> None:
    keeper.acquire(wait=False)

    def slow(_: Asked) -> None:
        clock.now += 15

    server.before = slow
    keeper.renew()
    clock.now += 4.9
    keeper.check()
    clock.now += 0.2
    with pytest.raises(LeaseLost):
        keeper.check()


def test_once_lost_it_stays_lost(keeper: LeaseKeeper, clock: HandClock) -> None:
    keeper.acquire(wait=False)
    clock.now += 21
    with pytest.raises(LeaseLost):
        keeper.check()
    clock.now -= 21
    with pytest.raises(LeaseLost):
        keeper.check()


def test_a_renewal_goes_past_the_check_of_the_lease_itself(
    keeper: LeaseKeeper, transport: Transport
) -> None:
    keeper.acquire(wait=False)
    calls: list[int] = []
    transport.before_write = lambda: calls.append(1)
    keeper.renew()
    assert calls == []


def test_another_holder_means_lost_at_once(
    keeper: LeaseKeeper, server: Server, clock: HandClock
) -> None:
    keeper.acquire(wait=False)
    server.held("you", clock.time())
    with pytest.raises(LeaseLost, match="you holds it now"):
        keeper.renew()
    with pytest.raises(LeaseLost):
        keeper.check()


def test_a_strangers_label_on_the_lease_does_not_end_it(
    keeper: LeaseKeeper, server: Server, clock: HandClock
) -> None:
    keeper.acquire(wait=False)
    assert server.lease is not None
    server.put(server.lease)
    clock.now += 15
    keeper.renew()
    clock.now += 15
    keeper.check()


def test_a_renewal_whose_answer_is_lost_is_made_again(
    keeper: LeaseKeeper, server: Server, clock: HandClock
) -> None:
    keeper.acquire(wait=False)

    def lose(_: Asked) -> Reply:
        server.after = lambda _: None
        return Reply(reset=True)

    server.after = lose
    clock.now += 15
    keeper.renew()
    clock.now += 15
    keeper.check()


def test_c71_a_lease_that_a_stranger_deleted_is_made_again_with_its_transitions(
    keeper: LeaseKeeper, server: Server
) -> None:
    server.held("", 0)
    assert keeper.acquire(wait=False) == 5
    server.lease = None
    keeper.renew()
    assert server.spec["holderIdentity"] == "me"
    assert server.spec["leaseTransitions"] == 5
    keeper.check()


def test_c71_a_lease_deleted_and_taken_by_another_is_lost(
    keeper: LeaseKeeper, server: Server, clock: HandClock
) -> None:
    keeper.acquire(wait=False)
    server.lease = None

    def faster(asked: Asked) -> None:
        if asked.method == "POST":
            server.held("you", clock.time())

    server.before = faster
    with pytest.raises(LeaseLost):
        keeper.renew()


def test_giving_it_back_leaves_no_holder_and_keeps_the_transitions(
    keeper: LeaseKeeper, server: Server
) -> None:
    keeper.acquire(wait=False)
    assert keeper.release()
    assert server.spec["holderIdentity"] == ""
    assert server.spec["leaseDurationSeconds"] == 1
    assert server.spec["leaseTransitions"] == 1
    with pytest.raises(LeaseLost, match="given back"):
        keeper.check()


def test_what_another_holds_is_not_given_back(
    keeper: LeaseKeeper, server: Server, clock: HandClock
) -> None:
    keeper.acquire(wait=False)
    server.held("you", clock.time())
    assert not keeper.release()
    assert server.spec["holderIdentity"] == "you"


def test_a_lease_that_was_never_taken_is_not_given_back(keeper: LeaseKeeper, stub: Stub) -> None:
    assert not keeper.release()
    assert writes(stub) == []


def test_a_lease_that_was_given_back_can_be_taken_again(
    keeper: LeaseKeeper, server: Server
) -> None:
    keeper.acquire(wait=False)
    keeper.release()
    assert keeper.acquire(wait=False) == 2
    keeper.check()


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

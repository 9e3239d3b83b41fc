"""The lease is renewed, and lost before another can take it."""

from __future__ import annotations

import pytest

from kubectl_cafe.client import errors
from kubectl_cafe.client.lease import LeaderElector, LeaseLost
from kubectl_cafe.client.transport import Transport
from kubectl_cafe.errors import CONFLICT
from tests.unit.client.conftest import OWNER, HandClock
from tests.unit.client.leases import Server
from tests.unit.client.stub import Asked, Reply, Stub


def test_before_the_take_nothing_may_be_written(keeper: LeaderElector) -> None:
    with pytest.raises(LeaseLost):
        keeper.check()


def test_the_lease_is_lost_20_seconds_after_the_take_was_sent(
    keeper: LeaderElector, clock: HandClock
) -> None:
    keeper.acquire(wait=False)
    clock.now += 19.9
    keeper.check()
    clock.now += 0.2
    with pytest.raises(LeaseLost) as caught:
        keeper.check()
    assert caught.value.exit_code == CONFLICT


def test_a_renewal_counts_from_before_it_was_sent(
    keeper: LeaderElector, server: Server, clock: HandClock
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


def test_once_lost_it_stays_lost(keeper: LeaderElector, clock: HandClock) -> None:
    keeper.acquire(wait=False)
    clock.now += 21
    with pytest.raises(LeaseLost):
        keeper.check()
    clock.now -= 21
    with pytest.raises(LeaseLost):
        keeper.check()


def test_a_renewal_goes_past_the_check_of_the_lease_itself(
    server: Server, transport: Transport, clock: HandClock
) -> None:
    calls: list[int] = []
    session = transport.session(lambda: calls.append(1))
    keeper = LeaderElector(session, "shop", "cafe-web", OWNER, "me", clock)
    keeper.acquire(wait=False)
    keeper.renew()
    assert calls == []


def test_another_holder_means_lost_at_once(
    keeper: LeaderElector, server: Server, clock: HandClock
) -> None:
    keeper.acquire(wait=False)
    server.held("you", clock.time())
    with pytest.raises(LeaseLost, match="its holder is now you"):
        keeper.renew()
    with pytest.raises(LeaseLost):
        keeper.check()


def test_another_clients_label_on_the_lease_does_not_end_it(
    keeper: LeaderElector, server: Server, clock: HandClock
) -> None:
    keeper.acquire(wait=False)
    assert server.lease is not None
    server.put(server.lease)
    clock.now += 15
    keeper.renew()
    clock.now += 15
    keeper.check()


def test_a_renewal_whose_answer_is_lost_is_made_again(
    keeper: LeaderElector, server: Server, clock: HandClock
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


def test_a_renewal_that_is_turned_away_waits_for_no_retry_after_and_is_tried_again(
    keeper: LeaderElector, server: Server, clock: HandClock
) -> None:
    keeper.acquire(wait=False)
    busy = iter([Reply(429, headers={"Retry-After": "15"})] * 2)
    server.before = lambda _: next(busy, None)
    for _ in range(2):
        with pytest.raises(errors.Throttled):
            keeper.renew()
    keeper.renew()
    assert clock.slept == []
    keeper.check()


def test_a_sign_in_page_in_answer_to_a_renewal_loses_no_lease(
    keeper: LeaderElector, server: Server, stub: Stub
) -> None:
    keeper.acquire(wait=False)
    page = Reply(200, b"<title>Sign in</title>", {"Content-Type": "text/html"})
    stub.script = lambda _: page
    with pytest.raises(errors.Intercepted, match="Sign in"):
        keeper.renew()
    stub.script = server
    keeper.check()
    keeper.renew()


def test_c71_a_lease_that_another_client_deleted_is_made_again_with_its_transitions(
    keeper: LeaderElector, server: Server
) -> None:
    server.held("", 0)
    assert keeper.acquire(wait=False) == 5
    server.lease = None
    keeper.renew()
    assert server.spec["holderIdentity"] == "me"
    assert server.spec["leaseTransitions"] == 5
    keeper.check()


def test_c71_a_lease_deleted_and_taken_by_another_is_lost(
    keeper: LeaderElector, server: Server, clock: HandClock
) -> None:
    keeper.acquire(wait=False)
    server.lease = None

    def faster(asked: Asked) -> None:
        if asked.method == "POST":
            server.held("you", clock.time())

    server.before = faster
    with pytest.raises(LeaseLost):
        keeper.renew()

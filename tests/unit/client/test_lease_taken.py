"""Who drives: the lease is taken once, and waited for while another lives."""

from __future__ import annotations

import os

import pytest

from kubectl_cafe.client import errors
from kubectl_cafe.client.access.identity import here, process
from kubectl_cafe.client.lease import LeaderElector, LeaseHeld
from kubectl_cafe.client.lease_view import ANSWER, driver, inspect, judge, micro_time
from kubectl_cafe.client.transport import Transport
from kubectl_cafe.errors import CONFLICT
from tests.unit.client.conftest import HandClock
from tests.unit.client.leases import OWNER, Server, writes
from tests.unit.client.stub import Asked, Reply, Stub, status, throttled


def test_a_time_has_exactly_six_fractional_digits() -> None:
    assert micro_time(1_700_000_000) == "2023-11-14T22:13:20.000000Z"


def test_a_lease_that_does_not_exist_is_made_with_its_owner(
    keeper: LeaderElector, server: Server
) -> None:
    assert keeper.acquire(wait=False) == 1
    assert server.spec["holderIdentity"] == "me"
    assert server.spec["leaseDurationSeconds"] == 30
    assert server.lease is not None
    assert server.lease["metadata"]["ownerReferences"] == [OWNER]
    keeper.check()


def test_a_lease_that_was_given_back_is_taken_at_once(
    keeper: LeaderElector, server: Server
) -> None:
    server.held("", 0)
    assert keeper.acquire(wait=False) == 5
    assert server.spec["holderIdentity"] == "me"


def test_a_live_lease_is_held_with_the_holders_name_and_exit_code_6(
    keeper: LeaderElector, server: Server, clock: HandClock
) -> None:
    server.held("you", clock.time() - 10)
    with pytest.raises(LeaseHeld) as caught:
        keeper.acquire(wait=False)
    assert caught.value.holder == "you"
    assert 21 <= caught.value.seconds_left <= 23
    assert caught.value.exit_code == CONFLICT
    assert caught.value.hint.startswith("kubectl cafe drive web -n ")
    assert server.spec["holderIdentity"] == "you"


def test_a_lease_past_its_time_by_more_than_servers_clocks_differ_is_taken_at_once(
    keeper: LeaderElector, server: Server, clock: HandClock
) -> None:
    server.held("you", clock.time() - 334)
    assert keeper.acquire(wait=False) == 5


@pytest.mark.guard("a-lease-is-watched-before-it-is-taken")
@pytest.mark.parametrize(("age", "text"), [(34, "34s"), (72, "72s"), (330, "5m30s")])
def test_a_lease_that_looks_old_by_the_servers_clock_is_not_taken_unwatched(
    keeper: LeaderElector, server: Server, clock: HandClock, age: int, text: str
) -> None:
    server.held("you", clock.time() - age)
    with pytest.raises(LeaseHeld, match=f"you has not renewed its lease for {text} by") as caught:
        keeper.acquire(wait=False)
    assert "watched for 32s before it is taken over" in caught.value.message
    assert server.spec["holderIdentity"] == "you"


def test_the_lease_that_the_caller_has_watched_is_taken_at_once(
    keeper: LeaderElector, server: Server, clock: HandClock
) -> None:
    server.held("you", clock.time() - 34)
    assert keeper.acquire(wait=False, silent=str(server.version)) == 5


def test_a_lease_that_was_renewed_after_the_caller_watched_it_is_not_taken(
    keeper: LeaderElector, server: Server, clock: HandClock
) -> None:
    server.held("you", clock.time() - 34)
    watched = str(server.version)
    server.held("you", clock.time() - 34)
    with pytest.raises(LeaseHeld):
        keeper.acquire(wait=False, silent=watched)


def test_the_margin_is_waited_for_as_well(
    keeper: LeaderElector, server: Server, clock: HandClock
) -> None:
    server.held("you", clock.time() - 30.5)
    with pytest.raises(LeaseHeld):
        keeper.acquire(wait=False)


def test_the_servers_clock_decides_and_not_this_machines(
    keeper: LeaderElector, server: Server, stub: Stub, clock: HandClock
) -> None:
    ahead = clock.time() + 3600
    stub.now = lambda: ahead
    server.held("you", ahead - 10)
    with pytest.raises(LeaseHeld):
        keeper.acquire(wait=False)


def test_waiting_takes_it_once_the_holders_time_is_over(
    keeper: LeaderElector, server: Server, clock: HandClock
) -> None:
    began = clock.now
    server.held("you", clock.time())
    seen: list[tuple[str | None, float]] = []
    assert (
        keeper.acquire(
            wait=True, progress=lambda view: seen.append((view.holder, view.seconds_left))
        )
        == 5
    )
    assert {holder for holder, _ in seen} == {"you"}
    assert [left for _, left in seen][:2] == [32, 31]
    assert 32 <= clock.now - began <= 35


def test_waiting_takes_it_as_soon_as_it_is_given_back(
    keeper: LeaderElector, server: Server, clock: HandClock
) -> None:
    began = clock.now
    server.held("you", clock.time())

    def progress(_: object) -> None:
        if clock.now - began >= 3:
            server.held("", clock.time())

    keeper.acquire(wait=True, progress=progress)
    assert clock.now - began <= 5


def test_waiting_goes_on_while_the_holder_renews(
    keeper: LeaderElector, server: Server, clock: HandClock
) -> None:
    began = clock.now

    def renew(_: object) -> None:
        if clock.now - began < 100:
            server.held("you", clock.time())

    server.held("you", clock.time())
    keeper.acquire(wait=True, progress=renew)
    assert clock.now - began >= 130


@pytest.mark.parametrize("skew", [-250, -40, 40])
def test_whatever_the_servers_clock_says_a_driver_that_renews_is_not_taken_over_from(
    keeper: LeaderElector, server: Server, clock: HandClock, skew: int
) -> None:
    """Its renewals go to another API server, whose clock is `skew` seconds off from ours."""
    renewed = clock.now
    server.held("you", clock.time() + skew)

    def renew(_: object) -> None:
        nonlocal renewed
        if clock.now < 1100:
            renewed = clock.now
            server.held("you", clock.time() + skew)

    keeper.acquire(wait=True, progress=renew)
    assert 32 <= clock.now - renewed <= 35


@pytest.mark.parametrize("code", [429, 503])
def test_a_server_that_is_too_busy_for_a_moment_is_asked_again_before_the_lease_is_ours(
    keeper: LeaderElector, server: Server, stub: Stub, clock: HandClock, code: int
) -> None:
    busy = iter([Reply(code, headers={"Retry-After": "10"})] * 2)
    stub.script = lambda asked: next(busy, None) or server(asked)
    assert keeper.acquire(wait=False) == 1
    assert clock.slept == [5, 5]


def test_a_lease_renewed_in_the_future_is_taken_after_a_whole_duration_without_a_change(
    keeper: LeaderElector, server: Server, clock: HandClock
) -> None:
    began = clock.now
    server.held("you", clock.time() + 100_000)
    assert keeper.acquire(wait=True) == 5
    assert 32 <= clock.now - began <= 35


def test_only_one_of_two_gets_it(
    keeper: LeaderElector, server: Server, transport: Transport, clock: HandClock
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
    keeper: LeaderElector, server: Server
) -> None:
    def lose(_: Asked) -> Reply:
        server.after = lambda _: None
        return Reply(reset=True)

    server.after = lose
    assert keeper.acquire(wait=False) == 1
    assert server.spec["leaseTransitions"] == 1
    keeper.check()


def test_a_server_that_fails_every_write_ends_the_attempt(
    keeper: LeaderElector, server: Server
) -> None:
    server.before = lambda _: status(500, "", "etcd is down")
    with pytest.raises(errors.UnknownOutcome):
        keeper.acquire(wait=True)


def test_a_409_of_a_lease_that_has_not_changed_ends_the_attempt(
    keeper: LeaderElector, server: Server, stub: Stub
) -> None:
    """It would be tried without an end."""
    server.held("", 0)
    server.before = lambda _: status(409, "Conflict", "never on a Friday")

    with pytest.raises(errors.Denied, match="never on a Friday"):
        keeper.acquire(wait=True)

    assert writes(stub) == ["PUT"]


def test_inspecting_writes_nothing(
    transport: Transport, server: Server, stub: Stub, clock: HandClock
) -> None:
    server.held("you", clock.time() - 10)
    view = inspect(transport, "shop", "web")
    assert (view.holder, view.live, view.transitions) == ("you", True, 4)
    assert writes(stub) == []


@pytest.mark.guard("a-look-waits-for-the-lease-as-for-other-reads")
def test_a_look_waits_for_a_server_that_is_busy_for_longer_than_a_renewal_may_take(
    transport: Transport, server: Server, stub: Stub, clock: HandClock
) -> None:
    server.held("you", clock.time())
    busy = [throttled(int(ANSWER) + 1)]
    stub.script = lambda asked: busy.pop() if busy else server(asked)
    assert inspect(transport, "shop", "web").holder == "you"


@pytest.mark.parametrize(
    ("holder", "told"),
    [
        ("ann on laptop, pid 7 [3f9a1c]", "ann on laptop, pid 7"),
        ("laptop_7_3f9a1c", "laptop_7_3f9a1c"),
        ("ann [admin]", "ann [admin]"),
        ("", ""),
    ],
)
def test_people_are_told_of_a_driver_without_what_makes_its_name_unique(
    holder: str, told: str
) -> None:
    assert judge({"spec": {"holderIdentity": holder}}, 0).driver == told


def test_two_processes_of_one_user_on_one_machine_have_two_names() -> None:
    one, other = process("ann"), process("ann")
    assert one != other
    assert driver(one) == driver(other) == f"ann on {here()}, pid {os.getpid()}"


def test_a_holder_without_a_time_counts_as_live() -> None:
    assert judge({"spec": {"holderIdentity": "you"}}, 0).live

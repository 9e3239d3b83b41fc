"""The lease is given back by whoever has it, and by nobody else."""

from __future__ import annotations

import pytest

from kubectl_cafe.client.lease import LeaderElector, LeaseLost
from tests.unit.client.conftest import HandClock
from tests.unit.client.leases import Server, writes
from tests.unit.client.stub import Stub


def test_giving_it_back_leaves_no_holder_and_keeps_the_transitions(
    keeper: LeaderElector, server: Server
) -> None:
    keeper.acquire(wait=False)
    assert keeper.release()
    assert server.spec["holderIdentity"] == ""
    assert server.spec["leaseDurationSeconds"] == 1
    assert server.spec["leaseTransitions"] == 1
    with pytest.raises(LeaseLost, match="was released"):
        keeper.check()


def test_what_another_holds_is_not_given_back(
    keeper: LeaderElector, server: Server, clock: HandClock
) -> None:
    keeper.acquire(wait=False)
    server.held("you", clock.time())
    assert not keeper.release()
    assert server.spec["holderIdentity"] == "you"


def test_a_lease_that_was_never_taken_is_not_given_back(keeper: LeaderElector, stub: Stub) -> None:
    assert not keeper.release()
    assert writes(stub) == []


def test_a_lease_that_was_given_back_can_be_taken_again(
    keeper: LeaderElector, server: Server
) -> None:
    keeper.acquire(wait=False)
    keeper.release()
    assert keeper.acquire(wait=False) == 2
    keeper.check()

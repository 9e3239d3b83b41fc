"""One driver at a time: the lease, the epoch, and what a second one does (protocol 4, 10; I7)."""

from __future__ import annotations

import json
import signal
from datetime import datetime, timedelta
from typing import Any

import pytest

from testbed.plugin import Running
from testbed.proxy import FaultProxy
from tests.integration.shop import NAME, RECORD, Shop, image, phase

LEASES = "coordination.k8s.io/v1/leases"
LEASE = f"cafe-{NAME}"
KILL = "testbed.cafe/kill-ms"
"""How long a pod's restart takes, in ms: long enough to do something meanwhile."""


def lease(shop: Shop) -> Any:
    """The spec of the lease."""
    return shop.client.get(LEASES, LEASE)["spec"]


def in_the_middle(shop: Shop, seconds: int) -> Running:
    """A driver whose pod is restarting, for so long."""
    shop.born(1, notes={KILL: f"{seconds}000"})
    running = shop.start("app:v2")
    shop.until_pod(lambda pod: phase(pod) == "patched", "a pod to be patched")
    return running


@pytest.mark.guard("a-live-lease-is-not-taken")
@pytest.mark.parametrize("verb", [("upgrade", NAME, "--yes"), ("rollback", NAME), ("retry", NAME)])
def test_a_second_driver_ends_with_6_and_writes_nothing_while_one_lives(
    shop: Shop, proxy: FaultProxy, verb: tuple[str, ...]
) -> None:
    first = in_the_middle(shop, 60)
    holder = lease(shop)["holderIdentity"]

    second = shop.cafe.at(proxy.kubeconfig)(*verb)

    assert (second.code, proxy.writes) == (6, [])
    assert f"{holder} drives" in second.err
    first.kill9()


def test_drive_waits_for_the_end_of_a_driver_that_lives(shop: Shop, proxy: FaultProxy) -> None:
    first = in_the_middle(shop, 5)

    second = shop.cafe.at(proxy.kubeconfig)("drive", NAME)

    assert (first.wait().code, second.code) == (0, 0)
    assert "there is nothing to drive" in second.err
    assert [request.path for request in proxy.writes if "/leases" not in request.path] == []


def test_drive_waits_until_the_lease_of_a_killed_driver_has_run_out(shop: Shop) -> None:
    first = in_the_middle(shop, 5)
    first.kill9()
    renewed = datetime.fromisoformat(lease(shop)["renewTime"])
    dead = lease(shop)["holderIdentity"]

    second = shop.cafe.start("drive", NAME)
    done = second.wait()

    assert (done.code, shop.state(), shop.images()) == (0, "Completed", ["app:v2"])
    assert f"waiting for the lease of {dead}" in done.err
    taken = datetime.fromisoformat(lease(shop)["acquireTime"])
    assert taken - renewed >= timedelta(seconds=30)


@pytest.mark.guard("lease-checked-before-every-write")
def test_a_driver_that_wakes_after_its_lease_ran_out_writes_nothing_more(
    shop: Shop, proxy: FaultProxy
) -> None:
    """I7: a laptop that sleeps while another carries the release to its end."""
    shop.born(2, notes={KILL: "3000"}, maxUnavailable=1)
    cafe = shop.cafe.at(proxy.kubeconfig)
    sleeper = cafe.start("upgrade", NAME, "--yes", "--image", "main=app:v2")
    shop.until_pod(lambda pod: phase(pod) == "patched", "a pod to be patched")
    sleeper.send(signal.SIGSTOP)
    before = len(proxy.writes)

    assert shop.cafe("drive", NAME).code == 0
    sleeper.send(signal.SIGCONT)
    woken = sleeper.wait()

    assert (woken.code, len(proxy.writes)) == (6, before)


@pytest.mark.guard("lease-given-back")
@pytest.mark.parametrize(
    ("code", "strategy", "target"),
    [
        (0, {}, "app:v2"),
        (3, {"batchSize": 1, "needWaitingForConfirm": True}, "app:v2"),
        (4, {"minReadySeconds": 5}, "app:v2-crash"),
    ],
    ids=["completed", "waits for a person", "failed"],
)
def test_the_lease_is_given_back_when_a_driver_leaves(
    shop: Shop, code: int, strategy: dict[str, Any], target: str
) -> None:
    shop.born(2)
    shop.edit({"strategy": strategy})

    assert shop.upgrade(target).code == code

    assert lease(shop)["holderIdentity"] == ""


def test_the_lease_is_given_back_on_ctrl_c(shop: Shop) -> None:
    running = in_the_middle(shop, 5)

    running.send(signal.SIGINT)

    assert running.wait().code in (0, 130)
    assert lease(shop)["holderIdentity"] == ""


def test_the_lease_belongs_to_its_cafedeployment(shop: Shop) -> None:
    shop.born(1)

    (owner,) = shop.client.get(LEASES, LEASE)["metadata"]["ownerReferences"]

    assert (owner["kind"], owner["uid"]) == ("CafeDeployment", shop.cafed()["metadata"]["uid"])


def test_the_epoch_rises_with_every_driver_and_is_in_every_pods_record(shop: Shop) -> None:
    shop.born(2, batchSize=1, confirm=True)
    first = shop.record()["epoch"]
    assert shop.upgrade("app:v2").code == 3
    second = shop.record()["epoch"]

    assert shop.cafe("confirm", NAME).code == 0

    third = shop.record()["epoch"]
    assert first < second < third
    notes = (pod["metadata"]["annotations"] for pod in shop.pods())
    assert sorted(json.loads(note[RECORD])["epoch"] for note in notes) == [second, third]


@pytest.mark.guard("epoch-above-every-epoch-seen")
def test_c71_the_epoch_goes_on_rising_when_the_lease_was_deleted(shop: Shop) -> None:
    shop.born(1)
    assert shop.upgrade("app:v2").code == 0
    before = shop.record()["epoch"]
    shop.client.delete(LEASES, LEASE)

    assert shop.upgrade("app:v3").code == 0

    assert shop.record()["epoch"] > before
    assert [image(pod) for pod in shop.pods()] == ["app:v3"]

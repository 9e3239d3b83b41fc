"""One driver at a time: the lease, the epoch, and what a second one does (protocol 4, 10; I7)."""

from __future__ import annotations

import json
import math
import signal
from datetime import datetime, timedelta
from typing import Any

import pytest

from testbed.faults import Fault
from testbed.proxy import FaultProxy
from tests.integration.leases import driver as driver_of
from tests.integration.restarting import KILL, in_the_middle, restarts
from tests.integration.shop import AGENT, LEASE, LEASES, NAME, RECORD, Shop, image, phase


def test_takeover_waits_until_the_lease_of_a_killed_driver_has_run_out(shop: Shop) -> None:
    first = in_the_middle(shop, 5)
    first.kill9()
    renewed = datetime.fromisoformat(shop.lease()["renewTime"])
    dead = driver_of(shop)

    done = shop.cafe("drive", NAME, "--takeover")

    assert (done.code, shop.state(), shop.images()) == (0, "Completed", ["app:v2"])
    assert f"waiting for the lease of {dead}" in done.err
    taken = datetime.fromisoformat(shop.lease()["acquireTime"])
    assert taken - renewed >= timedelta(seconds=30)


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
    assert restarts(shop) == [1, 1]


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

    assert shop.lease()["holderIdentity"] == ""


def test_the_lease_is_given_back_on_ctrl_c(shop: Shop) -> None:
    running = in_the_middle(shop, 5)

    running.send(signal.SIGINT)

    assert running.wait().code in (0, 130)
    assert shop.lease()["holderIdentity"] == ""


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


def test_c71_a_driver_whose_lease_is_deleted_makes_it_again_and_goes_on(shop: Shop) -> None:
    running = in_the_middle(shop, 8)
    shop.client.delete(LEASES, LEASE)

    done = running.wait()

    assert (done.code, shop.state(), restarts(shop)) == (0, "Completed", [1])
    assert shop.lease()["holderIdentity"] == ""


def test_c71_whoever_takes_a_deleted_lease_first_drives_and_the_other_stops(shop: Shop) -> None:
    first = in_the_middle(shop, 10)
    shop.client.delete(LEASES, LEASE)

    second = shop.cafe("drive", NAME)

    assert (first.wait().code, second.code, shop.state()) == (6, 0, "Completed")
    assert "invalidating its pending writes" in second.err
    assert restarts(shop) == [1]


def test_c65_two_drivers_that_start_at_the_same_instant_write_no_pod_twice(shop: Shop) -> None:
    shop.born(4)
    since = shop.audit.from_now_on()

    runs = [shop.start("app:v2") for _ in range(2)]
    codes = sorted(run.wait().code for run in runs)

    # Whoever comes second follows, or is told that its plan was made for what has changed since.
    assert codes[0] == 0
    assert codes[1] in (0, 6)
    assert (shop.state(), shop.images(), restarts(shop)) == ("Completed", ["app:v2"] * 4, [1] * 4)
    writes = [r for r in since.writes(AGENT, shop.client.namespace, "pods") if r.code == 200]
    for pod in shop.pods():
        own = [r.subresource for r in writes if r.name == pod["metadata"]["name"]]
        assert own == ["status", "", "status"]


@pytest.mark.guard("lease-checked-before-every-write")
@pytest.mark.parametrize(
    "fault", [Fault(code=503), Fault(stall=True)], ids=["503", "no answer at all"]
)
def test_a_driver_that_cannot_renew_stops_writing_before_its_lease_can_be_taken(
    shop: Shop, proxy: FaultProxy, fault: Fault
) -> None:
    """I7: 20 s after the last renewal that it knows of it writes no more; others wait for 32."""
    shop.born(6, notes={KILL: "5000"}, maxUnavailable=1)
    cafe = shop.cafe.at(proxy.kubeconfig)
    running = cafe.start("upgrade", NAME, "--yes", "--image", "main=app:v2")
    shop.until_pod(lambda pod: phase(pod) == "patched", "a pod to be patched")
    proxy.on(lambda r: r.method == "PUT" and "/leases/" in r.path, fault, times=math.inf)

    done = running.wait()

    assert (done.code, shop.state()) == (6, "Progressing")
    assert "the lease is lost: it was not renewed for 20s" in done.err
    writes = [r for r in shop.audit.writes(AGENT, shop.client.namespace) if r.code == 200]
    renewed = max(r.time for r in writes if r.resource == "leases")
    last = max(r.time for r in writes if r.resource == "pods")
    assert renewed < last < renewed + timedelta(seconds=30)
    proxy.heal()
    shop.forget_lease()
    assert shop.cafe("drive", NAME).code == 0
    assert restarts(shop) == [1] * 6

"""A driver that can't read the CafeDeployment takes no pod, and says so (protocol 9, I9)."""

from __future__ import annotations

import math

import pytest

from testbed.faults import Fault, Request
from testbed.proxy import FaultProxy
from testbed.waiting import wait_for
from tests.integration.restarting import KILL
from tests.integration.shop import NAME, Shop, phase, stays


def reads_the_release(request: Request) -> bool:
    """A GET of the CafeDeployment."""
    return request.method == "GET" and request.path.endswith(f"/cafedeployments/{NAME}")


def taken(shop: Shop) -> list[str]:
    """The pods that the release has taken, by name."""
    return [pod["metadata"]["name"] for pod in shop.pods() if phase(pod)]


@pytest.mark.guard("a-driver-that-cannot-read-takes-no-pod")
def test_i9_no_pod_is_taken_while_a_pause_can_t_be_read(shop: Shop, proxy: FaultProxy) -> None:
    shop.born(8, "label", notes={KILL: "6000"}, maxUnavailable=1)
    cafe = shop.cafe.at(proxy.kubeconfig)
    running = cafe.start("upgrade", NAME, "--yes", "--image", "main=app:v2")
    wait_for(lambda: taken(shop), "a pod to be taken")
    proxy.on(reads_the_release, Fault(code=503), times=math.inf)
    assert shop.cafe("pause", NAME).code == 0

    said = "driver cannot read the CafeDeployment"
    wait_for(lambda: said in running.said()[1], "the driver to say so", 30)
    before = stays(lambda: taken(shop), 10)
    assert 1 <= len(before) <= 4
    assert running.running()

    proxy.heal()
    assert running.wait().code == 3
    assert (shop.state(), taken(shop)) == ("Paused", before)


def test_a_driver_that_reads_again_goes_on(shop: Shop, proxy: FaultProxy) -> None:
    """Restarts that take long: the answers to its own writes of `.status` are heard as well."""
    shop.born(3, "label", notes={KILL: "12000"}, maxUnavailable=1)
    cafe = shop.cafe.at(proxy.kubeconfig)
    running = cafe.start("upgrade", NAME, "--yes", "--image", "main=app:v2")
    wait_for(lambda: taken(shop), "a pod to be taken")
    proxy.on(reads_the_release, Fault(code=503), times=math.inf)
    wait_for(lambda: "cannot read the CafeDeployment" in running.said()[1], "it to be said", 30)
    assert len(taken(shop)) < 3

    proxy.heal()

    assert running.wait().code == 0
    assert shop.images() == ["app:v2"] * 3

"""Traffic finalizers: the test plays the load balancer's controller (protocol 5, C31)."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from demo.scenes.balancer import LB, LoadBalancer, finalizers, in_traffic
from kubectl_cafe.pods.model import parse
from kubectl_cafe.times import seconds
from testbed.client import Object
from testbed.waiting import wait_for
from tests.integration.shop import (
    NAME,
    SECONDS,
    Shop,
    image,
    name,
    phase,
)

STORAGE = "example.com/storage"
"""A finalizer of somebody else's."""


@pytest.fixture
def balancer(balancers: Callable[[], LoadBalancer]) -> LoadBalancer:
    """A load balancer's controller in the test's namespace."""
    return balancers()


def born(shop: Shop, count: int, mode: str = "gate", **strategy: Any) -> list[Object]:
    """A set that declares the finalizer; every pod carries it, and one of somebody else's."""
    pods = shop.born(count, mode, trafficFinalizers=[LB], **strategy)
    assert all(LB in finalizers(pod) for pod in pods)
    for pod in pods:
        body = {"metadata": {"finalizers": [STORAGE]}}
        shop.client.patch("pods", name(pod), body)  # Strategic: a set, it is merged.
    return pods


@pytest.mark.guard("finalizers-let-go-first")
@pytest.mark.parametrize("mode", ["gate", "label"])
def test_c31_no_image_is_changed_before_the_finalizer_is_gone_and_it_is_back_at_the_end(
    shop: Shop, balancer: LoadBalancer, mode: str
) -> None:
    pods = born(shop, 2, mode)
    balancer.lets_go.clear()
    since = shop.now()

    running = shop.start("app:v2")
    wait_for(
        lambda: f"removal of finalizer {LB} from: " in shop.cafe("status", NAME).out,
        "status to name the finalizer",
    )
    balancer.lets_go.set()

    assert running.wait(SECONDS).code == 0
    history = shop.history("pods", since)
    changed = [pod for pod in history if image(pod) == "app:v2" and phase(pod) == "patched"]
    assert {name(pod) for pod in changed} == {name(pod) for pod in pods}
    assert not any(LB in finalizers(pod) for pod in changed)
    assert all({LB, STORAGE} == set(finalizers(pod)) for pod in shop.pods())
    assert all(STORAGE in finalizers(pod) for pod in history)


def test_c31_the_release_is_not_over_before_the_finalizer_is_back(
    shop: Shop, balancer: LoadBalancer
) -> None:
    born(shop, 1)
    balancer.takes_back.clear()

    running = shop.start("app:v2")
    wait_for(
        lambda: f"return of finalizer {LB} to: " in shop.cafe("status", NAME).out,
        "status to name the finalizer",
    )
    assert shop.state() == "Progressing"

    balancer.takes_back.set()
    assert running.wait(SECONDS).code == 0


def test_c31_a_finalizer_that_never_lets_go_fails_the_group_and_no_pod_restarts(
    shop: Shop, balancer: LoadBalancer
) -> None:
    pods = born(shop, 2)
    shop.edit({"strategy": {"progressDeadlineSeconds": 2}})
    balancer.lets_go.clear()
    since = shop.now()

    done = shop.upgrade("app:v2")

    assert done.code == 4
    assert f"removal of finalizer {LB} from: " in done.err
    wait_for(lambda: all(map(in_traffic, shop.pods())), "both to be in traffic again")
    before = {name(pod): pod["metadata"]["generation"] for pod in pods}
    seen = shop.history("pods", since)
    assert {"drained", "finished"} <= {phase(pod) for pod in seen}
    assert all(pod["metadata"]["generation"] == before[name(pod)] for pod in seen)


def test_c31_one_that_never_comes_back_fails_the_group_and_a_rollback_goes_on_once_it_does(
    shop: Shop, balancer: LoadBalancer
) -> None:
    born(shop, 1)
    shop.edit({"strategy": {"progressDeadlineSeconds": 4}})
    balancer.takes_back.clear()

    done = shop.upgrade("app:v2")
    assert done.code == 4
    assert f"return of finalizer {LB} to: " in done.err

    balancer.takes_back.set()
    assert shop.cafe("rollback", NAME, "--yes", seconds=SECONDS).code == 0
    assert shop.images() == ["app:v1"]


def test_the_server_says_since_when_a_finalizer_is_there(
    shop: Shop, balancer: LoadBalancer
) -> None:
    born(shop, 1)
    (pod,) = shop.pods()

    since = parse(pod).finalizers[LB]

    assert abs(time.time() - since) < SECONDS


@pytest.mark.guard("min-ready-counts-from-the-finalizer")
def test_c63_min_ready_seconds_count_from_the_finalizers_return(
    shop: Shop, balancer: LoadBalancer
) -> None:
    born(shop, 1, minReadySeconds=3)
    balancer.takes_back.clear()
    running = shop.start("app:v2")
    shop.until_pod(lambda pod: phase(pod) == "finished" and image(pod) == "app:v2", "its opening")
    time.sleep(3)  # minReadySeconds, were they counted from W3.

    balancer.takes_back.set()
    back = shop.until_pod(lambda pod: LB in finalizers(pod), "the finalizer")
    assert running.wait(SECONDS).code == 0

    moved = shop.record()["since"]
    assert parse(back).finalizers[LB] + 3 <= seconds(moved) + 1  # Times are whole seconds.


@pytest.mark.guard("undrainable-pods-are-refused")
def test_c31_finalizers_on_pods_without_a_switch_are_refused(shop: Shop) -> None:
    shop.born(1, "none")
    shop.edit({"strategy": {"trafficFinalizers": [LB]}})
    before = shop.writes()

    done = shop.upgrade("app:v2")

    assert done.code == 7
    assert "no traffic switch (mode None)" in done.err
    assert len(shop.writes()) == len(before)

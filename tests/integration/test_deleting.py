"""A CafeDeployment is deleted, idle and during a release, in each way that kubectl offers."""

from __future__ import annotations

import shlex

import pytest

from testbed.client import Object
from testbed.plugin import Outcome
from testbed.waiting import wait_for
from tests.integration.applied import Kubectl
from tests.integration.shop import (
    CAFED,
    NAME,
    REPLICASETS,
    SECONDS,
    TWO_CELLS,
    Shop,
    name,
    phase,
    ready,
)

WAYS = ("Background", "Foreground", "Orphan")


def delete(shop: Shop, way: str) -> None:
    """As `kubectl delete cafed --cascade=background|foreground|orphan`."""
    shop.client.delete(CAFED, NAME, {"propagationPolicy": way})


def left(shop: Shop) -> tuple[list[Object], list[Object]]:
    """The ReplicaSets and the pods that are there, also those that are terminating."""
    return shop.client.list(REPLICASETS), shop.client.list("pods")


@pytest.mark.parametrize("way", WAYS[:2])
def test_with_a_cafedeployment_its_workloads_and_pods_go(shop: Shop, way: str) -> None:
    shop.born(2, "gate", TWO_CELLS)
    delete(shop, way)
    wait_for(lambda: left(shop) == ([], []), "everything to be gone", 30)
    wait_for(lambda: shop.client.find(CAFED, NAME) is None, "the object to be gone", 30)


def test_c45_a_cafedeployment_that_is_deleted_as_an_orphan_leaves_its_pods_in_traffic(
    shop: Shop,
) -> None:
    born = {pod["metadata"]["uid"] for pod in shop.born(2, "gate", TWO_CELLS)}
    delete(shop, "Orphan")
    wait_for(lambda: shop.client.find(CAFED, NAME) is None, "the object to be gone", 30)
    sets, pods = left(shop)
    assert {pod["metadata"]["uid"] for pod in pods} == born
    assert [one["metadata"].get("ownerReferences") for one in sets] == [None, None]
    conditions = [c for pod in pods for c in pod["status"]["conditions"] if c["type"] == "Ready"]
    assert [one["status"] for one in conditions] == ["True", "True"]


@pytest.mark.parametrize("way", WAYS[:2])
def test_a_driver_ends_with_an_error_when_its_cafedeployment_is_deleted(
    shop: Shop, way: str
) -> None:
    ended = deleted_during(shop, way)
    assert NAME in error(ended)
    wait_for(lambda: left(shop) == ([], []), "everything to be gone", 30)


@pytest.mark.guard("a-driver-names-what-it-leaves")
def test_a_driver_whose_cafedeployment_is_gone_names_the_pod_that_it_leaves(
    shop: Shop, kubectl: Kubectl
) -> None:
    """Without a CafeDeployment it writes no pod. The printed command puts the pod back."""
    ended = deleted_during(shop, "Orphan")
    (out,) = (pod for pod in shop.pods() if phase(pod) in ("drained", "patched"))
    assert f"left out of traffic: {name(out)}" in error(ended)
    (hint,) = (line for line in ended.err.splitlines() if "--subresource=status" in line)
    done = kubectl(*shlex.split(hint)[2:])
    assert done.returncode == 0, done.stderr
    wait_for(lambda: all(map(ready, shop.pods())), "the pod to be in traffic", 30)


def deleted_during(shop: Shop, way: str) -> Outcome:
    """The end of a driver whose CafeDeployment is deleted while a pod is drained."""
    shop.born(4, "gate", TWO_CELLS, upgradeType="Batch", batchSize=1, drainSeconds=5)
    running = shop.start("app:v2")
    wait_for(lambda: any(phase(pod) == "drained" for pod in shop.pods()), "a drained pod", 30)
    delete(shop, way)
    return running.wait(SECONDS)


def error(ended: Outcome) -> str:
    """The one error line of a command that failed."""
    (line,) = (line for line in ended.err.splitlines() if line.startswith("error: "))
    assert ended.code == 1
    return line

"""HorizontalPodAutoscalers on a cell's ReplicaSet and on the CafeDeployment (protocol 8)."""

from __future__ import annotations

from collections import Counter

import pytest

from testbed import metrics
from testbed.client import Object
from testbed.waiting import wait_for
from tests.integration.shop import (
    CAFED,
    CELL,
    NAME,
    REPLICASETS,
    TWO_CELLS,
    Shop,
    image,
)

SCALERS = "autoscaling/v2/horizontalpodautoscalers"
BUSY, IDLE = 500, 1
"""Millicores of a pod, far above and below the target of the autoscalers here."""


def autoscale(shop: Shop, kind: str, api: str, target: str) -> None:
    """An autoscaler of one to three pods, for 100 millicores a pod."""
    metrics.serve(shop.client)
    goal = {"type": "AverageValue", "averageValue": "100m"}
    spec = {
        "scaleTargetRef": {"apiVersion": api, "kind": kind, "name": target},
        "minReplicas": 1,
        "maxReplicas": 3,
        "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": goal}}],
    }
    shop.client.create(SCALERS, {"metadata": {"name": "busy"}, "spec": spec})


def of_cell(shop: Shop, cell: str) -> Object:
    found = shop.client.list(REPLICASETS, f"{CELL}={cell}")
    return found[0]


def cells(shop: Shop, version: str = "app:v1") -> dict[str, int]:
    pods = [pod for pod in shop.pods() if image(pod) == version]
    return dict(Counter(pod["metadata"]["labels"][CELL] for pod in pods))


@pytest.fixture
def scaled(shop: Shop) -> Shop:
    """Two cells of a pod each; an autoscaler has raised the first to three."""
    shop.born(2, "label", TWO_CELLS)
    autoscale(shop, "ReplicaSet", "apps/v1", of_cell(shop, "CellA")["metadata"]["name"])
    pods = [pod for pod in shop.pods() if pod["metadata"]["labels"][CELL] == "CellA"]
    metrics.use(shop.client, pods, BUSY)
    wait_for(lambda: cells(shop) == {"CellA": 3, "CellB": 1}, "the autoscaler", 60)
    return shop


def test_a_release_follows_the_number_that_an_autoscaler_has_set(scaled: Shop) -> None:
    plan = scaled.cafe("plan", NAME, "--image", "main=app:v2", "-o", "wide").out
    assert (
        "HorizontalPodAutoscaler busy (1 to 3 pods) sets the number of pods of cell CellA" in plan
    )

    assert scaled.upgrade("app:v2").code == 0

    assert cells(scaled, "app:v2") == {"CellA": 3, "CellB": 1}


def test_another_cell_is_scaled_and_the_autoscalers_number_stays(scaled: Shop) -> None:
    done = scaled.cafe("scale", NAME, "--yes", "--replicas", "3", "--cell", "CellB=2")
    assert (done.code, cells(scaled)) == (0, {"CellA": 3, "CellB": 2})

    done = scaled.cafe("scale", NAME, "--yes", "--replicas", "2", "--cell", "CellB=1")
    assert (done.code, cells(scaled)) == (0, {"CellA": 3, "CellB": 1})


def test_c103_a_number_that_an_autoscaler_sets_is_refused_with_both_and_the_bounds_to_edit(
    scaled: Shop,
) -> None:
    refused = scaled.cafe("scale", NAME, "--yes", "--replicas", "6", "--cell", "CellA=5")
    assert (refused.code, scaled.cafed()["spec"]["replicas"]) == (7, 2)
    assert "HorizontalPodAutoscaler busy (1 to 3 pods) sets the number" in refused.err
    assert "kubectl edit horizontalpodautoscaler/busy -n " in refused.err


def test_an_autoscaler_of_the_cafedeployment_takes_effect_with_the_next_release(
    shop: Shop,
) -> None:
    shop.born(2, "label", TWO_CELLS)
    api, _, _ = CAFED.rpartition("/")
    autoscale(shop, "CafeDeployment", api, NAME)
    metrics.use(shop.client, shop.pods(), BUSY)
    wait_for(lambda: shop.cafed()["spec"]["replicas"] == 3, "the autoscaler", 60)
    assert len(shop.pods()) == 2
    assert "the next release" in shop.cafe("status", NAME).out
    assert "sets spec.replicas of the CafeDeployment" in shop.cafe("plan", NAME).out

    assert shop.upgrade().code == 0

    assert cells(shop) == {"CellA": 2, "CellB": 1}

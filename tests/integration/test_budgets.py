"""PodDisruptionBudgets are asked before a healthy pod is taken (protocol 7)."""

from __future__ import annotations

import time
from collections.abc import Sequence

import pytest

from testbed.client import MERGE, Object
from testbed.waiting import wait_for
from tests.integration.shop import NAME, SECONDS, Shop, name, phase, ready, set_gate

BUDGETS = "policy/v1/poddisruptionbudgets"
OTHER = "example.com/load-balancer"
A_WHILE = 1.5
"""Seconds in which a driver that did not ask would long have taken a pod."""


def guarded(shop: Shop, allowed: int, **spec: object) -> None:
    """A budget named `careful` of the shop's pods, once it allows so many disruptions."""
    selector = {"matchExpressions": [{"key": "app", "operator": "In", "values": [NAME]}]}
    body = {"metadata": {"name": "careful"}, "spec": {"selector": selector, **spec}}
    shop.client.create(BUDGETS, body)
    wait_for(lambda: allows(shop) == allowed, "the budget to be observed")


def allows(shop: Shop) -> int | None:
    """What its status allows; None before it speaks of the present spec."""
    one = shop.client.get(BUDGETS, "careful")
    status = one.get("status", {})
    if status.get("observedGeneration") != one["metadata"]["generation"]:
        return None
    return int(status["disruptionsAllowed"])


def expected(shop: Shop) -> int:
    """How many pods its status counts."""
    return int(shop.client.get(BUDGETS, "careful").get("status", {}).get("expectedPods", 0))


def most_at_once(history: Sequence[Object]) -> int:
    """The most pods that were on their way at any moment of `history`."""
    under_way: set[str] = set()
    most = 0
    for pod in history:
        if phase(pod) in ("drained", "patched"):
            under_way.add(name(pod))
        else:
            under_way.discard(name(pod))
        most = max(most, len(under_way))
    return most


def test_c64_a_release_waits_for_a_budget_and_goes_on_once_it_leaves_room(shop: Shop) -> None:
    shop.born(2)
    guarded(shop, 0, minAvailable=2)
    before = shop.writes("pods")

    running = shop.start("app:v2")
    wait_for(
        lambda: (
            "PodDisruptionBudget careful (2 healthy, 2 desired" in shop.cafe("status", NAME).out
        ),
        "status to name the budget",
    )
    time.sleep(A_WHILE)
    assert shop.writes("pods") == before

    shop.client.patch(BUDGETS, "careful", {"spec": {"minAvailable": 1}}, kind=MERGE)
    assert running.wait(SECONDS).code == 0
    assert shop.images() == ["app:v2"] * 2


@pytest.mark.guard("a-budget-counts-what-we-see")
@pytest.mark.parametrize("mode", ["gate", "label"])
def test_c62_c64_a_budget_of_one_lets_one_pod_go_at_a_time(shop: Shop, mode: str) -> None:
    """In Label mode the pods stay Ready: their budget's own status never counts them out."""
    shop.born(3, mode, maxUnavailable="100%")
    guarded(shop, 1, maxUnavailable=1)
    since = shop.now()

    assert shop.upgrade("app:v2").code == 0

    assert most_at_once(shop.history("pods", since)) == 1
    assert shop.images() == ["app:v2"] * 3


@pytest.mark.guard("broken-pods-ask-no-budget")
def test_c74_a_set_that_is_broken_as_a_whole_is_upgraded_although_its_budget_has_no_room(
    shop: Shop,
) -> None:
    shop.make(2, "gate", pod={"readinessGates": [{"conditionType": OTHER}]})
    first = shop.start("")
    wait_for(lambda: len(shop.pods()) == 2, "two pods")
    for pod in shop.pods():
        set_gate(shop.client, pod, OTHER, "True")
    assert first.wait(SECONDS).code == 0
    for pod in shop.pods():
        set_gate(shop.client, pod, OTHER, "False")
    wait_for(lambda: not any(map(ready, shop.pods())), "broken pods")
    guarded(shop, 0, minAvailable=1)

    running = shop.start("app:v2")
    wait_for(lambda: shop.images() == ["app:v2"] * 2, "both to be changed")

    for pod in shop.pods():
        set_gate(shop.client, pod, OTHER, "True")
    assert running.wait(SECONDS).code == 0


def test_c64_a_wait_for_a_budget_that_outlasts_the_deadline_fails_and_touches_no_pod(
    shop: Shop,
) -> None:
    shop.born(1)
    guarded(shop, 0, maxUnavailable=0)
    shop.edit({"strategy": {"progressDeadlineSeconds": 2}})
    before = shop.writes("pods")

    done = shop.upgrade("app:v2")

    assert done.code == 4
    assert "PodDisruptionBudget careful (1 healthy, 1 desired, 0 disruptions allowed)" in done.err
    assert shop.writes("pods") == before


def unreckonable(shop: Shop) -> Object:
    """A pod under the budget whose owner has no scale: the disruption controller gives up."""
    meta = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "owner"}}
    owner = shop.client.create("configmaps", meta)
    reference = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "name": "owner",
        "uid": owner["metadata"]["uid"],
        "controller": True,
    }
    made = {"name": "stray", "labels": {"app": NAME}, "ownerReferences": [reference]}
    spec = {"containers": [{"name": "main", "image": "app:v1"}]}
    return shop.client.create("pods", {"metadata": made, "spec": spec})


def test_c64_a_budget_whose_status_is_of_an_older_spec_is_waited_for(shop: Shop) -> None:
    """What the old spec allowed says nothing of the new one, however long it is shown."""
    shop.born(2)
    guarded(shop, 1, minAvailable=1)
    stray = unreckonable(shop)
    wait_for(lambda: expected(shop) == 3, "the disruption controller to know the stray pod")
    shop.client.patch(
        BUDGETS, "careful", {"spec": {"minAvailable": None, "maxUnavailable": 1}}, kind=MERGE
    )
    before = shop.writes("pods")

    running = shop.start("app:v2")
    wait_for(
        lambda: "careful (not observed yet) to allow a disruption" in shop.cafe("status", NAME).out,
        "status to say that the budget is not observed",
    )
    time.sleep(A_WHILE)
    assert (allows(shop), shop.writes("pods")) == (None, before)

    shop.client.delete("pods", name(stray))
    assert running.wait(SECONDS).code == 0
    assert shop.images() == ["app:v2"] * 2


def test_c64_plan_names_the_budgets_and_warns_of_one_that_never_leaves_room(shop: Shop) -> None:
    shop.born(1)
    guarded(shop, 0, maxUnavailable=0)

    done = shop.cafe("plan", NAME, "--image", "main=app:v2")

    assert done.code == 1
    assert "PodDisruptionBudget careful (1 healthy" in done.out
    assert "warning: PodDisruptionBudget careful allows no disruption of its 1 pod" in done.out


def test_a_budget_of_other_pods_hinders_nothing(shop: Shop) -> None:
    shop.born(1)
    spec = {"minAvailable": 1, "selector": {"matchLabels": {"app": "other"}}}
    shop.client.create(BUDGETS, {"metadata": {"name": "careful"}, "spec": spec})

    assert shop.upgrade("app:v2").code == 0

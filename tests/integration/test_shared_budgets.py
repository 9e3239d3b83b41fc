"""Two CafeDeployments under one PodDisruptionBudget, in Label mode (protocol 7, C64).

The budget's status knows no label: a pod that is out of traffic is Ready, and counts.
"""

from __future__ import annotations

import pytest

from testbed.client import MERGE
from testbed.waiting import wait_for
from tests.integration.shop import CAFED, NAME, SECONDS, TRAFFIC, Shop, image, name, phase, stays
from tests.integration.test_budgets import allows

BUDGETS = "policy/v1/poddisruptionbudgets"
OTHER = "other"
TEAM = "example.com/team"


def both(shop: Shop, least: int, **strategy: object) -> None:
    """`web` and `other`, two pods each, in Label mode, under one budget of `least` healthy."""
    shop.born(2, "label", **strategy)
    ours = shop.cafed()
    template = ours["spec"]["template"]
    labels = {**template["metadata"]["labels"], "app": OTHER}
    spec = {
        **ours["spec"],
        "selector": {"matchLabels": {"app": OTHER}},
        "template": {**template, "metadata": {**template["metadata"], "labels": labels}},
    }
    body = {key: ours[key] for key in ("apiVersion", "kind")}
    shop.client.create(CAFED, {**body, "metadata": {"name": OTHER}, "spec": spec})
    assert shop.cafe("upgrade", OTHER, "--yes", seconds=SECONDS).code == 0
    apps = {"key": "app", "operator": "In", "values": [NAME, OTHER]}
    spec = {"minAvailable": least, "selector": {"matchExpressions": [apps]}}
    shop.client.create(BUDGETS, {"metadata": {"name": "careful"}, "spec": spec})
    wait_for(lambda: allows(shop) == 4 - least, "the budget to be observed")


def restarted_alone(shop: Shop, since: str) -> None:
    """No two pods were between their image patch and their way back at any moment since then."""
    restarting: set[str] = set()
    for pod in shop.history("pods", since):
        restarting.discard(name(pod))
        if phase(pod) == "patched":
            restarting.add(name(pod))
        assert len(restarting) <= 1


def in_traffic(shop: Shop) -> dict[str, int]:
    """How many pods of each application are in traffic."""
    on = [p["metadata"]["labels"] for p in shop.pods()]
    return {app: sum((x["app"], x[TRAFFIC]) == (app, "on") for x in on) for app in (NAME, OTHER)}


@pytest.mark.guard("others-out-of-traffic-are-not-healthy")
def test_c64_a_pod_of_another_release_that_is_out_of_traffic_uses_up_the_budget(
    shop: Shop,
) -> None:
    both(shop, 3)
    since = shop.now()
    slow = {"spec": {"strategy": {"drainSeconds": 6}}}
    shop.client.patch(CAFED, OTHER, slow, kind=MERGE)
    theirs = shop.cafe.start("upgrade", OTHER, "--yes", "--image", "main=app:v2")
    shop.until_pod(lambda pod: phase(pod) == "drained", "a drained pod of theirs")

    ours = shop.start("app:v2")
    wait_for(
        lambda: "PodDisruptionBudget careful" in shop.cafe("status", NAME).out,
        "status to name the budget",
    )
    assert stays(lambda: in_traffic(shop)) == {NAME: 2, OTHER: 1}

    assert (theirs.wait(SECONDS).code, ours.wait(SECONDS).code) == (0, 0)
    assert shop.images() == ["app:v2"] * 4
    restarted_alone(shop, since)


def test_c64_two_releases_that_begin_in_the_same_moment_restart_one_pod_at_a_time(
    shop: Shop,
) -> None:
    """Both may drain a pod for a moment; an image is changed only with room for it."""
    both(shop, 3)
    since = shop.now()

    running = [
        shop.cafe.start("upgrade", one, "--yes", "--image", "main=app:v2") for one in (NAME, OTHER)
    ]
    assert [one.wait(SECONDS).code for one in running] == [0, 0]

    assert shop.images() == ["app:v2"] * 4
    restarted_alone(shop, since)


def test_a_plan_under_a_shared_budget_and_pods_that_nobody_upgrades_go_on(shop: Shop) -> None:
    both(shop, 3)

    assert shop.cafe("plan", NAME, "--image", "main=app:v2").code == 1
    assert shop.upgrade("app:v2").code == 0

    shown = {pod["metadata"]["labels"]["app"]: image(pod) for pod in shop.pods()}
    assert shown == {NAME: "app:v2", OTHER: "app:v1"}

"""A confirmation over a canary that is not what it was when its group was over."""

from __future__ import annotations

from itertools import groupby
from typing import Any

import pytest

from testbed.client import Object
from testbed.waiting import wait_for
from tests.integration.shop import (
    NAME,
    SECONDS,
    Shop,
    condition,
    image,
    name,
    ready,
    set_gate,
    status,
)

OTHER_GATE = "example.com/other"


def waiting(shop: Shop, **strategy: Any) -> Object:
    """Three pods, one a group; the first is upgraded and the second waits; the first."""
    gates = [{"conditionType": OTHER_GATE}]
    shop.make(3, "gate", pod={"readinessGates": gates}, **strategy)
    running = shop.start("")
    wait_for(lambda: len(shop.pods()) == 3, "the pods")
    for one in shop.pods():
        set_gate(shop.client, one, OTHER_GATE, "True")
    assert running.wait().code == 0
    shop.edit({"strategy": {"needWaitingForConfirm": True, "batchSize": 1}})
    assert shop.upgrade("app:v2").code == 3
    return next(pod for pod in shop.pods() if image(pod) == "app:v2")


@pytest.mark.guard("an-unready-canary-fails-the-next-group")
def test_a_confirmation_over_an_unready_canary_takes_no_pod_and_fails(shop: Shop) -> None:
    canary = waiting(shop)
    set_gate(shop.client, canary, OTHER_GATE, "False")
    wait_for(lambda: not all(map(ready, shop.pods())), "the canary to be unready")

    done = shop.cafe("confirm", NAME, "--group", "2", seconds=SECONDS)

    assert (done.code, shop.state()) == (4, "Failed")
    assert f"{name(canary)}: GroupNotAvailable: the pod became unready after group 1" in done.err
    assert OTHER_GATE in done.err
    assert sorted(shop.images()) == ["app:v1", "app:v1", "app:v2"]

    set_gate(shop.client, canary, OTHER_GATE, "True")
    assert shop.cafe("retry", NAME, seconds=SECONDS).code == 3
    assert sorted(shop.images()) == ["app:v1", "app:v2", "app:v2"]


def test_where_the_canary_was_replaced_another_one_is_verified_before_the_next_group(
    shop: Shop,
) -> None:
    """One may be unavailable: its replacement is opened before another pod is taken."""
    canary = waiting(shop, maxUnavailable=1)
    old = {name(pod) for pod in shop.pods()}
    shop.client.delete("pods", name(canary))
    born = shop.until_pod(
        lambda pod: (
            name(pod) not in old and condition(pod, "ContainersReady").get("status") == "True"
        ),
        "its replacement to run",
    )
    set_gate(shop.client, born, OTHER_GATE, "True")
    began = len(shop.writes("pods"))

    assert shop.cafe("confirm", NAME, "--group", "2", seconds=SECONDS).code == 3

    opened, *writes = shop.writes("pods")[began:]
    assert opened.name == name(born)
    one_a_group = [pod for pod, _ in groupby(write.name for write in writes)]
    assert len(one_a_group) == 2
    assert sorted(shop.images()) == ["app:v1", "app:v2", "app:v2"]


@pytest.mark.guard("a-canary-that-has-restarted-fails-the-next-group")
def test_a_confirmation_over_a_canary_that_has_restarted_takes_no_pod_and_fails(
    shop: Shop,
) -> None:
    """It is Ready again: a retry goes on all the same."""
    canary = waiting(shop)
    shown = dict(status(canary), restartCount=status(canary)["restartCount"] + 2)
    body = {"status": {"containerStatuses": [shown]}}
    shop.client.patch("pods", name(canary), body, "status")

    done = shop.cafe("confirm", NAME, "--group", "2", seconds=SECONDS)

    said = f"{name(canary)}: GroupNotAvailable: container main has restarted"
    assert (done.code, shop.state()) == (4, "Failed"), done.err
    assert f"{said} 2 times since group 1 ended" in " ".join(done.err.split())
    assert all(map(ready, shop.pods()))
    assert sorted(shop.images()) == ["app:v1", "app:v1", "app:v2"]

    assert shop.cafe("retry", NAME, seconds=SECONDS).code == 3
    assert sorted(shop.images()) == ["app:v1", "app:v2", "app:v2"]

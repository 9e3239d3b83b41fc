"""Services, gates, conditions and pods of others, beside a release's own (protocol 5)."""

from __future__ import annotations

import pytest

from testbed.client import Object
from testbed.waiting import wait_for
from tests.integration.shop import (
    GATE,
    NAME,
    OTHER_GATE,
    SECONDS,
    Shop,
    condition,
    image,
    name,
    ready,
    set_gate,
    stays,
)


@pytest.mark.guard("every-service-selects-by-the-label")
def test_c28_a_label_that_some_service_does_not_select_by_is_no_switch(shop: Shop) -> None:
    shop.born(1, "label", service=True)
    around = {"selector": {"app": NAME}, "ports": [{"port": 81}]}
    shop.client.create("services", {"metadata": {"name": "around"}, "spec": around})
    before = len(shop.writes("pods"))

    done = shop.upgrade("app:v2")

    assert done.code == 0
    assert "mode None" in done.err
    assert len(shop.writes("pods")) - before == 1


@pytest.mark.guard("status-is-merged-by-type")
def test_c26_other_gates_and_conditions_survive_every_write(shop: Shop) -> None:
    pod_spec = {"readinessGates": [{"conditionType": OTHER_GATE}]}
    shop.make(1, "gate", pod=pod_spec)
    running = shop.cafe.start("upgrade", NAME, "--yes")
    pod = shop.until_pod(lambda pod: condition(pod, GATE).get("status") == "True", "its opening")
    set_gate(shop.client, pod, OTHER_GATE, "True")
    assert running.wait(SECONDS).code == 0
    note = {"type": "example.com/note", "status": "Unknown", "reason": "Ours", "message": "keep"}
    shop.client.patch("pods", name(pod), {"status": {"conditions": [note]}}, "status")
    since = shop.now()

    assert shop.upgrade("app:v2").code == 0

    seen = shop.history("pods", since)
    assert {condition(one, OTHER_GATE)["status"] for one in seen} == {"True"}
    kept = [condition(one, "example.com/note") for one in seen]
    assert all({key: one[key] for key in note} == note for one in kept)
    assert {c["type"] for c in shop.pods()[0]["status"]["conditions"]} >= {
        "PodScheduled",
        "Initialized",
        "ContainersReady",
        "Ready",
    }


@pytest.mark.guard("a-new-pod-is-opened")
def test_c27_a_pod_that_is_replaced_during_a_release_is_opened_once(shop: Shop) -> None:
    pods = shop.born(2, "gate", confirm=True, batchSize=1)
    assert shop.upgrade("app:v2").code == 3
    shop.client.delete("pods", name(pods[0]))
    gone = pods[0]["metadata"]["uid"]
    wait_for(lambda: gone not in uids(shop) and len(shop.pods()) == 2, "a replacement")
    (newborn,) = [p for p in shop.pods() if name(p) not in {name(pod) for pod in pods}]

    assert shop.cafe("confirm", NAME, seconds=SECONDS).code == 0
    opened = [r for r in shop.writes("pods") if r.name == name(newborn)]
    assert shop.cafe("upgrade", NAME, "--yes").code == 0

    assert ready(shop.client.get("pods", name(newborn)))
    assert opened[0].subresource == "status"
    assert [r for r in shop.writes("pods") if r.name == name(newborn)] == opened


def uids(shop: Shop) -> set[str]:
    """The uids of the living pods."""
    return {pod["metadata"]["uid"] for pod in shop.pods()}


def broken_and_healthy(shop: Shop) -> tuple[Object, list[Object]]:
    """Three pods at v1, one of them NotReady by somebody else's gate."""
    shop.make(3, "gate", pod={"readinessGates": [{"conditionType": OTHER_GATE}]}, maxUnavailable=1)
    running = shop.cafe.start("upgrade", NAME, "--yes")
    wait_for(lambda: len(shop.pods()) == 3, "three pods")
    for pod in shop.pods():
        set_gate(shop.client, pod, OTHER_GATE, "True")
    assert running.wait(SECONDS).code == 0
    *healthy, broken = shop.pods()
    set_gate(shop.client, broken, OTHER_GATE, "False")
    shop.until_pod(lambda pod: not ready(pod), "a broken pod")
    return broken, healthy


@pytest.mark.guard("broken-pods-are-exempt")
def test_c29_a_pod_that_was_unready_already_is_taken_first_and_costs_no_budget(
    shop: Shop,
) -> None:
    broken, healthy = broken_and_healthy(shop)

    running = shop.start("app:v2")
    wait_for(lambda: image(shop.client.get("pods", name(broken))) == "app:v2", "the broken one")

    # It is new and unavailable now: no healthy one is taken beside it.
    assert stays(lambda: [image(shop.client.get("pods", name(p))) for p in healthy]) == [
        "app:v1",
        "app:v1",
    ]
    set_gate(shop.client, broken, OTHER_GATE, "True")
    assert running.wait(SECONDS).code == 0
    assert shop.images() == ["app:v2"] * 3

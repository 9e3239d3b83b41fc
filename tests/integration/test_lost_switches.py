"""Pods that lose their traffic switch under a release are not restarted in traffic (C28)."""

from __future__ import annotations

import pytest

from testbed.waiting import wait_for
from tests.integration.shop import NAME, TRAFFIC, Shop, image, in_endpoints, name, phase, waiting
from tests.integration.test_traffic import SLICES, holding

BYPASSING = {"selector": {"app": NAME}, "ports": [{"port": 81}]}


def bypass(shop: Shop) -> None:
    """A second Service over the pods, which does not select by the label."""
    shop.client.create("services", {"metadata": {"name": "canary"}, "spec": BYPASSING})


def untouched(shop: Shop) -> None:
    """The first pod alone was upgraded, and every pod is in traffic."""
    assert sorted(shop.images()) == ["app:v1", "app:v1", "app:v2"]
    assert [pod["metadata"]["labels"].get(TRAFFIC, "on") for pod in shop.pods()] == ["on"] * 3


@pytest.mark.guard("a-lost-switch-stops-the-release")
def test_c28_a_service_that_bypasses_the_label_stops_the_release_under_way(shop: Shop) -> None:
    waiting(shop)
    bypass(shop)
    noted = "Service canary does not select by"
    wait_for(lambda: noted in shop.cafe("status", NAME).out, "status to name the Service")

    done = shop.cafe("confirm", NAME, "--group", "2")

    assert (done.code, shop.state()) == (4, "Failed")
    assert "TrafficModeChanged" in done.err
    assert "Service canary" in done.err
    untouched(shop)

    shop.client.delete("services", "canary")
    assert shop.cafe("retry", NAME).code == 3
    assert sorted(shop.images()) == ["app:v1", "app:v2", "app:v2"]


def test_c28_a_service_that_no_longer_selects_by_the_label_stops_it(shop: Shop) -> None:
    shop.born(3, "label", batchSize=1, service=True, confirm=True)
    assert shop.upgrade("app:v2").code == 3
    shop.client.patch("services", NAME, {"spec": {"selector": {TRAFFIC: None}}})

    done = shop.cafe("confirm", NAME, "--group", "2")

    assert (done.code, "Service web does not select by" in done.err) == (4, True)
    untouched(shop)


def test_c28_a_label_that_is_taken_off_a_pod_stops_it(shop: Shop) -> None:
    waiting(shop)
    for pod in shop.pods():
        if image(pod) == "app:v1":
            shop.client.patch("pods", name(pod), {"metadata": {"labels": {TRAFFIC: None}}})

    done = shop.cafe("confirm", NAME, "--group", "2")

    assert (done.code, f"its label {TRAFFIC} is missing" in done.err) == (4, True)
    untouched(shop)


def test_c28_a_rollback_over_a_bypassing_service_stops_as_well(shop: Shop) -> None:
    waiting(shop)
    bypass(shop)

    done = shop.cafe("rollback", NAME, "--yes")

    assert (done.code, "Service canary" in done.err) == (4, True)
    untouched(shop)


def test_c28_plan_and_upgrade_name_the_service_and_the_release_goes_as_it_was_planned(
    shop: Shop,
) -> None:
    shop.born(2, "label", service=True, batchSize=1, confirm=True)
    bypass(shop)

    planned = shop.cafe("plan", NAME, "--image", "main=app:v2")
    started = shop.upgrade("app:v2")
    ended = shop.cafe("confirm", NAME)

    said = "2 of 2 pods without a traffic switch (mode None)"
    for text in (planned.out, started.err):
        assert said in text
        assert "Service canary does not select by" in " ".join(text.split())
    assert (started.code, ended.code, shop.images()) == (3, 0, ["app:v2"] * 2)


def test_a_rollback_of_its_own_warns_and_goes_on_in_mode_none(shop: Shop) -> None:
    shop.born(1, "label", service=True)
    assert shop.upgrade("app:v2").code == 0
    bypass(shop)

    done = shop.cafe("rollback", NAME, "--yes")

    assert (done.code, shop.images()) == (0, ["app:v1"])
    assert "Service canary does not select by" in " ".join(done.err.split())


def test_a_second_service_that_keeps_a_drained_pod_in_traffic_is_named_in_what_is_waited_for(
    shop: Shop,
) -> None:
    shop.born(1, "label", service=True, drainSeconds=4)
    running = shop.start("app:v2")
    pod = shop.until_pod(lambda pod: phase(pod) == "drained", "a drained pod")
    bypass(shop)
    uid = pod["metadata"]["uid"]
    wait_for(lambda: uid in in_endpoints(shop.client.list(SLICES)), "the second Service")

    wait_for(
        lambda: "of Service canary" in " ".join(shop.cafe("status", NAME).out.split()),
        "status to name it",
    )

    assert shop.images() == ["app:v1"]
    shop.client.delete("services", "canary")
    assert running.wait().code == 0


def test_a_foreign_endpointslice_is_named_and_the_failure_names_it(shop: Shop) -> None:
    pods = shop.born(1, "label", progressDeadlineSeconds=8)
    holding(shop.client, pods)

    done = shop.upgrade("app:v2")

    assert done.code == 4
    failure = shop.cafe("status", NAME, "-o", "json").document()["failure"]
    assert "still shown ready by EndpointSlice slow of Service web" in failure

"""What kubelets show in the middle of an update, told apart on the real API server (protocol 6)."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from testbed.faults import Fault
from testbed.proxy import FaultProxy
from testbed.puppet import Container, Ready, image_id
from tests.integration.shop import (
    GATE,
    NAME,
    OTHER_GATE,
    Shop,
    condition,
    image,
    phase,
    ready,
    set_gate,
    status,
    stays,
)
from tests.integration.stage import Stage, gate, gate_write

V1, V2 = Container("app:v1"), Container("app:v2", run=1)
MOVED = image_id("app:v1-of-today")
"""What the tag v1 has come to mean since the pod was made."""


def test_c10_a_crash_on_the_old_spec_is_not_the_restart(stage: Stage) -> None:
    """The old container is started again before the patch reaches the kubelet: a new ID, v1."""
    stage.born()
    running = stage.patched("app:v2")

    stage.show(replace(V1, run=1), seen=1)
    stage.stays()
    stage.show_busy(Container("app:v2", run=2))
    stage.until(lambda pod: gate(pod) == "Unknown", "the kubelet to be asked for its word")
    stage.stays()
    stage.show_busy(Container("app:v2", run=2), gate="Unknown")

    assert stage.settled(running).code == 0
    assert image(stage.pod()) == "app:v2"


def test_c11_nor_is_one_that_pulled_what_the_old_tag_means_by_now(stage: Stage) -> None:
    """imagePullPolicy Always: a new containerID and a new imageID, and still the old spec's."""
    stage.born()
    running = stage.patched("app:v2")

    crashed = replace(V1, run=1, image_id=MOVED)
    stage.show(crashed, seen=1)
    stage.stays()
    stage.show(crashed)
    stage.stays()
    stage.show(Container("app:v2", run=2))

    assert stage.settled(running).code == 0


def test_c15_a_pod_that_showed_no_image_id_is_not_done_with_its_old_container(
    stage: Stage,
) -> None:
    """The baseline knows no imageID, so any would be another one."""
    stage.born()
    nameless = replace(V1, image_id="docker-pullable://")
    stage.show(nameless)
    running = stage.patched("app:v2")

    stage.show(V1)
    stage.stays()
    stage.show(V2)

    assert stage.settled(running).code == 0


@pytest.mark.parametrize("reason", ["CreateContainerConfigError", "RunContainerError"])
def test_c37_a_configuration_error_fails_the_group_with_its_reason(
    stage: Stage, reason: str
) -> None:
    stage.born()
    running = stage.patched("app:v2")
    stage.show(V1, seen=2)

    why = (reason, 'container main of image "app:v2": secret "keys" not found')
    stage.show(replace(V2, waiting=why, ready=False))

    done = stage.ended(running)
    assert (done.code, stage.shop.state()) == (4, "Failed")
    assert f"main: {reason}" in done.err
    assert 'secret "keys" not found' in done.err


def test_c34_a_pull_error_fails_the_group_and_the_pod_stays_out_of_traffic(stage: Stage) -> None:
    """Half a minute of it, whichever of its two words the kubelet has at the moment."""
    stage.born()
    running = stage.patched("app:v2")
    stage.show(V1, seen=2)
    why = 'failed to pull and unpack image "docker.io/library/app:v2": not found'

    stage.show(replace(V1, waiting=("ErrImagePull", why), ready=False))
    stage.stays()
    stage.show(replace(V1, waiting=("ImagePullBackOff", f"Back-off: {why}"), ready=False))

    done = stage.ended(running)
    assert (done.code, stage.shop.state()) == (4, "Failed")
    assert "main: " in done.err
    assert "app:v2" in done.err
    assert (phase(stage.pod()), gate(stage.pod())) == ("patched", "False")


def test_c43_c44_a_group_has_as_long_as_its_containers_may_take_to_die(shop: Shop) -> None:
    """A deadline of 2 s, a grace period of 10: a kill of 5 s is no failure of the group."""
    shop.born(
        1,
        "gate",
        containers={"main": "app:v1", "other": "app:v1"},
        notes={"testbed.cafe/kill-ms": "5000"},
        pod={"terminationGracePeriodSeconds": 10},
        progressDeadlineSeconds=2,
    )

    done = shop.cafe(
        "upgrade", NAME, "--yes", "--image", "main=app:v2", "--image", "other=app:v2", seconds=60
    )

    assert (done.code, shop.state()) == (0, "Completed")
    assert shop.images("other") == ["app:v2"]


def test_c40_a_dead_kubelet_that_acknowledged_nothing_gets_no_image(stage: Stage) -> None:
    """Its node falls silent after W1: traffic is not seen off, and nothing is patched."""
    stage.born()
    stage.shop.edit({"strategy": {"progressDeadlineSeconds": 3}})
    running = stage.shop.start("app:v2")
    stage.until(lambda pod: gate(pod) == "False", "the gate to be closed")

    stage.kubelet.lose()

    done = stage.ended(running)
    assert (done.code, stage.shop.state()) == (4, "Failed")
    assert image(stage.pod()) == "app:v1"


def test_c23_ready_that_is_published_once_more_is_no_traffic_off(stage: Stage) -> None:
    """kruise#996: Ready is True again in the middle of the drain, by a status of before."""
    stage.born()
    stage.shop.edit({"strategy": {"drainSeconds": 2}})
    running = stage.shop.start("app:v2")
    stage.drained()

    stage.show(ready=Ready("True"))
    assert stays(lambda: image(stage.pod()), seconds=3) == "app:v1"

    stage.show()
    seen_off = time.monotonic()
    stage.until(lambda pod: image(pod) == "app:v2", "the image to be patched")
    assert time.monotonic() - seen_off > 1.9
    stage.show(V1, seen=2)
    stage.show(V2)
    assert stage.settled(running).code == 0


@pytest.fixture
def through(stage: Stage, proxy: FaultProxy) -> Stage:
    """The same stage; the plugin's requests go through `proxy`."""
    return replace(stage, shop=replace(stage.shop, cafe=stage.shop.cafe.at(proxy.kubeconfig)))


def test_c24_a_conflict_at_the_opening_is_judged_anew(through: Stage, proxy: FaultProxy) -> None:
    """The container falls over while the write is on its way: 409, and the gate stays closed."""
    stage = through
    stage.born()
    running = stage.patched("app:v2")
    stage.show(V1, seen=2)
    fallen = replace(V2, ready=False)
    proxy.on(gate_write("True"), Fault(before=lambda _: stage.show(fallen)))

    stage.show(V2)
    stage.until(lambda pod: not status(pod)["ready"] and image(pod) == "app:v2", "the fall")
    stage.stays()
    assert len([write for write in proxy.writes if gate_write("True")(write)]) == 2  # born, and W3

    stage.show(V2)
    assert stage.settled(running).code == 0


def test_c25_a_conflict_at_the_drain_is_judged_anew(through: Stage, proxy: FaultProxy) -> None:
    """The status is written while W1 is on its way; nothing is taken for done, and it is sent
    again over what is there now."""
    stage = through
    stage.born()
    proxy.on(gate_write("False"), Fault(before=lambda _: stage.show(replace(V1, run=1))))

    running = stage.patched("app:v2")

    drains = [write for write in proxy.writes if gate_write("False")(write)]
    assert len(drains) == 2
    versions = {write.json["metadata"]["resourceVersion"] for write in drains}
    assert len(versions) == 2
    stage.show(replace(V1, run=1), seen=2)
    stage.show(Container("app:v2", run=2))
    assert stage.settled(running).code == 0


def test_c30_plan_names_a_service_that_publishes_pods_that_are_not_ready(shop: Shop) -> None:
    shop.born(1, "gate")
    spec = {"selector": {"app": NAME}, "ports": [{"port": 80}], "publishNotReadyAddresses": True}
    shop.client.create("services", {"metadata": {"name": "headless"}, "spec": spec})

    planned = shop.cafe("plan", NAME, "--image", "main=app:v2")

    assert planned.code == 1
    said = planned.out + planned.err
    assert "Service headless" in said
    assert "publishNotReadyAddresses" in said


def test_c32_opening_our_gate_does_not_open_somebody_elses(shop: Shop) -> None:
    """Two holders: ours lets go once the pod is done, and it is Ready when both have."""
    shop.make(1, "gate", pod={"readinessGates": [{"conditionType": OTHER_GATE}]})
    first = shop.cafe.start("upgrade", NAME, "--yes")
    pod = shop.until_pod(lambda pod: condition(pod, GATE).get("status") == "True", "its opening")
    set_gate(shop.client, pod, OTHER_GATE, "True")
    assert first.wait().code == 0

    running = shop.start("app:v2")
    shop.until_pod(lambda pod: condition(pod, GATE)["status"] == "False", "the gate to be closed")
    set_gate(shop.client, pod, OTHER_GATE, "False")
    done = shop.until_pod(lambda pod: phase(pod) == "finished" and image(pod) == "app:v2", "W3")

    assert condition(done, GATE)["status"] == "True"
    assert condition(done, OTHER_GATE)["status"] == "False"
    assert not ready(done)
    assert running.running()
    set_gate(shop.client, pod, OTHER_GATE, "True")
    assert running.wait(60).code == 0

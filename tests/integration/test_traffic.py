"""A pod leaves traffic, and is seen to have left, before its image is changed (protocol 5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from testbed.client import Client, Object
from testbed.puppet import Puppet, Ready
from testbed.waiting import wait_for
from tests.integration.shop import (
    GATE,
    NAME,
    OTHER_GATE,
    SECONDS,
    SLICES,
    TRAFFIC,
    Shop,
    condition,
    image,
    in_endpoints,
    name,
    phase,
    ready,
    set_gate,
    stays,
)

Factory = Callable[..., Puppet]


def before_the_image(shop: Shop, pods: list[Object], since: str) -> dict[str, Object]:
    """Each of `pods` as it was directly before its image was changed, by uid."""
    return {uid: before for uid, (before, _) in image_changes(shop, pods, since).items()}


def image_changes(shop: Shop, pods: list[Object], since: str) -> dict[str, tuple[Object, Object]]:
    """Each of `pods` directly before and after its image was changed, by uid."""
    last = {pod["metadata"]["uid"]: pod for pod in pods}
    found: dict[str, tuple[Object, Object]] = {}
    for pod in shop.history("pods", since):
        uid = pod["metadata"]["uid"]
        if image(last[uid]) != image(pod):
            found[uid] = (last[uid], pod)
        last[uid] = pod
    return found


def version(obj: Object) -> int:
    """When it was written, in the order of all writes."""
    return int(obj["metadata"]["resourceVersion"])


def endpoints_at(slices: list[Object], moment: int) -> set[str]:
    """The uids in the ready endpoints at a resourceVersion."""
    shown = {name(one): one for one in slices if version(one) <= moment}
    return in_endpoints(list(shown.values()))


def holding(client: Client, pods: list[Object]) -> str:
    """An EndpointSlice of nobody's that goes on sending traffic to `pods`; its name."""
    endpoints = [
        {
            "addresses": [pod["status"]["podIP"]],
            "conditions": {"ready": True},
            "targetRef": {"kind": "Pod", "name": name(pod), "uid": pod["metadata"]["uid"]},
        }
        for pod in pods
    ]
    body = {
        "metadata": {"name": "slow", "labels": {"kubernetes.io/service-name": NAME}},
        "addressType": "IPv4",
        "endpoints": endpoints,
        "ports": [{"port": 80}],
    }
    return name(client.create(SLICES, body))


@pytest.fixture
def puppeteer(shop: Shop, puppet: Factory) -> Callable[..., tuple[Puppet, Object]]:
    """A release of one pod whose kubelet the test plays, up and in traffic at v1."""

    def make(**options: Any) -> tuple[Puppet, Object]:
        one = puppet("CellA")
        shop.make(1, "gate", pod=one.place(options.pop("pod", {})), **options)
        running = shop.cafe.start("upgrade", NAME, "--yes")
        assert shop.client.namespace
        (pod,) = one.wait_for_pods(shop.client.namespace, 1)
        one.run(pod)
        wait_for(lambda: condition(shop.pods()[0], GATE).get("status") == "True", "its opening")
        for gate in pod["spec"]["readinessGates"]:
            if gate["conditionType"] != GATE:
                set_gate(shop.client, pod, gate["conditionType"], "True")
        one.run(pod)
        assert running.wait(SECONDS).code == 0
        return one, shop.pods()[0]

    return make


@pytest.mark.guard("gate-off-is-acknowledged")
def test_c22_in_gate_mode_no_image_is_changed_while_the_pod_is_ready(
    shop: Shop, puppeteer: Callable[..., tuple[Puppet, Object]]
) -> None:
    kubelet, pod = puppeteer()
    running = shop.start("app:v2")
    wait_for(lambda: condition(shop.pods()[0], GATE)["status"] == "False", "the gate to close")

    assert stays(lambda: ready(shop.pods()[0])) is True
    assert stays(lambda: image(shop.pods()[0])) == "app:v1"

    kubelet.show(pod)
    wait_for(lambda: image(shop.pods()[0]) == "app:v2", "the image to be changed")
    kubelet.show(pod)
    kubelet.run(shop.pods()[0])
    wait_for(lambda: condition(shop.pods()[0], GATE)["status"] == "True", "the gate to open")
    kubelet.show(pod)
    assert running.wait(SECONDS).code == 0


def test_c22_each_pod_was_unready_by_its_gate_directly_before_its_image_changed(
    shop: Shop,
) -> None:
    pods = shop.born(4, "gate", service=True)
    since = shop.now()

    assert shop.upgrade("app:v2").code == 0

    judged = before_the_image(shop, pods, since)
    assert set(judged) == {pod["metadata"]["uid"] for pod in pods}
    for pod in judged.values():
        assert condition(pod)["reason"] == "ReadinessGatesNotReady"
        assert phase(pod) == "drained"


@pytest.mark.parametrize("mode", ["gate", "label"])
def test_c22_each_pod_was_in_no_endpoints_directly_before_its_image_changed(
    shop: Shop, mode: str
) -> None:
    pods = shop.born(3, mode, service=True)
    uids = {pod["metadata"]["uid"] for pod in pods}
    wait_for(lambda: in_endpoints(shop.client.list(SLICES)) == uids, "all endpoints")
    since = shop.now()
    first = shop.client.list(SLICES)

    assert shop.upgrade("app:v2").code == 0

    slices = [*first, *shop.history(SLICES, since)]
    changes = image_changes(shop, pods, since)
    assert set(changes) == uids
    for uid, (_, changed) in changes.items():
        assert uid not in endpoints_at(slices, version(changed))
    assert in_endpoints(shop.client.list(SLICES)) == uids


@pytest.mark.guard("no-endpoint-shows-it-ready")
@pytest.mark.parametrize("mode", ["gate", "label"])
def test_c22_no_image_is_changed_while_some_endpointslice_shows_the_pod(
    shop: Shop, mode: str
) -> None:
    pods = shop.born(1, mode)
    slow = holding(shop.client, pods)
    running = shop.start("app:v2")
    shop.until_pod(lambda pod: phase(pod) == "drained", "a drained pod")

    assert stays(shop.images) == ["app:v1"]

    shop.client.delete(SLICES, slow)
    assert running.wait(SECONDS).code == 0
    assert shop.images() == ["app:v2"]


@pytest.mark.guard("drain-seconds-are-waited")
@pytest.mark.parametrize("mode", ["gate", "label"])
def test_c22_the_image_is_changed_drain_seconds_after_traffic_was_off(
    shop: Shop, mode: str
) -> None:
    shop.born(1, mode, drainSeconds=2)
    before = len(shop.writes("pods"))

    assert shop.upgrade("app:v2").code == 0

    off, patched, _on = shop.writes("pods")[before:]
    assert (patched.time - off.time).total_seconds() >= 2


def test_in_label_mode_the_pod_stays_ready_while_it_is_out_of_traffic(shop: Shop) -> None:
    """C28: no kubelet is waited for where no gate is."""
    pods = shop.born(2, "label", service=True)
    since = shop.now()

    assert shop.upgrade("app:v2").code == 0

    judged = before_the_image(shop, pods, since).values()
    assert [ready(pod) for pod in judged] == [True, True]
    assert [pod["metadata"]["labels"][TRAFFIC] for pod in judged] == ["off", "off"]
    assert [pod["metadata"]["labels"][TRAFFIC] for pod in shop.pods()] == ["on", "on"]


def test_c28_a_pod_without_gate_and_label_is_patched_at_once_and_people_are_warned(
    shop: Shop,
) -> None:
    pods = shop.born(2, "none", service=True)
    since = shop.now()

    done = shop.upgrade("app:v2")

    assert done.code == 0
    assert "requests in flight may fail" in done.err
    assert [ready(pod) for pod in before_the_image(shop, pods, since).values()] == [True, True]


@pytest.mark.guard("acknowledgement-quotes-our-gate")
def test_c85_ready_false_for_another_reason_is_no_acknowledgement(
    shop: Shop, puppeteer: Callable[..., tuple[Puppet, Object]]
) -> None:
    kubelet, pod = puppeteer(pod={"readinessGates": [{"conditionType": OTHER_GATE}]})
    set_gate(shop.client, pod, OTHER_GATE, "False")
    words = f'the status of pod readiness gate "{OTHER_GATE}" is not "True", but False'
    before = Ready("False", "ReadinessGatesNotReady", words)
    kubelet.show(pod, ready=before)

    running = shop.start("app:v2")
    shop.until_pod(lambda pod: phase(pod) == "drained", "a drained pod")
    kubelet.show(pod, ready=before)

    assert stays(shop.images) == ["app:v1"]

    kubelet.show(pod)
    wait_for(lambda: shop.images() == ["app:v2"], "the image to be changed")
    kubelet.show(pod)
    kubelet.run(shop.pods()[0])
    set_gate(shop.client, pod, OTHER_GATE, "True")
    wait_for(lambda: condition(shop.pods()[0], GATE)["status"] == "True", "the gate to open")
    kubelet.show(pod)
    assert running.wait(SECONDS).code == 0

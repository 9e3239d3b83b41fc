"""Releases of real containers by the real command line (protocol 5 to 7)."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from testbed.client import Client
from testbed.plugin import Cafe
from testbed.timeline import Container, sighting
from testbed.traffic import Tally, Traffic
from testbed.waiting import wait_for

Object = dict[str, Any]
CAFES = "apps.cafe.cloud.alipay.com/v1alpha1/cafedeployments"
PODS = 4


@dataclass(frozen=True)
class Pod:
    """What an upgrade in place must not change of a pod, and its containers."""

    name: str
    uid: str
    address: str
    node: str
    main: Container
    side: Container

    @property
    def identity(self) -> tuple[str, str, str, str]:
        """What whoever talks to the pod knows it by."""
        return self.name, self.uid, self.address, self.node


Shop = Callable[..., None]


@pytest.fixture
def shop(client: Client, cafe: Cafe, spec: Callable[..., Object]) -> Shop:
    """`shop("web", True)`: four pods of app:v1 behind a Service, in Gate mode or (False) None."""

    def make(name: str, gate: bool, kill_seconds: int = 0) -> None:
        labels = {"app": name}
        client.create(
            "services",
            {
                "metadata": {"name": name},
                "spec": {"selector": labels, "ports": [{"port": 80, "targetPort": 8080}]},
            },
        )
        template = {
            "metadata": {"labels": labels},
            "spec": spec("app:v1", gate=gate, sidecar=True, kill_seconds=kill_seconds),
        }
        strategy = {"upgradeType": "Beta", "batchSize": 2, "maxUnavailable": 2}
        client.create(
            CAFES,
            {
                "apiVersion": "apps.cafe.cloud.alipay.com/v1alpha1",
                "kind": "CafeDeployment",
                "metadata": {"name": name},
                "spec": {
                    "replicas": PODS,
                    "selector": {"matchLabels": labels},
                    "strategy": strategy,
                    "template": template,
                },
            },
        )
        done = cafe("upgrade", name, "--yes")
        assert done.code == 0, done.out + done.err

    assert cafe("init").code == 0
    return make


@pytest.fixture
def pods(client: Client) -> Callable[[str], dict[str, Pod]]:
    """`pods("web")`: the pods of a CafeDeployment by name, as they are now."""

    def look(name: str) -> dict[str, Pod]:
        found = {}
        for pod in client.list("pods", f"app={name}"):
            containers = sighting(pod).containers
            found[pod["metadata"]["name"]] = Pod(
                pod["metadata"]["name"],
                pod["metadata"]["uid"],
                pod["status"]["podIP"],
                pod["spec"]["nodeName"],
                containers["main"],
                containers["side"],
            )
        return found

    return look


@pytest.fixture
def upgraded(client: Client, cafe: Cafe) -> Callable[[str, str], Tally]:
    """`upgraded("web", "app:v2")` releases it under requests and returns how those went."""

    def release(name: str, image: str) -> Tally:
        with Traffic(client, name) as asking:
            asking.wait_for_addresses(PODS)
            asking.wait_for_requests(20)
            done = cafe("upgrade", name, "--image", f"main={image}", "--yes")
            assert done.code == 0, done.out + done.err
            asking.wait_for_addresses(PODS)
            asking.wait_for_requests(50)
            return asking.tally()

    return release


def test_a_release_in_gate_mode_keeps_every_pod_and_loses_no_request_where_mode_none_does(
    shop: Shop,
    pods: Callable[[str], dict[str, Pod]],
    upgraded: Callable[[str, str], Tally],
) -> None:
    shop("gated", True)
    before = pods("gated")
    gated = upgraded("gated", "app:v2")
    after = pods("gated")
    shop("bare", False)
    bare = upgraded("bare", "app:v2")
    print(f"\nGate: {gated}\nNone: {bare}")

    assert len(after) == PODS
    assert {p.identity for p in after.values()} == {p.identity for p in before.values()}
    for name, pod in after.items():
        assert pod.side.container_id == before[name].side.container_id
        assert pod.side.restarts == 0
        assert pod.main.container_id != before[name].main.container_id
        assert pod.main.restarts == 1
    assert gated.answers["v2"] > 0
    # The same client sees the loss where there is one: only then does its zero mean something.
    assert len(bare.failures) > 0
    assert gated.failures == ()


def test_a_release_to_a_second_tag_of_the_same_digest_completes(
    shop: Shop,
    pods: Callable[[str], dict[str, Pod]],
    upgraded: Callable[[str, str], Tally],
) -> None:
    shop("gated", True)
    upgraded("gated", "app:v2")
    before = pods("gated")
    tally = upgraded("gated", "app:v2-alias")
    after = pods("gated")

    assert tally.failures == ()
    for name, pod in after.items():
        assert pod.main.image_id == before[name].main.image_id
        assert pod.main.container_id != before[name].main.container_id
        assert pod.main.restarts == 2


def test_a_release_to_a_tag_that_nobody_has_fails_at_its_first_pods_and_is_rolled_back(
    client: Client, cafe: Cafe, shop: Shop, pods: Callable[[str], dict[str, Pod]]
) -> None:
    shop("gated", True)
    before = pods("gated")
    with Traffic(client, "gated") as asking:
        asking.wait_for_addresses(PODS)
        began = time.monotonic()
        failed = cafe("upgrade", "gated", "--image", "main=app:nobody-has-it", "--yes")
        print(f"\nfailed after {time.monotonic() - began:.1f} s\n{failed.out}{failed.err}")
        assert failed.code == 4
        assert "app:nobody-has-it" in failed.out + failed.err
        assert len(asking.ready()) == PODS - 1  # Beta: one pod of the only cell
        back = cafe("rollback", "gated", "--yes")
        assert back.code == 0, back.out + back.err
        asking.wait_for_addresses(PODS)
        asking.wait_for_requests(20)
        tally = asking.tally()
    after = pods("gated")

    assert tally.failures == ()
    assert {p.identity for p in after.values()} == {p.identity for p in before.values()}
    assert sorted(p.main.restarts for p in after.values()) == [0, 0, 0, 1]
    assert {p.main.image_id for p in after.values()} == {before[n].main.image_id for n in before}


def test_a_rollback_while_the_kubelet_still_kills_ends_with_the_old_version_and_no_lost_request(
    client: Client, cafe: Cafe, shop: Shop, pods: Callable[[str], dict[str, Pod]]
) -> None:
    shop("gated", True, kill_seconds=4)
    before = pods("gated")
    with Traffic(client, "gated") as asking:
        asking.wait_for_addresses(PODS)
        upgrade = cafe.start("upgrade", "gated", "--image", "main=app:v2", "--yes")
        wait_for(lambda: killing(client, "gated"), "a pod whose old container is being killed")
        back = cafe("rollback", "gated", "--yes", "--detach")
        ended = upgrade.wait()
        assert back.code == 0, back.out + back.err
        assert ended.code == 4, ended.out + ended.err
        asking.wait_for_addresses(PODS)
        asking.wait_for_requests(20)
        tally = asking.tally()
    after = pods("gated")

    assert tally.failures == ()
    assert {p.identity for p in after.values()} == {p.identity for p in before.values()}
    assert {p.main.image for p in after.values()} == {"docker.io/library/app:v1"}
    assert sorted(p.main.restarts for p in after.values()) == [0, 0, 0, 2]


def killing(client: Client, name: str) -> bool:
    """Whether a pod has been given another image and has not begun to run it."""
    return any(
        pod["metadata"]["generation"] > 1
        and pod["status"].get("observedGeneration") == pod["metadata"]["generation"]
        and sighting(pod).containers["main"].restarts == 0
        for pod in client.list("pods", f"app={name}")
    )

"""When a container counts as upgraded: neither strings nor digests say so alone (C1 to C7, C14)."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from testbed.puppet import Container, Puppet, image_id
from tests.integration.shop import NAME, Shop, image, name, phase, ready, status
from tests.integration.stage import A_WHILE, Stage, gate

DIGEST = "sha256:" + "7e" * 32
OTHER = "sha256:" + "d1" * 32


@pytest.mark.parametrize("mode", ["gate", "label", "none"])
def test_c1_a_new_tag_of_a_new_digest_restarts_each_pod_once(shop: Shop, mode: str) -> None:
    pods = shop.born(3, mode, containers={"main": "app:v1", "side": "side:v1"})
    uids = [pod["metadata"]["uid"] for pod in pods]
    before = status(pods[0])["imageID"]

    assert shop.upgrade("app:v2").code == 0

    after = shop.pods()
    assert [pod["metadata"]["uid"] for pod in after] == uids
    assert [status(pod)["restartCount"] for pod in after] == [1, 1, 1]
    assert {status(pod)["imageID"] for pod in after} == {image_id("app:v2")}
    assert image_id("app:v2") != before


@pytest.mark.guard("image-id-need-not-change")
@pytest.mark.parametrize("mode", ["gate", "label", "none"])
@pytest.mark.parametrize("impolite", ["false", "true"])
def test_c2_a_new_tag_of_the_same_digest_completes_after_its_restart(
    shop: Shop, mode: str, impolite: str
) -> None:
    (pod,) = shop.born(1, mode, notes={"testbed.cafe/impolite": impolite})
    assert shop.upgrade("app:v2").code == 0
    digest = status(shop.pods()[0])["imageID"]

    assert shop.upgrade("app:v2-alias").code == 0

    (after,) = shop.pods()
    assert (name(after), image(after)) == (name(pod), "app:v2-alias")
    assert (status(after)["restartCount"], status(after)["imageID"]) == (2, digest)


@pytest.mark.guard("recorded-container-never-settles")
def test_c2_an_image_id_that_is_the_targets_already_completes_nothing(stage: Stage) -> None:
    stage.born("app:v2")
    running = stage.patched("app:v2-alias")

    stage.show(Container("app:v2"), seen=2)
    stage.stays()
    for _ in range(2):  # The second time it would quote whatever the gate says then.
        stage.show(Container("app:v2-alias"), seen=2)
        stage.stays()
    stage.show(Container("app:v2-alias", run=1))

    assert stage.settled(running).code == 0


@pytest.mark.parametrize("shown", ["app:v2", "app:third"], ids=["the old tag", "a third tag"])
def test_c3_a_status_that_names_another_tag_of_the_digest_completes(
    stage: Stage, shown: str
) -> None:
    """A runtime shows whichever of an image's names it likes."""
    stage.born("app:v2")
    running = stage.patched("app:v2-alias")
    stage.show(Container("app:v2"), seen=2)

    stage.show(Container(shown, run=1, image_id=image_id("app:v2")))

    assert stage.settled(running).code == 0
    assert stage.shop.state() == "Completed"


@pytest.mark.guard("image-id-need-not-change")
def test_c4_a_longer_name_of_the_same_image_restarts_and_completes(stage: Stage) -> None:
    stage.born("nginx:alpine")
    same = image_id("nginx:alpine")
    target = "docker.io/library/nginx:alpine"
    running = stage.patched(target)
    stage.show(Container(target, image_id=same), seen=2)
    stage.stays()

    stage.show(Container(target, run=1, image_id=same))

    assert stage.settled(running).code == 0
    assert image(stage.pod()) == target


def test_c5_back_to_an_image_without_a_tag_within_the_drain_restarts_nothing(shop: Shop) -> None:
    (pod,) = shop.born(1, containers={"main": "nginx"}, drainSeconds=30)
    running = shop.start("nginx:stable")
    shop.until_pod(lambda pod: phase(pod) == "drained", "the pod to be drained")

    assert shop.cafe("rollback", NAME, "--yes", "--detach").code == 0

    assert "RolledBack" in running.wait().err
    (after,) = shop.pods()
    assert (image(after), ready(after)) == ("nginx", True)
    assert status(after)["containerID"] == status(pod)["containerID"]


def test_c5_there_and_back_again_completes(shop: Shop) -> None:
    shop.born(1, containers={"main": "nginx"})
    assert shop.upgrade("nginx:stable").code == 0

    assert shop.cafe("rollback", NAME, "--yes").code == 0

    (after,) = shop.pods()
    assert (image(after), status(after)["restartCount"]) == ("nginx", 2)


@pytest.mark.guard("a-moving-tag-is-reported")
def test_c5_a_registrys_port_is_no_tag(shop: Shop) -> None:
    """Without a tag it means `latest`: people are told that such a tag moves."""
    shop.born(1, containers={"main": "registry.example:5000/app:v1"})

    done = shop.upgrade("registry.example:5000/app")

    assert (done.code, shop.images()) == (0, ["registry.example:5000/app"])
    assert "usually moves" in done.err


@pytest.mark.parametrize("scheme", ["docker.io/library/app@", "docker-pullable://app@", ""])
def test_c6_a_pinned_digest_completes_whatever_name_the_status_shows(
    stage: Stage, scheme: str
) -> None:
    stage.born()
    running = stage.patched(f"app@{DIGEST}")
    stage.show(Container("app:v1"), seen=2)

    stage.show(Container("app:v2", run=1, image_id=f"{scheme}{DIGEST}"))

    assert stage.settled(running).code == 0
    assert "contradicts" not in stage.shop.cafe("status", NAME).out


@pytest.mark.guard("another-digest-is-reported")
def test_c6_another_digest_than_the_pinned_one_is_told(stage: Stage) -> None:
    stage.born()
    running = stage.patched(f"app@{DIGEST}")
    stage.show(Container("app:v1"), seen=2)

    stage.show(Container("app:v2", run=1, image_id=f"docker.io/library/app@{OTHER}"))
    stage.settled(running)

    assert "imageID contradicts the pinned digest" in stage.shop.cafe("status", NAME).out


@pytest.mark.guard("a-moving-tag-is-reported")
@pytest.mark.parametrize(("target", "told"), [("app:latest", True), ("app:v1.2.3", False)])
def test_c7_the_target_that_is_there_already_costs_no_write_and_a_moving_tag_is_told(
    shop: Shop, target: str, told: bool
) -> None:
    shop.born(2, containers={"main": target})
    before = len(shop.writes())

    done = shop.upgrade(target)

    assert (done.code, len(shop.writes())) == (0, before)
    assert "already at the target" in done.err
    assert ("usually moves" in done.err) is told


@pytest.mark.guard("a-new-pod-is-opened-when-it-runs")
def test_c14_a_new_pod_without_any_status_is_waited_for(
    shop: Shop, puppet: Callable[..., Puppet]
) -> None:
    stage = Stage(shop, puppet())
    shop.make(1, pod=stage.kubelet.place({}), needWaitingForConfirm=False)
    running = shop.start("")
    (pod,) = stage.kubelet.wait_for_pods(shop.client.namespace or "", 1)
    assert "containerStatuses" not in pod["status"]
    time.sleep(A_WHILE)
    assert (gate(stage.pod()), running.running()) == ("", True)

    stage.kubelet.run(pod)

    assert stage.settled(running).code == 0


def test_c14_a_replacement_without_any_status_in_the_middle_of_an_upgrade_is_waited_for(
    stage: Stage,
) -> None:
    """It is born old, opened once it runs, and upgraded as any other."""
    stage.born()
    running = stage.patched("app:v2")
    stage.shop.client.delete("pods", name(stage.pod()))
    made = stage.until(lambda pod: image(pod) == "app:v1", "a replacement")
    assert running.running()

    stage.kubelet.run(made)
    stage.opened()
    stage.drained()
    stage.until(lambda pod: image(pod) == "app:v2", "the replacement to be patched")
    stage.show(Container("app:v1"), seen=2)
    stage.show(replace(Container("app:v2"), run=1))

    assert stage.settled(running).code == 0
    assert status(stage.pod())["restartCount"] == 1

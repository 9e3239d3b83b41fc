"""Words of kubelets, schedulers and simulators that are on no list (protocol 5, 6)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from testbed.puppet import Container, Ready
from tests.integration.rows import ways
from tests.integration.shop import NAME, Shop, image
from tests.integration.stage import QUOTE, Stage, gate

V1, V2 = Container("app:v1"), Container("app:v2", run=1)


def row(shop: Shop) -> Any:
    """The pod's row in `status`."""
    (pod,) = shop.cafe("status", NAME, "-o", "json").document()["pods"]
    return pod


def test_a_reason_on_no_list_fails_the_group_and_the_way_back_reaches_the_pod(
    stage: Stage,
) -> None:
    """It is shown with its message from the first moment on."""
    stage.born()
    stage.shop.edit({"strategy": {"onFailure": "Rollback"}})
    running = stage.patched("app:v2")
    stage.show(V1, seen=2)
    why = ("RegistryUnavailable", "the registry does not answer")
    stage.show(replace(V1, waiting=why, ready=False))

    said = "container main: RegistryUnavailable: the registry does not answer"
    assert row(stage.shop)["trouble"] == said
    stage.until(lambda pod: image(pod) == "app:v1", "the image to be patched back")
    stage.show(replace(V1, waiting=why, ready=False), seen=3)
    stage.show(replace(V1, run=2))

    done = stage.settled(running)
    assert (done.code, stage.shop.state()) == (4, "RolledBack")
    assert ("Failed", "rollback", "RollingBack") in ways.moves(stage.shop)
    assert "main: RegistryUnavailable: the registry does not answer" in done.err


def test_after_the_deadline_a_rollback_reaches_a_container_that_is_being_created(
    stage: Stage,
) -> None:
    """Its volumes are never mounted, say: the kubelet has no reason to give."""
    stage.born(terminationGracePeriodSeconds=1)
    stage.shop.edit({"strategy": {"progressDeadlineSeconds": 8}})
    running = stage.patched("app:v2")
    stage.show(V1, seen=2)
    creating = replace(V1, waiting=("ContainerCreating", ""), ready=False)
    stage.show(creating)
    assert stage.ended(running).code == 4

    back = stage.shop.cafe.start("rollback", NAME, "--yes")
    stage.until(lambda pod: image(pod) == "app:v1", "the image to be patched back")
    stage.show(creating, seen=3)
    stage.show(replace(V1, run=2))

    assert stage.settled(back).code == 0
    assert stage.shop.state() == "RolledBack"


def test_a_pod_without_a_node_is_unschedulable_in_the_schedulers_words(shop: Shop) -> None:
    nowhere = {"nodeSelector": {"nowhere": "at-all"}}
    shop.make(1, "gate", pod=nowhere, progressDeadlineSeconds=4)

    done = shop.upgrade()

    assert (done.code, shop.state()) == (4, "Failed")
    assert ": unschedulable: 0/" in done.err
    assert row(shop)["trouble"].startswith("unschedulable: 0/")


def test_a_pod_that_waits_for_its_verification_is_not_restarting(stage: Stage) -> None:
    """`status` did not see the new container appear; the driver did. Its grace period is 0 s."""
    stage.born()
    running = stage.patched("app:v2")
    stage.show(V1, seen=2)
    stage.show(replace(V2, ready=False))

    shown = stage.shop.cafe("status", NAME).out

    assert "verifying (at most 12s more): web-" in shown
    assert "restarting" not in shown
    stage.show(V2)
    assert stage.settled(running).code == 0


def test_a_gate_that_is_quoted_under_another_reason_is_acknowledged(stage: Stage) -> None:
    """A virtual kubelet's words: the node is not lost, and the release goes on."""
    stage.born()
    running = stage.shop.start("app:v2")
    drained = Ready("False", "GateClosed", QUOTE % "False")
    stage.until(lambda pod: gate(pod) == "False", "the gate to be closed")
    stage.show(ready=drained)

    stage.until(lambda pod: image(pod) == "app:v2", "the image to be patched")
    stage.show(V1, seen=2, ready=drained)
    assert "lost" not in stage.shop.cafe("status", NAME).out
    stage.show(V2, ready=drained)
    assert stage.settled(running).code == 0


def test_a_node_that_is_ready_is_not_lost_whatever_ready_says(stage: Stage) -> None:
    stage.born()
    stage.show(ready=Ready("False"))
    assert "node lost" not in stage.shop.cafe("status", NAME).out

    stage.kubelet.lose()

    assert "node lost" in stage.shop.cafe("status", NAME).out

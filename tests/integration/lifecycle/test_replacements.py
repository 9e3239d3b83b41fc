"""Pods that are deleted and born while a release is under way (protocol 7, 10)."""

from __future__ import annotations

from collections import Counter

import pytest

from testbed.faults import Fault, Request
from testbed.proxy import FaultProxy
from testbed.waiting import wait_for
from tests.integration.rows import ways
from tests.integration.shop import NAME, Shop, confirm, image, name, phase, ready, status, waiting


def test_c45_a_pod_that_is_deleted_in_the_middle_is_planned_anew_by_its_own_image(
    shop: Shop,
) -> None:
    doomed, _ = shop.born(2, "gate")
    ways.annotate_pod(shop, doomed, {ways.KILL: ways.LONG})
    running = shop.start("app:v2")
    shop.until_pod(
        lambda pod: pod["metadata"]["uid"] == doomed["metadata"]["uid"] and phase(pod) == "patched",
        "the pod to be patched",
    )

    ways.kill(shop, doomed)

    assert running.wait().code == 0
    assert [(image(pod), phase(pod), ready(pod)) for pod in shop.pods()] == [
        ("app:v2", "finished", True)
    ] * 2
    (born,) = [pod for pod in shop.pods() if name(pod) != name(doomed)][-1:]
    assert status(born)["restartCount"] == 1


def test_c46_a_replacement_that_is_born_old_after_its_batch_is_picked_up(shop: Shop) -> None:
    ways.awaiting_confirm(shop)
    ways.kill(shop, next(pod for pod in shop.pods() if image(pod) == "app:v2"))
    assert shop.images() == ["app:v1", "app:v1"]

    while confirm(shop) == 3:
        pass

    assert (shop.state(), shop.images()) == ("Completed", ["app:v2", "app:v2"])


@pytest.mark.parametrize("verb", ["upgrade", "rollback"])
def test_c46_c89_a_pod_that_is_born_of_the_other_template_at_the_commit_is_found(
    shop: Shop, proxy: FaultProxy, verb: str
) -> None:
    """One is deleted directly before the commit's PATCH arrives."""
    shop.born(2, "label")
    if verb == "rollback":
        assert shop.upgrade("app:v2").code == 0
    killed: list[str] = []

    def kill(_: Request) -> None:
        ways.kill(shop, shop.pods()[0])
        killed.append(image(shop.pods()[-1]))

    proxy.on(is_commit, Fault(before=kill), times=1)
    cafe = shop.cafe.at(proxy.kubeconfig)
    words = ("upgrade", NAME, "--yes", "--image", "main=app:v2")

    done = cafe(*words) if verb == "upgrade" else cafe("rollback", NAME, "--yes")

    assert (done.code, len(killed)) == (0, 1)
    goal = "app:v2" if verb == "upgrade" else "app:v1"
    assert [(image(pod), ready(pod)) for pod in shop.pods()] == [(goal, True)] * 2


def is_commit(request: Request) -> bool:
    """Whether it writes a workload's template, and no trial of it in a dry run."""
    return (
        bool(request.write)
        and request.method == "PATCH"
        and "/replicasets/" in request.path
        and "template" in request.json.get("spec", {})
    )


def test_c51_pods_of_a_workload_that_another_client_scales_up_are_upgraded_with_the_last_group(
    shop: Shop,
) -> None:
    waiting(shop)
    scale(shop, 4)
    shop.until_pod(lambda _: len(shop.pods()) == 4, "the fourth pod")
    assert "the workloads were scaled (all: 4)" in shop.cafe("status", NAME).out

    assert confirm(shop) == 3
    assert Counter(shop.images()) == {"app:v1": 2, "app:v2": 2}
    assert confirm(shop) == 0

    assert shop.images() == ["app:v2"] * 4


def test_c52_a_group_completes_on_what_exists_when_another_client_scales_down(shop: Shop) -> None:
    waiting(shop)
    scale(shop, 1)
    shop.until_pod(lambda _: len(shop.pods()) == 1, "one pod to be left")

    while confirm(shop) == 3:
        pass

    assert (shop.state(), shop.images()) == ("Completed", ["app:v2"])


def test_c53_a_scale_down_takes_the_upgraded_pod_which_is_said_and_the_release_completes(
    shop: Shop,
) -> None:
    """Freshly ready and restarted: a ReplicaSet takes exactly the one that showed the version."""
    waiting(shop)
    assert shop.images().count("app:v2") == 1
    scale(shop, 2)
    wait_for(lambda: shop.images() == ["app:v1"] * 2, "the upgraded pod to be taken")
    assert (
        "a scale-down deletes the most recently upgraded pods first"
        in shop.cafe("status", NAME).out
    )

    while confirm(shop) == 3:
        pass

    assert (shop.state(), shop.images()) == ("Completed", ["app:v2"] * 2)


def scale(shop: Shop, replicas: int) -> None:
    """`kubectl scale rs` of another client."""
    (workload,) = shop.client.list("apps/v1/replicasets")
    shop.client.patch("apps/v1/replicasets", name(workload), {"spec": {"replicas": replicas}})

"""What another client takes away: pods by their labels, ReplicaSets, the resource (protocol 7)."""

from __future__ import annotations

import pytest

from testbed.client import MERGE, Object
from testbed.waiting import wait_for
from tests.integration.rows import ways
from tests.integration.shop import (
    CAFED,
    CELL,
    NAME,
    REPLICASETS,
    TWO_CELLS,
    Shop,
    confirm,
    image,
    name,
    phase,
    ready,
)

ORPHAN = {"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": "Orphan"}
HELD = "example.com/held"


def uid(pod: Object) -> str:
    return str(pod["metadata"]["uid"])


def cell(pod: Object) -> str:
    return str(pod["metadata"]["labels"][CELL])


def workloads(shop: Shop) -> dict[str, Object]:
    return {name(one): one for one in shop.client.list(REPLICASETS)}


def wishes(shop: Shop) -> dict[str, int]:
    return {known: one["spec"]["replicas"] for known, one in workloads(shop).items()}


def relabel(shop: Shop, pod: Object, value: str | None) -> None:
    shop.client.patch("pods", name(pod), {"metadata": {"labels": {"app": value}}})


def at(shop: Shop, version: str, count: int) -> None:
    """All pods run `version`, in traffic."""

    def seen() -> bool:
        pods = shop.pods()
        return [(image(p), ready(p)) for p in pods] == [(version, True)] * count

    wait_for(seen, f"{count} pods at {version} in traffic", 30)


def test_a_pod_that_loses_a_selector_label_and_gets_it_back_is_upgraded_with_the_others(
    shop: Shop,
) -> None:
    ways.awaiting_confirm(shop)
    (old,) = [pod for pod in shop.pods() if image(pod) == "app:v1"]
    running = shop.cafe.start("confirm", NAME)
    relabel(shop, old, "elsewhere")
    wait_for(lambda: shop.client.find("pods", name(old)) is not None, "the pod to be relabelled")
    relabel(shop, old, NAME)

    while running.wait().code == 3:
        running = shop.cafe.start("confirm", NAME)

    assert shop.state() == "Completed"
    at(shop, "app:v2", 2)


def test_a_replicaset_that_is_deleted_under_a_release_comes_back_with_its_pods(shop: Shop) -> None:
    shop.born(4, "gate", cells=TWO_CELLS, batchSize=2, confirm=True, maxUnavailable=2)
    assert shop.upgrade("app:v2").code == 3

    shop.client.delete(REPLICASETS, f"{NAME}-cellb")
    wait_for(lambda: len(shop.pods()) == 2, "its pods to be deleted")
    codes = [confirm(shop)]
    while codes[-1] == 3:
        codes.append(confirm(shop))

    assert (codes[-1], shop.state()) == (0, "Completed")
    assert wishes(shop) == {f"{NAME}-cella": 2, f"{NAME}-cellb": 2}
    at(shop, "app:v2", 4)


def test_a_replicaset_that_is_deleted_at_rest_is_said_to_be_gone_and_repaired(shop: Shop) -> None:
    shop.born(2, "label", cells=TWO_CELLS)
    shop.client.delete(REPLICASETS, f"{NAME}-cellb")
    wait_for(lambda: len(shop.pods()) == 1, "its pod to be deleted")

    shown = shop.cafe("status", NAME).out
    assert "the workload of cell CellB is missing (1 pod)" in shown
    assert shop.cafe("plan", NAME).code == 1
    done = shop.cafe("repair", NAME, "--yes")

    assert done.code == 0, done.err
    assert wishes(shop) == {f"{NAME}-cella": 1, f"{NAME}-cellb": 1}
    at(shop, "app:v1", 2)


def test_pods_of_a_replicaset_that_was_deleted_as_an_orphan_are_adopted_not_replaced(
    shop: Shop,
) -> None:
    born = shop.born(2, "label")
    shop.client.delete(REPLICASETS, NAME, ORPHAN)
    wait_for(lambda: not workloads(shop), "the ReplicaSet to be gone")

    done = shop.upgrade("app:v2")

    assert done.code == 0, done.err
    assert [uid(pod) for pod in shop.pods()] == [uid(pod) for pod in born]
    at(shop, "app:v2", 2)


def test_a_replicaset_without_an_owner_is_named_before_anything_is_written(shop: Shop) -> None:
    born = shop.born(2, "label")
    found = shop.client.get(REPLICASETS, NAME)
    orphaned = {"metadata": {"ownerReferences": None}}
    shop.client.patch(REPLICASETS, NAME, orphaned, kind=MERGE)
    shop.client.delete(CAFED, NAME)
    again = shop.make(2, "label")

    for verb in ("plan", "upgrade"):
        refused = shop.cafe(verb, NAME, *(["--yes"] if verb == "upgrade" else []))
        said = refused.out + refused.err
        assert (refused.code, f"ReplicaSet {NAME} exists and has no owner" in said) == (7, True)
        assert f"kubectl patch replicaset {NAME}" in said
    assert (shop.record(), [uid(p) for p in shop.pods()]) == ({}, [uid(p) for p in born])

    owner = {
        "apiVersion": again["apiVersion"],
        "kind": again["kind"],
        "name": NAME,
        "uid": again["metadata"]["uid"],
        "controller": True,
    }
    shop.client.patch(REPLICASETS, name(found), {"metadata": {"ownerReferences": [owner]}})
    unknown = shop.upgrade("app:v2")
    assert (unknown.code, "--image main=app:v1" in unknown.err) == (7, True)
    assert [shop.upgrade().code, shop.upgrade("app:v2").code] == [0, 0]
    assert [uid(pod) for pod in shop.pods()] == [uid(pod) for pod in born]


def test_pods_without_a_controller_keep_a_first_release_from_deleting_them(shop: Shop) -> None:
    shop.make(1, "label")
    meta = {"name": "stray", "labels": {"app": NAME}}
    spec = {"containers": [{"name": "main", "image": "app:v1"}]}
    shop.client.create("pods", {"metadata": meta, "spec": spec})

    refused = shop.upgrade()

    assert refused.code == 7
    assert "spec.selector matches 1 pod without a controller (stray)" in refused.err
    assert [name(pod) for pod in shop.pods()] == ["stray"]


def test_pods_of_another_controller_that_the_selector_matches_are_named_by_plan(
    shop: Shop,
) -> None:
    shop.born(1, "label")
    labels = {"app": NAME, "tier": "other"}
    spec = {
        "replicas": 1,
        "selector": {"matchLabels": {"tier": "other"}},
        "template": {
            "metadata": {"labels": labels},
            "spec": {"containers": [{"name": "main", "image": "app:v1"}]},
        },
    }
    shop.client.create(REPLICASETS, {"metadata": {"name": "other"}, "spec": spec})
    wait_for(lambda: len(shop.pods()) == 2, "the other pod")

    plan = shop.cafe("plan", NAME, "--image", "main=app:v2").out

    assert "spec.selector also matches 1 pod of other controllers (other-" in plan


@pytest.mark.parametrize("mode", ["gate", "none"])
def test_c45_a_canary_that_is_deleted_in_its_restart_is_not_confirmed_before_another_ran(
    shop: Shop, mode: str
) -> None:
    shop.born(2, mode, cells=TWO_CELLS, batchSize=1, confirm=True, maxUnavailable=1)
    for pod in shop.pods():
        ways.annotate_pod(shop, pod, {ways.KILL: ways.LONG})
    running = shop.start("app:v2")
    canary = shop.until_pod(lambda pod: phase(pod) == "patched", "a pod to be patched")

    ways.kill(shop, canary)

    assert running.wait().code == 3
    (replacement,) = [p for p in shop.pods() if cell(p) == cell(canary)]
    assert (image(replacement), ready(replacement)) == ("app:v2", True)


def test_a_resource_that_is_being_deleted_is_not_driven_on(shop: Shop) -> None:
    shop.born(2, "gate", maxUnavailable=1)
    shop.client.patch(CAFED, NAME, {"metadata": {"finalizers": [HELD]}}, kind=MERGE)
    for pod in shop.pods():
        ways.annotate_pod(shop, pod, {ways.KILL: "15000"})
    running = shop.start("app:v2")
    shop.until_pod(lambda pod: phase(pod) == "patched", "a pod to be patched")

    shop.client.delete(CAFED, NAME)
    done = running.wait()
    refused = shop.upgrade("app:v3")

    assert (done.code, refused.code) == (1, 7)
    assert "is being deleted (since" in done.err
    assert HELD in done.err
    assert sorted(shop.images()) == ["app:v1", "app:v2"]
    wait_for(lambda: all(ready(pod) for pod in shop.pods()), "the pod to be in traffic again")
    shop.client.patch(CAFED, NAME, {"metadata": {"finalizers": None}}, kind=MERGE)


def test_a_resource_that_was_replaced_by_force_is_released_once_what_it_left_is_gone(
    shop: Shop,
) -> None:
    """`kubectl replace --force`: a resource of the same name and another uid, at once."""
    shop.born(2, "label", cells=TWO_CELLS)
    shop.client.delete(CAFED, NAME)
    shop.make(2, "label", cells=TWO_CELLS)

    done = shop.upgrade()
    while done.code == 7:
        assert "ReplicaSet web-cell" in done.err
        assert "kubectl wait --for=delete replicaset/web-cell" in done.err
        assert shop.record() == {}
        done = shop.upgrade()

    assert done.code == 0, done.err
    at(shop, "app:v1", 2)

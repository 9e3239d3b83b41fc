"""Rows of protocol 10's table: pods without an unfinished record."""

from __future__ import annotations

import pytest

from tests.integration.rows import ways
from tests.integration.shop import (
    GATE,
    NAME,
    RECORD,
    Shop,
    condition,
    confirm,
    image,
    name,
    phase,
    ready,
    set_gate,
    status,
    waiting,
)


def test_candidate_is_drained_first(shop: Shop) -> None:
    """W1, and no more pods than its group has."""
    shop.born(2, "gate", batchSize=1, drainSeconds=60)
    running = shop.start("app:v2")

    shop.until_pod(lambda pod: phase(pod) == "drained", "a drained pod")

    assert sorted(phase(pod) for pod in shop.pods()) == ["", "drained"]
    assert shop.images() == ["app:v1", "app:v1"]
    running.kill9()


def test_candidate_in_mode_none_is_patched_at_once(shop: Shop) -> None:
    """W2 alone."""
    (pod,) = shop.born(1, "none")

    assert shop.upgrade("app:v2").code == 0

    assert int(shop.pods()[0]["metadata"]["generation"]) == pod["metadata"]["generation"] + 1
    assert len(shop.writes("pods")) == 1


def test_candidate_that_is_unready_comes_first_and_costs_no_budget(shop: Shop) -> None:
    """The whole one follows when it is back: one may be unavailable."""
    ways.gated(shop, 2, maxUnavailable=1)
    _, second = shop.pods()
    ways.hold(shop, second, ready=False)
    shop.until_pod(lambda pod: not ready(pod), "the pod to be unready")

    running = shop.start("app:v2")
    shop.until_pod(lambda pod: phase(pod) == "finished", "a pod to be upgraded")
    taken = [name(pod) for pod in shop.pods() if image(pod) == "app:v2"]
    ways.hold(shop, second, ready=True)

    assert (running.wait().code, taken) == (0, [name(second)])


def test_at_goal_is_available_and_costs_no_write(shop: Shop) -> None:
    ways.awaiting_confirm(shop)
    (done,) = [pod for pod in shop.pods() if image(pod) == "app:v2"]

    assert confirm(shop) == 0

    after = shop.client.get("pods", name(done))
    assert after["metadata"]["resourceVersion"] == done["metadata"]["resourceVersion"]


def test_at_goal_and_unready_is_unavailable(shop: Shop) -> None:
    """Its group is not over without it."""
    ways.gated(shop, 2)
    shop.edit({"strategy": {"batchSize": 1, "needWaitingForConfirm": True}})
    shop.edit(ways.DEADLINE)
    assert shop.upgrade("app:v2").code == 3
    (done,) = [pod for pod in shop.pods() if image(pod) == "app:v2"]
    ways.hold(shop, done, ready=False)

    assert confirm(shop) == 4

    assert "pods to become available" in shop.record()["failure"]["message"]


@pytest.mark.parametrize("mode", ["label", "gate"])
def test_at_goal_without_a_record_is_verified_and_adopted(shop: Shop, mode: str) -> None:
    """C47: somebody flips the template, and a replacement is born at the new version."""
    waiting(shop, mode)
    ways.flip_template(shop)
    ways.kill(shop, next(pod for pod in shop.pods() if image(pod) == "app:v1"))
    shop.until_pod(lambda pod: image(pod) == "app:v2" and not phase(pod), "the replacement")
    assert "created at the new version before their group" in shop.cafe("status", NAME).out

    assert confirm(shop) == 3
    assert sorted(shop.images()) == ["app:v1", "app:v2", "app:v2"]
    assert confirm(shop) == 0

    assert all(ready(pod) for pod in shop.pods())
    (adopted,) = [pod for pod in shop.pods() if not phase(pod)]
    assert status(adopted)["restartCount"] == 0


def test_new_is_opened_once_its_containers_are_ready(shop: Shop) -> None:
    shop.make(1, "gate", notes={"testbed.cafe/ready-ms": "700"})
    since = shop.now()

    assert shop.upgrade().code == 0

    seen = [
        (condition(pod, GATE).get("status", ""), condition(pod, "ContainersReady").get("status"))
        for pod in shop.history("pods", since)
    ]
    assert ("", "False") in seen
    assert ("True", "False") not in seen
    assert ("True", "True") in seen


def test_orphan_is_left_alone_and_reported(shop: Shop) -> None:
    """Traffic is off and no record says why: only `repair` opens it."""
    (pod,) = shop.born(1, "gate")
    set_gate(shop.client, pod, GATE, "False")
    shop.edit(ways.DEADLINE)

    done = shop.upgrade("app:v2")

    assert (done.code, condition(shop.pods()[0], GATE)["status"]) == (4, "False")
    assert f"pods out of traffic without a record (not touched): {name(pod)}" in done.err
    assert "orphan" in shop.cafe("status", NAME).out


def test_drift_is_left_alone_and_reported(shop: Shop) -> None:
    """C55: `kubectl set image` of another client is not overwritten."""
    shop.born(2, "label", batchSize=1, confirm=True)
    shop.edit(ways.DEADLINE)
    assert shop.upgrade("app:v2").code == 3
    (old,) = [pod for pod in shop.pods() if image(pod) == "app:v1"]
    ways.set_image(shop, old, "app:rogue")

    done = shop.cafe("confirm", NAME)

    assert (done.code, sorted(shop.images())) == (4, ["app:rogue", "app:v2"])
    assert f"pods with an image of no known revision (not touched): {name(old)}" in done.err
    assert "drift" in shop.cafe("status", NAME).out


def test_unreadable_is_left_alone_and_reported(shop: Shop) -> None:
    (pod,) = shop.born(1, "gate")
    ways.annotate_pod(shop, pod, {RECORD: "{half a record"})
    shop.edit(ways.DEADLINE)

    done = shop.upgrade("app:v2")

    assert (done.code, shop.images()) == (4, ["app:v1"])
    assert f"pods with an unreadable record (not touched): {name(pod)}" in done.err
    assert "unreadable record" in shop.cafe("status", NAME).out


def test_unlabelled_gets_labels_and_no_restart(shop: Shop) -> None:
    """It runs the goal's images already: another client was faster."""
    (pod,) = shop.born(1, "label")
    ways.set_image(shop, pod, "app:v2")
    shop.until_pod(lambda pod: status(pod)["image"].endswith("v2") and ready(pod), "its restart")
    restarts = status(shop.pods()[0])["restartCount"]

    assert shop.upgrade("app:v2").code == 0

    (after,) = shop.pods()
    assert after["metadata"]["labels"][ways.REVISION] == shop.record()["toRevision"]
    assert status(after)["restartCount"] == restarts


def test_forgotten_while_it_terminates_and_its_replacement_is_planned(shop: Shop) -> None:
    """C49."""
    leaving, _ = shop.born(2, "label", maxUnavailable=1)
    hold = {"metadata": {"finalizers": ["example.com/hold"]}}
    shop.client.patch("pods", name(leaving), hold)
    try:
        ways.kill(shop, leaving)

        assert shop.upgrade("app:v2").code == 0

        assert shop.images() == ["app:v2", "app:v2"]
        assert image(shop.client.get("pods", name(leaving))) == "app:v1"
        assert name(leaving) not in {request.name for request in shop.writes("pods")}
    finally:
        shop.client.patch("pods", name(leaving), {"metadata": {"finalizers": None}})


@pytest.mark.parametrize("over", ["Failed", "Succeeded"])
def test_forgotten_when_it_is_over_and_its_replacement_is_planned(shop: Shop, over: str) -> None:
    """C50: an evicted pod's object stays and counts for nothing."""
    gone, _ = shop.born(2, "label")
    shop.client.patch("pods", name(gone), {"status": {"phase": over}}, "status")
    shop.until_pod(lambda _: len(shop.pods()) == 3, "its replacement")

    assert shop.upgrade("app:v2").code == 0

    images = {name(pod): image(pod) for pod in shop.pods()}
    assert images.pop(name(gone)) == "app:v1"
    assert list(images.values()) == ["app:v2", "app:v2"]
    assert name(gone) not in {request.name for request in shop.writes("pods")}

"""A group that failed is named, and rollback, abort and retry lead out of it."""

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
    phase,
    ready,
    set_gate,
    status,
)


def failed(shop: Shop) -> Object:
    """Two pods of which the first can't pull its new image; the broken pod."""
    shop.born(2, "gate", batchSize=1)
    done = shop.upgrade("app:missing")
    assert (done.code, shop.state()) == (4, "Failed")
    (broken,) = [pod for pod in shop.pods() if image(pod) == "app:missing"]
    said = done.err
    assert f"{name(broken)}/main: " in said
    assert "ErrImagePull" in said or "ImagePullBackOff" in said
    assert "app:missing" in said
    assert condition(broken, GATE)["status"] != "True"
    return broken


def test_a_failed_group_is_named_and_mended_by_rollback(shop: Shop) -> None:
    broken = failed(shop)
    (whole,) = [pod for pod in shop.pods() if name(pod) != name(broken)]

    assert shop.cafe("rollback", NAME, "--yes").code == 0

    assert shop.state() == "RolledBack"
    assert shop.images() == ["app:v1", "app:v1"]
    assert all(ready(pod) for pod in shop.pods())
    after = shop.client.get("pods", name(whole))
    assert status(after)["containerID"] == status(whole)["containerID"]


@pytest.mark.guard("a-stuck-pod-may-be-changed")
def test_c75_a_failed_release_is_aborted_and_the_next_takes_every_pod_to_v3(shop: Shop) -> None:
    failed(shop)

    aborted = shop.cafe("abort", NAME)
    assert (aborted.code, shop.state()) == (0, "Aborted")
    said = shop.cafe("status", NAME)
    assert "1 pod left out of traffic" in said.out + said.err

    assert shop.upgrade("app:v3").code == 0
    assert shop.images() == ["app:v3", "app:v3"]
    assert all(ready(pod) for pod in shop.pods())
    assert {phase(pod) for pod in shop.pods()} == {"finished"}


def unready(shop: Shop) -> Object:
    """One pod whose new version never becomes Ready until somebody else's gate opens."""
    pod_spec = {"readinessGates": [{"conditionType": OTHER_GATE}]}
    shop.make(1, "gate", pod=pod_spec)
    running = shop.cafe.start("upgrade", NAME, "--yes")
    pod = shop.until_pod(lambda pod: condition(pod, GATE).get("status") == "True", "its opening")
    set_gate(shop.client, pod, OTHER_GATE, "True")
    assert running.wait().code == 0
    shop.edit({"strategy": {"progressDeadlineSeconds": 2}})
    set_gate(shop.client, pod, OTHER_GATE, "False")
    wait_for(lambda: not ready(shop.pods()[0]), "the pod to be unready")
    done = shop.upgrade("app:v2")
    assert (done.code, shop.state()) == (4, "Failed")
    assert "ProgressDeadlineExceeded" in done.err
    return shop.pods()[0]


@pytest.mark.guard("deadline-fails-the-group")
def test_c76_a_version_that_never_becomes_ready_fails_at_the_deadline_and_retry_goes_on(
    shop: Shop,
) -> None:
    pod = unready(shop)
    restarts = status(pod)["restartCount"]
    set_gate(shop.client, pod, OTHER_GATE, "True")

    assert shop.cafe("retry", NAME, seconds=SECONDS).code == 0

    assert shop.state() == "Completed"
    assert status(shop.pods()[0])["restartCount"] == restarts


def test_c76_retry_without_a_change_fails_again(shop: Shop) -> None:
    unready(shop)

    assert shop.cafe("retry", NAME, seconds=SECONDS).code == 4

    assert shop.state() == "Failed"

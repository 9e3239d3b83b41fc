"""A version that can't run: every way out works (protocol 6, 7, 9)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from testbed.puppet import Container, Puppet
from tests.integration.rows import ways
from tests.integration.shop import NAME, Shop, image, name, ready, status
from tests.integration.stage import Stage, gate

V1, V2 = Container("app:v1"), Container("app:v2", run=1)


@pytest.fixture
def stage(shop: Shop, puppet: Callable[..., Puppet]) -> Stage:
    """One pod whose kubelet is the test."""
    return Stage(shop, puppet())


def never_ready(shop: Shop, pods: int = 1, deadline: int = 4, **strategy: object) -> None:
    """Every pod of the first group is at a version that never becomes ready."""
    shop.born(pods, "gate", **strategy)
    shop.edit({"strategy": {"progressDeadlineSeconds": deadline}})
    done = shop.upgrade("app:v2-unready")
    assert (done.code, shop.state()) == (4, "Failed")
    assert "ProgressDeadlineExceeded" in done.err


def test_c35_a_good_tag_mends_a_pod_in_the_middle_of_its_update(shop: Shop) -> None:
    """It can't pull, so it is not ready: a second patch is allowed, nothing has to be deleted."""
    (before,) = shop.born(1, "gate")
    running = shop.start("app:missing")
    shop.until_pod(lambda pod: status(pod).get("state", {}).get("waiting"), "the pull to fail")
    assert shop.cafe("pause", NAME).code == 0
    assert running.wait().code == 3

    assert shop.upgrade("app:v3", "--supersede").code == 0

    (after,) = shop.pods()
    assert (image(after), ready(after)) == ("app:v3", True)
    assert after["metadata"]["uid"] == before["metadata"]["uid"]


NOT_SEEN = 15
"""A deadline for the driver that comes next: it did not see the restart of a pod that is not
ready, and 12 s without another container tell it that the restart is over (protocol 6)."""


def test_c76_rollback_out_of_a_version_that_is_never_ready(shop: Shop) -> None:
    never_ready(shop, deadline=NOT_SEEN)

    ways.carry(shop, "rollback")

    assert (shop.images(), ready(shop.pods()[0])) == (["app:v1"], True)


def test_c76_abort_out_of_a_version_that_is_never_ready(shop: Shop) -> None:
    never_ready(shop, deadline=NOT_SEEN)

    ways.carry(shop, "abort")

    assert shop.state() == "Aborted"
    assert shop.upgrade("app:v3").code == 0
    assert (shop.images(), ready(shop.pods()[0])) == (["app:v3"], True)


def test_c76_c88_supersede_over_a_broken_pod_which_is_the_group_then(shop: Shop) -> None:
    """The Beta group has one pod: the broken one, and not one more."""
    never_ready(shop, 3, upgradeType="Beta")
    (broken,) = [pod for pod in shop.pods() if image(pod) == "app:v2-unready"]
    shop.edit({"strategy": {"needWaitingForConfirm": True, "progressDeadlineSeconds": 60}})

    assert shop.upgrade("app:v3", "--supersede").code == 3

    assert Counter(shop.images()) == {"app:v1": 2, "app:v3": 1}
    after = shop.client.get("pods", name(broken))
    assert (image(after), ready(after)) == ("app:v3", True)


def test_c74_a_set_that_is_broken_as_a_whole_can_be_upgraded(shop: Shop) -> None:
    """More pods are unavailable than maxUnavailable allows: they are exempt."""
    never_ready(shop, 3)
    shop.edit({"strategy": {"maxUnavailable": 1, "progressDeadlineSeconds": 60}})

    assert shop.upgrade("app:v3", "--supersede").code == 0

    assert [(image(pod), ready(pod)) for pod in shop.pods()] == [("app:v3", True)] * 3


def test_c74_a_set_that_is_broken_as_a_whole_is_rolled_back_on_failure(shop: Shop) -> None:
    """By the driver itself; the upgrade has not reached its version all the same."""
    shop.born(3, "gate", onFailure="Rollback")
    shop.edit(ways.DEADLINE)

    done = shop.upgrade("app:v2-unready")

    assert (done.code, shop.state()) == (4, "RolledBack")
    assert ("Failed", "rollback", "RollingBack") in ways.moves(shop)
    assert [(image(pod), ready(pod)) for pod in shop.pods()] == [("app:v1", True)] * 3


def test_c38_an_old_image_that_is_gone_fails_the_rollback(stage: Stage) -> None:
    """It is surfaced, and nothing is declared rolled back."""
    main = {"name": "main", "image": "app:v1", "imagePullPolicy": "Always"}
    stage.born(containers=[main])
    running = stage.patched("app:v2")
    stage.show(V1, seen=2)
    stage.show(V2)
    assert stage.settled(running).code == 0

    back = stage.shop.cafe.start("rollback", NAME, "--yes")
    stage.drained()
    stage.until(lambda pod: image(pod) == "app:v1", "the image to be patched back")
    pull = ("ErrImagePull", 'failed to pull and unpack image "app:v1": connection refused')
    stage.show(V2, seen=3)
    stage.show(Container("app:v2", run=1, waiting=pull))

    done = stage.ended(back)
    assert (done.code, stage.shop.state()) == (4, "Failed")
    assert "connection refused" in done.err
    assert not ready(stage.pod())


def test_c41_a_node_that_dies_in_the_middle_fails_the_group_and_its_return_ends_it(
    stage: Stage,
) -> None:
    stage.born()
    stage.shop.edit(ways.DEADLINE)
    running = stage.patched("app:v2")
    stage.kubelet.lose()

    done = stage.ended(running)
    assert (done.code, stage.shop.state()) == (4, "Failed")
    assert "ProgressDeadlineExceeded" in done.err

    stage.show(V1, seen=2)
    stage.show(V2)
    again = stage.shop.cafe.start("retry", NAME)
    stage.until(lambda pod: gate(pod) == "Unknown", "an acknowledgement to be asked for")
    stage.show()
    assert stage.settled(again).code == 0
    assert (image(stage.pod()), stage.shop.state()) == ("app:v2", "Completed")

"""Rows of protocol 10's table: pods that are out of traffic and not patched yet."""

from __future__ import annotations

from collections import Counter

import pytest

from testbed.plugin import Running
from tests.integration.rows import ways
from tests.integration.shop import Shop, image, name, phase, ready, status


def draining(shop: Shop, pods: int, seconds: int, mode: str = "gate") -> Running:
    """A driver whose pods are all drained, for so long."""
    shop.born(pods, mode, drainSeconds=seconds)
    running = shop.start("app:v2")
    shop.until_pod(
        lambda _: [phase(pod) for pod in shop.pods()] == ["drained"] * pods, "drained pods"
    )
    return running


def restarts(shop: Shop) -> list[int]:
    """The restarts of every pod."""
    return [status(pod)["restartCount"] for pod in shop.pods()]


def test_drained_in_the_current_group_is_patched(shop: Shop) -> None:
    """By another driver too, which drains it again in full."""
    ways.widow(shop, draining(shop, 1, 2))

    ways.carry(shop, "drive")

    assert (shop.images(), restarts(shop)) == (["app:v2"], [1])


def test_drained_and_paused_finishes(shop: Shop) -> None:
    running = draining(shop, 1, 6)

    assert shop.cafe("pause", "web").code == 0

    assert (running.wait().code, shop.state()) == (3, "Paused")
    assert (shop.images(), phase(shop.pods()[0])) == (["app:v2"], "finished")
    assert ready(shop.pods()[0])


def test_drained_and_failed_is_reopened_without_a_restart(shop: Shop) -> None:
    running = draining(shop, 2, 60)

    ways.edit_image(shop, "app:v9")

    assert (running.wait().code, shop.state()) == (4, "Failed")
    assert [ready(pod) for pod in shop.pods()] == [True, True]
    assert (shop.images(), restarts(shop)) == (["app:v1", "app:v1"], [0, 0])


@pytest.mark.parametrize("mode", ["gate", "label"])
def test_drained_and_aborting_is_reopened_without_a_restart(shop: Shop, mode: str) -> None:
    ways.widow(shop, draining(shop, 1, 60, mode))

    ways.carry(shop, "abort")

    assert ready(shop.pods()[0])
    assert (shop.images(), restarts(shop)) == (["app:v1"], [0])


def test_drained_and_rolled_back_is_reopened_without_a_restart(shop: Shop) -> None:
    """C59: it is at the goal already."""
    ways.widow(shop, draining(shop, 1, 60))

    ways.carry(shop, "rollback")

    assert ready(shop.pods()[0])
    assert (shop.images(), restarts(shop)) == (["app:v1"], [0])


def test_drained_by_an_earlier_release_goes_on_under_this_ones_id(shop: Shop) -> None:
    ways.widow(shop, draining(shop, 1, 2))
    assert shop.cafe("pause", "web").code == 0

    assert shop.upgrade("app:v3", "--supersede").code == 0

    assert (shop.images(), restarts(shop)) == (["app:v3"], [1])


def test_drained_by_an_earlier_release_and_not_in_the_group_is_reopened(shop: Shop) -> None:
    """Two were drained; the release that takes their place has one of them in its group."""
    ways.widow(shop, draining(shop, 2, 2))
    assert shop.cafe("pause", "web").code == 0
    shop.edit({"strategy": {"batchSize": 1, "needWaitingForConfirm": True}})

    assert shop.upgrade("app:v3", "--supersede").code == 3

    assert Counter(shop.images()) == {"app:v1": 1, "app:v3": 1}
    assert [ready(pod) for pod in shop.pods()] == [True, True]
    assert sorted(restarts(shop)) == [0, 1]


def test_drained_and_its_place_is_taken_is_reopened(shop: Shop) -> None:
    """C48: a replacement that is born at the new version fills the group."""
    shop.born(2, "label", batchSize=1, drainSeconds=6, confirm=True)
    running = shop.start("app:v2")
    half = shop.until_pod(lambda pod: phase(pod) == "drained", "a drained pod")
    ways.flip_template(shop)
    ways.kill(shop, next(pod for pod in shop.pods() if name(pod) != name(half)))

    assert running.wait().code == 3

    after = shop.client.get("pods", name(half))
    assert (image(after), ready(after), status(after)["restartCount"]) == ("app:v1", True, 0)
    assert Counter(shop.images()) == {"app:v1": 1, "app:v2": 1}

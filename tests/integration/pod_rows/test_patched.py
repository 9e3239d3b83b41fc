"""Rows of protocol 10's table: pods whose image patch is out."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from testbed.client import Object
from testbed.plugin import Running
from tests.integration.rows import ways
from tests.integration.shop import GATE, NAME, RECORD, Shop, condition, image, name, phase, ready

BACK = ("rollback", NAME, "--yes")
OVER = ("upgrade", NAME, "--yes", "--supersede", "--image", "main=app:v3")


def restarting(shop: Shop, milliseconds: int = 2500) -> Running:
    """A driver whose only pod restarts into v2, for so long."""
    shop.born(1, "gate", notes={ways.KILL: str(milliseconds)})
    running = shop.start("app:v2")
    shop.until_pod(lambda pod: phase(pod) == "patched", "a patched pod")
    return running


def closed(pod: Object) -> bool:
    """Whether its gate is not open."""
    return bool(condition(pod, GATE)["status"] != "True")


def test_patched_to_the_goal_and_done_is_opened(shop: Shop) -> None:
    ways.widow(shop, restarting(shop))

    ways.carry(shop, "drive")

    (pod,) = shop.pods()
    assert (image(pod), phase(pod), ready(pod)) == ("app:v2", "finished", True)


def test_patched_to_the_goal_and_not_done_in_time_fails_its_group(shop: Shop) -> None:
    """It stays out of traffic."""
    shop.born(1, "gate")
    shop.edit(ways.DEADLINE)

    done = shop.upgrade("app:v2-unready")

    (pod,) = shop.pods()
    assert (done.code, shop.state(), phase(pod), closed(pod)) == (4, "Failed", "patched", True)


@pytest.mark.parametrize(("verb", "goal"), [(BACK, "app:v1"), (OVER, "app:v3")])
def test_patched_elsewhere_is_patched_again_under_the_same_drain(
    shop: Shop, verb: Sequence[str], goal: str
) -> None:
    """C59, C60: by another driver, under this release's id, and opened once."""
    ways.widow(shop, restarting(shop))
    (pod,), since = shop.pods(), shop.now()
    assert shop.cafe("pause", NAME).code == 0

    done = shop.cafe(*verb)

    assert done.code == 0, done.err
    seen = [(image(one), closed(one)) for one in [pod, *shop.history("pods", since)]]
    steps = [one for place, one in enumerate(seen) if place == 0 or one != seen[place - 1]]
    assert steps == [("app:v2", True), (goal, True), (goal, False)]
    assert shop.record()["id"] in shop.pods()[0]["metadata"]["annotations"][RECORD]


def test_patched_and_aborting_is_opened_when_it_is_done(shop: Shop) -> None:
    running = restarting(shop, 6000)

    ways.say(shop, "abort")
    running.wait()

    (pod,) = shop.pods()
    assert (shop.state(), image(pod), ready(pod)) == ("Aborted", "app:v2", True)


def test_patched_and_aborting_is_listed_when_it_is_settled_and_not_ready_in_time(
    shop: Shop,
) -> None:
    """The driver that saw the restart knows that it is over."""
    shop.born(1, "gate")
    shop.edit(ways.DEADLINE)
    running = shop.start("app:v2-unready")
    shop.until_pod(lambda pod: phase(pod) == "patched", "a patched pod")

    ways.say(shop, "abort")
    done = running.wait()

    (pod,) = shop.pods()
    assert (shop.state(), closed(pod)) == ("Aborted", True)
    assert f"1 pod left out of traffic: {name(pod)}" in done.err

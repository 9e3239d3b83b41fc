"""How a release gets into each state, in few words, and what moves it has made (protocol 9).

Most states are reached by verbs that record alone (--detach): no driver, no waiting.
"""

from __future__ import annotations

from itertools import pairwise

from testbed.client import JSON, Object
from testbed.plugin import Outcome
from tests.integration.shop import CAFED, NAME, Shop, phase

KILL = "testbed.cafe/kill-ms"
LONG = "60000"
"""Milliseconds of a restart that no test waits for."""
DEADLINE = {"strategy": {"progressDeadlineSeconds": 4}}
Move = tuple[str, str, str]
"""From, trigger, to."""


def moves(shop: Shop) -> list[Move]:
    """The moves in the journal of the release; its first one comes from an empty state."""
    journal = [("", ""), *((e["trigger"], e["state"]) for e in shop.record()["journal"])]
    return [(before[1], trigger, state) for before, (trigger, state) in pairwise(journal)]


def began(shop: Shop) -> tuple[str, str]:
    """The first move of the release: its trigger and its state."""
    return moves(shop)[0][1:]


def say(shop: Shop, *words: str) -> Outcome:
    """`VERB web --detach`: recorded, not driven; it has to be taken."""
    verb, *more = words
    done = shop.cafe(verb, NAME, "--detach", *more)
    assert done.code == 0, done.err
    return done


def carry(shop: Shop, *words: str, code: int = 0) -> Outcome:
    """`VERB web`, driven until it ends or waits."""
    verb, *more = words
    done = shop.cafe(verb, NAME, *more)
    assert done.code == code, done.err
    return done


def release(shop: Shop, image: str = "app:v2", *more: str) -> None:
    """A release of another image, recorded and not driven."""
    done = shop.upgrade(image, "--detach", *more)
    assert done.code == 0, done.err


def edit_image(shop: Shop, image: str) -> Object:
    """`kubectl edit` of the template's image."""
    change = {"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": image}
    return shop.client.patch(CAFED, NAME, [change], kind=JSON)


# The states


def progressing(shop: Shop, pods: int = 1) -> None:
    """On its way from v1 to v2; nobody drives, no pod has been touched."""
    shop.born(pods, "label", batchSize=1)
    release(shop)


def awaiting_confirm(shop: Shop) -> None:
    """The first of two pods is at v2; the second waits for a person."""
    shop.born(2, "label", batchSize=1, confirm=True)
    assert shop.upgrade("app:v2").code == 3


def paused(shop: Shop) -> None:
    """Paused by a verb before its first pod."""
    progressing(shop)
    assert shop.cafe("pause", NAME).code == 0


def rolling_back(shop: Shop) -> None:
    """On its way back to v1; nobody drives."""
    progressing(shop)
    say(shop, "rollback")


def aborting(shop: Shop) -> None:
    """About to end; nobody drives."""
    progressing(shop)
    say(shop, "abort")


def failed(shop: Shop) -> None:
    """Its only pod is never ready at v2: it stays out of traffic."""
    shop.born(1, "label")
    shop.edit(DEADLINE)
    assert shop.upgrade("app:v2-unready").code == 4


def completed(shop: Shop) -> None:
    """Every pod is at v2."""
    shop.born(1, "label")
    assert shop.upgrade("app:v2").code == 0


def rolled_back(shop: Shop) -> None:
    """From v1 to v2 and v3, and back to v2."""
    completed(shop)
    release(shop, "app:v3")
    carry(shop, "rollback")


def aborted(shop: Shop) -> None:
    """Ended before its first pod."""
    progressing(shop)
    carry(shop, "abort")


def rollback_failed(shop: Shop) -> None:
    """The way back to v1 takes its pod longer than the deadline allows."""
    shop.born(1, "label")
    shop.edit(DEADLINE)
    assert shop.upgrade("app:v2").code == 0
    (pod,) = shop.pods()
    slow = {"metadata": {"annotations": {KILL: LONG}}}
    shop.client.patch("pods", pod["metadata"]["name"], slow)
    carry(shop, "rollback", code=4)


def abort_failed(shop: Shop) -> None:
    """An abort waited in vain for the restart of the pod in flight."""
    shop.born(1, "label", notes={KILL: LONG})
    shop.edit(DEADLINE)
    running = shop.start("app:v2")
    shop.until_pod(lambda pod: phase(pod) == "patched", "a patched pod")
    say(shop, "abort")
    assert running.wait().code == 4

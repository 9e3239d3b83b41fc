"""Pods whose restart takes a while, so that something can be done to their driver meanwhile."""

from __future__ import annotations

from testbed.plugin import Running
from testbed.waiting import wait_for
from tests.integration.shop import Shop, phase, status

KILL = "testbed.cafe/kill-ms"
"""The annotation that says how long a restart takes, in ms."""


def in_the_middle(shop: Shop, seconds: int, pods: int = 1) -> Running:
    """A driver whose pods, all of them, are restarting for so long."""
    shop.born(pods, notes={KILL: f"{seconds}000"})
    running = shop.start("app:v2")
    wait_for(
        lambda: [phase(pod) for pod in shop.pods()] == ["patched"] * pods, "the pods to be patched"
    )
    return running


def restarts(shop: Shop) -> list[int]:
    """How often each pod's container was restarted."""
    return [status(pod)["restartCount"] for pod in shop.pods()]

"""Nodes whose clocks are off: minReadySeconds and deadlines go by the server's (protocol 4, 7)."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from kubectl_cafe.times import seconds
from testbed.puppet import Container, Puppet
from tests.integration.crew import Crew
from tests.integration.shop import NAME, Shop, name, phase
from tests.integration.stage import Stage

V1, V2, AGAIN = Container("app:v1"), Container("app:v2", run=1), Container("app:v2", run=2)
OOM = Container("app:v2", run=1, terminated=137)
OFF = pytest.mark.parametrize("skew", [600, -600], ids=["ahead", "behind"])
ROUNDED = 1
"""Times in objects are whole seconds."""


@OFF
def test_c63_min_ready_seconds_end_whatever_the_nodes_clock_says(stage: Stage, skew: int) -> None:
    stage.kubelet.skew = skew
    stage.born()
    stage.shop.edit({"strategy": {"minReadySeconds": 3}})
    running = stage.patched("app:v2")
    stage.show(V1, seen=2)
    stage.show(V2)
    stage.opened()
    opened = time.time()

    assert stage.ended(running).code == 0
    assert seconds(stage.shop.record()["since"]) + ROUNDED >= opened + 3
    (pod,) = stage.shop.cafe("status", NAME, "-o", "json").document()["pods"]
    assert pod["available"]


@OFF
def test_c39_a_restart_begins_them_anew_whatever_the_nodes_clock_says(
    stage: Stage, skew: int
) -> None:
    stage.kubelet.skew = skew
    stage.born()
    stage.shop.edit({"strategy": {"minReadySeconds": 5}})
    running = stage.patched("app:v2")
    stage.show(V1, seen=2)
    stage.show(V2)
    stage.opened()

    time.sleep(2)  # Of its minReadySeconds.
    stage.show(OOM)
    time.sleep(ROUNDED)
    stage.show(AGAIN)
    again = time.time()

    assert stage.ended(running).code == 0
    assert seconds(stage.shop.record()["since"]) + ROUNDED >= again + 5


def test_c43_a_group_fails_at_its_deadline_although_a_nodes_clock_is_ahead(
    shop: Shop, puppet: Callable[..., Puppet]
) -> None:
    """One of two pods is done, by a clock ten minutes ahead; the other acknowledges nothing."""
    at = Crew(shop, [puppet()])
    at.kubelets[0].skew = 600
    at.born(2, maxUnavailable=1)
    shop.edit({"strategy": {"minReadySeconds": 2, "progressDeadlineSeconds": 6}})
    running = shop.start("app:v2")
    first = at.upgraded(at.taken())
    shop.until_pod(lambda p: phase(p) == "drained" and name(p) != name(first), "the other one")

    assert "ProgressDeadlineExceeded" in at.ended(running, 4)

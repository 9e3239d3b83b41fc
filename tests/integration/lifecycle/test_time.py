"""What is counted in seconds: minReadySeconds, the deadline, by whose clock (protocol 5, 7)."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path

import pytest

from kubectl_cafe.times import seconds
from testbed.puppet import Container
from tests.integration.rows import ways
from tests.integration.shop import Shop, condition, image
from tests.integration.stage import Stage

V1, V2, AGAIN = Container("app:v1"), Container("app:v2", run=1), Container("app:v2", run=2)
OOM = Container("app:v2", run=1, terminated=137)
ROUNDED = 1
"""Times in objects are whole seconds."""


@pytest.mark.guard("min-ready-begins-anew")
def test_c39_a_restart_of_the_new_container_begins_min_ready_seconds_anew(stage: Stage) -> None:
    """It ran out of memory: no update of its own, nothing is written of it."""
    stage.born()
    stage.shop.edit({"strategy": {"minReadySeconds": 4}})
    before = len(stage.shop.writes("pods"))
    running = stage.patched("app:v2")
    stage.show(V1, seen=2)
    stage.show(V2)
    stage.opened()

    time.sleep(3)  # Of its minReadySeconds.
    stage.show(OOM)
    time.sleep(ROUNDED)  # So that Ready's times differ.
    ready = condition(stage.show(AGAIN))

    assert stage.ended(running).code == 0
    over = seconds(stage.shop.record()["since"])
    assert over + ROUNDED >= seconds(ready["lastTransitionTime"]) + 4
    assert len(stage.shop.writes("pods")) == before + 3


SKEW = """
import time

real = time.time
time.time = lambda: real() + {seconds}
open({seen!r}, "w").close()
"""


@pytest.mark.guard("the-servers-clock-counts")
@pytest.mark.parametrize("off", [600, -600], ids=["fast", "slow"])
def test_c63_a_workstation_whose_clock_is_off_counts_by_the_servers(
    shop: Shop, tmp_path: Path, off: int
) -> None:
    seen = tmp_path / "seen"
    (tmp_path / "sitecustomize.py").write_text(SKEW.format(seconds=off, seen=str(seen)))
    path = f"{tmp_path}:{os.environ.get('PYTHONPATH', '')}".rstrip(":")
    here = replace(shop, cafe=replace(shop.cafe, env={"PYTHONPATH": path}))
    (pod,) = here.born(1, minReadySeconds=3, progressDeadlineSeconds=20)

    assert here.upgrade("app:v2").code == 0

    assert seen.exists()
    (pod,) = here.pods()
    over, ready = seconds(here.record()["since"]), seconds(condition(pod)["lastTransitionTime"])
    assert image(pod) == "app:v2"
    assert ready + 3 <= over + ROUNDED
    assert abs(over - time.time()) < 60


@pytest.mark.guard("any-progress-moves-the-deadline")
def test_c82_the_deadline_of_one_batch_counts_from_its_last_progress(shop: Shop) -> None:
    """Six waves of two, 2 s each: 12 s in which no wave takes 7."""
    shop.born(12, notes={ways.KILL: "2000"})
    shop.edit({"strategy": {"maxUnavailable": 2, "progressDeadlineSeconds": 7}})

    assert shop.upgrade("app:v2").code == 0

    record = shop.record()
    assert seconds(record["since"]) - seconds(record["started"]) > 7
    assert shop.images() == ["app:v2"] * 12

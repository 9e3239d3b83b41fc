"""A pod is done when every changed container is settled, runs and is ready (protocol 6)."""

from __future__ import annotations

import pytest

from tests.unit.builders import READY, before, container
from tests.unit.timelines import Timeline, ours, shown, status

OLD = container("C1", "app:v1")


def test_c36_a_new_container_that_is_not_ready_is_not_done() -> None:
    seen = Timeline()
    seen.show(0, shown(2, 2, "C1", "D1", "app:v2"))
    seen.show(3, status(2, 2, container("C2", "app:v2", ready=False)))
    assert not ours(seen)


def test_c18_of_two_changed_containers_one_is_not_enough() -> None:
    seen = Timeline({"main": before(), "side": before("S1", "side:v1", "S")})
    side = container("S1", "side:v2", "side", image_id="S")
    seen.show(0, status(2, 2, container("C1", "app:v2", image_id="D1"), side))
    seen.show(3, status(2, 2, container("C2", "app:v2"), side))
    assert not ours(seen)


def test_c18_of_two_changed_containers_both_are_enough() -> None:
    seen = Timeline({"main": before(), "side": before("S1", "side:v1", "S")})
    side = container("S1", "side:v2", "side", image_id="S")
    seen.show(0, status(2, 2, container("C1", "app:v2", image_id="D1"), side))
    seen.show(3, status(2, 2, container("C2", "app:v2"), container("S2", "side:v2", "side")))
    assert ours(seen)


def test_c16_an_injected_sidecar_that_is_down_does_not_hold_up_the_changed_one() -> None:
    seen = Timeline()
    side = container("S1", "mesh:1", "mesh", ready=False)
    seen.show(0, status(2, 2, container("C1", "app:v2", image_id="D1"), side))
    seen.show(3, status(2, 2, container("C2", "app:v2"), side))
    assert ours(seen)


@pytest.mark.guard("startup-probe-has-spoken")
def test_c69_with_a_startup_probe_ready_must_hold_until_the_probe_has_spoken() -> None:
    seen = Timeline()
    new = container("C2", "app:v2", startup_period=10)
    seen.show(0, shown(2, 2, "C1", "D1", "app:v2"))
    seen.show(3, status(2, 2, new))
    said = [ours(seen)]
    for seen.now in (15.9, 16.0):
        said.append(ours(seen))
    assert said == [False, False, True]


def test_c69_ready_that_the_old_container_had_does_not_count_for_the_new_one() -> None:
    seen = Timeline()
    seen.show(0, status(2, 2, container("C1", "app:v2", image_id="D1", startup_period=10)))
    seen.show(100, status(2, 2, container("C2", "app:v2", startup_period=10)))
    assert not ours(seen)


def test_c42_a_ready_pod_of_the_old_version_is_not_done() -> None:
    seen = Timeline()
    seen.show(0, status(2, 2, OLD, ready=READY))
    assert not ours(seen)

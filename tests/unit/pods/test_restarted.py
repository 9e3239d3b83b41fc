"""A container is settled when it is new since the first status of its spec (protocol 6, rule a)."""

from __future__ import annotations

import pytest

from kubectl_cafe.pods.restarted import By, Settlement
from tests.unit.builders import before, container
from tests.unit.timelines import Timeline, judged, shown, status, taken_over

# Rule a


def test_a_container_that_appears_after_the_first_status_is_settled_by_rule_a() -> None:
    seen = Timeline()
    seen.show(0, shown(2, 2, "C1", "D1", "app:v2"))
    seen.show(3, shown(2, 2, "C2", "D2", "app:v2"))
    assert judged(seen) == Settlement(By.NEW_CONTAINER)


def test_c15_a_baseline_without_an_image_id_does_not_make_the_old_container_done() -> None:
    seen = Timeline({"main": before("C1", image_id="")})
    seen.show(0, shown(2, 1, "C1", "D1", "app:v2"))
    seen.show(1, shown(2, 2, "C1", "D1", "app:v2"))
    assert judged(seen) == Settlement()


def test_c14_a_container_without_a_status_is_not_settled() -> None:
    seen = Timeline()
    seen.show(0, status(2, 2, container("", "app:v2")))
    assert judged(seen) == Settlement()


def test_a_pod_that_was_never_patched_is_what_it_was_born_as() -> None:
    seen = Timeline({"main": None})
    seen.show(0, status(1, 1, container("C9", "app:v2")))
    assert judged(seen) == Settlement(By.NEVER_PATCHED)


@pytest.mark.guard("recorded-container-never-settles")
def test_c68_the_recorded_container_never_settles_however_long_it_shows_ready() -> None:
    seen = Timeline()
    seen.show(0, shown(2, 2, "C1", "D1", "app:v2"))
    seen.now = 1e6
    assert judged(seen) == Settlement()


def test_c68_nor_does_it_where_the_server_counts_no_generations() -> None:
    seen = Timeline()
    seen.show(0, shown(0, 0, "C1", "D1", "app:v2"))
    assert judged(seen) == Settlement()


# Taking over: the first status of the generation was not seen, or already held a new one.


def test_after_a_takeover_a_new_container_in_the_first_status_is_ambiguous() -> None:
    assert judged(taken_over()) == Settlement(ambiguous=True)


def test_after_a_takeover_a_container_that_appears_later_is_settled() -> None:
    seen = taken_over("C1", "D1")
    seen.show(103, shown(2, 2, "C2", "D2", "app:v2"))
    assert judged(seen).by is By.NEW_CONTAINER


def test_a_new_generation_begins_the_first_status_anew() -> None:
    seen = taken_over("C1", "D1")
    seen.show(103, shown(2, 2, "C2", "D2", "app:v2"))
    seen.show(104, shown(3, 3, "C2", "D2", "app:v3"))
    assert judged(seen) == Settlement(ambiguous=True)

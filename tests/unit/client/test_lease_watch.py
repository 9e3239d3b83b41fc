"""A lease is judged by watching it, not by the clocks of servers."""

from __future__ import annotations

import pytest

from kubectl_cafe.client.lease_view import LeaseView, LeaseWatch, judge, micro_time
from tests.unit.client.conftest import HandClock


def held(age: float, version: str = "7") -> LeaseView:
    """A lease that is `age` seconds old by the server's clock."""
    spec = {"holderIdentity": "you", "renewTime": micro_time(1000), "leaseDurationSeconds": 30}
    return judge({"metadata": {"resourceVersion": version}, "spec": spec}, 1000 + age)


@pytest.fixture
def watch(clock: HandClock) -> LeaseWatch:
    return LeaseWatch(clock)


@pytest.mark.parametrize(
    ("age", "live", "expired"),
    [
        (-500, True, False),
        (31, True, False),
        (33, False, False),
        (331, False, False),
        (333, False, True),
    ],
)
def test_by_the_servers_clock_it_runs_out_and_is_beyond_doubt_only_minutes_later(
    age: int, live: bool, expired: bool
) -> None:
    view = held(age)
    assert (view.live, view.expired, view.age) == (live, expired, age)


@pytest.mark.parametrize("age", [-500, 0, 72])
def test_watched_it_is_live_until_it_has_not_changed_for_its_duration_and_the_margin(
    watch: LeaseWatch, clock: HandClock, age: int
) -> None:
    assert watch.saw(held(age)).seconds_left == 32
    clock.now += 31.9
    assert watch.saw(held(age)).live
    clock.now += 0.2
    assert not watch.saw(held(age)).live


def test_a_change_begins_the_watch_anew_and_shows_that_the_holder_lives(
    watch: LeaseWatch, clock: HandClock
) -> None:
    watch.saw(held(72))
    assert not watch.renewed
    clock.now += 31
    watch.saw(held(72, "8"))
    assert watch.renewed
    clock.now += 31
    assert watch.saw(held(72, "8")).live


def test_a_free_one_and_one_that_is_long_past_its_time_need_no_watching(
    watch: LeaseWatch,
) -> None:
    assert not watch.saw(judge(None, 0)).live
    assert not watch.saw(judge({"spec": {"holderIdentity": ""}}, 0)).live
    assert not watch.saw(held(333)).live

"""Durations in words. The ages are those of apimachinery's HumanDuration, at its boundaries."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_cafe.durations import DAY, HOUR, MINUTE, YEAR, age, exact, parsed, remaining, timeless

AGES = [
    (0, "0s"),
    (0.999, "0s"),
    (1, "1s"),
    (70, "70s"),
    (2 * MINUTE - 0.001, "119s"),
    (2 * MINUTE, "2m"),
    (2 * MINUTE + 1, "2m1s"),
    (190, "3m10s"),
    (10 * MINUTE - 0.001, "9m59s"),
    (10 * MINUTE, "10m"),
    (10 * MINUTE + 1, "10m"),
    (70 * MINUTE, "70m"),
    (95 * MINUTE, "95m"),
    (3 * HOUR - 0.001, "179m"),
    (3 * HOUR, "3h"),
    (3 * HOUR + MINUTE, "3h1m"),
    (5 * HOUR + 5 * MINUTE, "5h5m"),
    (8 * HOUR - 0.001, "7h59m"),
    (8 * HOUR, "8h"),
    (8 * HOUR + 59 * MINUTE, "8h"),
    (30 * HOUR, "30h"),
    (47 * HOUR, "47h"),
    (2 * DAY - 0.001, "47h"),
    (2 * DAY, "2d"),
    (2 * DAY + 59 * MINUTE, "2d"),
    (2 * DAY + HOUR, "2d1h"),
    (3 * DAY + HOUR, "3d1h"),
    (8 * DAY - 0.001, "7d23h"),
    (8 * DAY, "8d"),
    (8 * DAY + 23 * HOUR, "8d"),
    (367 * DAY, "367d"),
    (400 * DAY, "400d"),
    (2 * YEAR - 0.001, "729d"),
    (2 * YEAR, "2y"),
    (2 * YEAR + DAY - 0.001, "2y"),
    (2 * YEAR + DAY, "2y1d"),
    (3 * YEAR + 20 * DAY, "3y20d"),
    (7 * YEAR, "7y"),
    (8 * YEAR - 0.001, "7y364d"),
    (8 * YEAR, "8y"),
    (8 * YEAR + 364 * DAY, "8y"),
    (12 * YEAR, "12y"),
]


@pytest.mark.parametrize(("seconds", "shown"), AGES)
def test_an_age_is_worded_as_kubectl_words_it(seconds: float, shown: str) -> None:
    assert age(seconds) == shown


@pytest.mark.parametrize(("seconds", "shown"), [(None, "-"), (-0.5, "0s"), (-5, "0s")])
def test_an_unknown_age_is_a_dash_and_a_negative_one_is_0(
    seconds: float | None, shown: str
) -> None:
    assert age(seconds) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(-1, "0s"), (0, "0s"), (0.1, "1s"), (29.2, "30s"), (119.5, "2m"), (130.5, "2m11s")],
)
def test_what_is_left_is_0_only_when_it_is_over(seconds: float, shown: str) -> None:
    assert remaining(seconds) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0s"),
        (0.25, "250ms"),
        (1.5, "1.5s"),
        (20.0, "20s"),
        (60, "1m"),
        (90, "1m30s"),
        (600, "10m"),
        (3600, "1h"),
        (5400, "1h30m"),
        (3601.5, "1h1.5s"),
        (100_000, "27h46m40s"),
    ],
)
def test_a_limit_is_exact_and_can_be_typed(seconds: float, shown: str) -> None:
    assert exact(seconds) == shown
    assert parsed(shown) == seconds


@given(st.integers(0, 10**7))
def test_every_limit_of_whole_seconds_is_read_as_it_is_written(seconds: int) -> None:
    assert parsed(exact(seconds)) == seconds


@pytest.mark.parametrize("text", ["", "s", "5x", "1s2", "-1s", "soon", "1.5", "1 s", "m5"])
def test_another_text_is_no_duration(text: str) -> None:
    assert parsed(text) is None


@pytest.mark.parametrize(
    ("text", "without"),
    [
        ("verifying (at most 34s more): web-5s", "verifying (at most  more): web-5s"),
        ("verifying (at most 2m5s more): a", "verifying (at most  more): a"),
        ("no answer for 12s", "no answer for "),
        ("image v1.2s, 3d1h.", "image v1.2s, ."),
    ],
)
def test_a_text_is_compared_without_its_durations(text: str, without: str) -> None:
    assert timeless(text) == without

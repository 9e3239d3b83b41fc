"""The time axis of the report: in order, whole, and the waits cut short."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_cafe.printers.html.axis import APART, SHARE, SHARES, WIDTH, Axis, axis

TIMES = st.integers(0, 10**6).map(float)
BUSY = st.lists(st.tuples(TIMES, TIMES).map(sorted).map(tuple), max_size=8)


def cuts(of: Axis) -> list[tuple[float, float]]:
    return [(piece.start, piece.end) for piece in of.pieces if piece.cut]


def test_without_a_wait_the_axis_is_even() -> None:
    even = axis(100, 200, [(100, 200)])
    assert [even.place(at) for at in (100, 150, 200)] == [0, WIDTH / 2, WIDTH]


def test_where_nothing_was_busy_nothing_is_cut() -> None:
    quiet = axis(0, 1000, [])
    assert (quiet.place(500), cuts(quiet)) == (WIDTH / 2, [])


def test_a_long_wait_is_cut_to_its_share_of_the_busy_time() -> None:
    night = axis(0, 36_000, [(0, 40), (35_960, 36_000)])
    assert cuts(night) == [(40, 35_960)]
    assert night.place(35_960) - night.place(40) == pytest.approx(WIDTH * SHARE / (1 + SHARE))


def test_many_waits_together_leave_most_of_the_axis_to_the_work() -> None:
    nights = axis(0, 100_000, [(at, at + 10) for at in range(0, 100_000, 1000)])
    cut = sum(p.right - p.left for p in nights.pieces if p.cut)
    assert cut <= WIDTH * SHARES / (1 + SHARES) + 1e-6


def test_a_short_wait_is_left_as_it_is() -> None:
    assert cuts(axis(0, 100, [(0, 49), (51, 100)])) == []


def test_busy_stretches_that_overlap_are_one() -> None:
    assert cuts(axis(0, 1000, [(0, 50), (20, 90), (90, 100)])) == [(100, 1000)]


def test_what_lies_outside_of_the_axis_is_drawn_at_its_ends() -> None:
    even = axis(100, 200, [(0, 300)])
    assert (even.place(0), even.place(1000)) == (0, WIDTH)


def test_a_release_of_no_length_has_an_axis() -> None:
    assert axis(100, 100, [(100, 100)]).place(100) == 0


@given(TIMES, TIMES, BUSY)
def test_later_is_never_further_left_and_the_axis_is_whole(
    start: float, end: float, busy: list[tuple[float, float]]
) -> None:
    made = axis(start, end, busy)
    assert made.pieces[0].left == 0
    assert made.pieces[-1].right == pytest.approx(WIDTH)
    assert all(a.right == b.left and a.end == b.start for a, b in pairwise(made.pieces))
    moments = sorted({start, end, *(at for stretch in busy for at in stretch)})
    places = [made.place(at) for at in moments]
    assert all(a <= b + 1e-6 for a, b in pairwise(places))


@given(TIMES, TIMES, BUSY)
def test_labels_stand_far_enough_apart_to_be_read(
    start: float, end: float, busy: list[tuple[float, float]]
) -> None:
    places = [place for _, place in axis(start, end, busy).ticks()]
    assert places[0] == 0
    assert all(b - a >= APART for a, b in pairwise(places))

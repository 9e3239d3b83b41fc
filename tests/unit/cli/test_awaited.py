"""When plain lines say what is awaited."""

from __future__ import annotations

import pytest

from kubectl_cafe.cli.terminal.awaited import PACE, Awaited

BUDGET = "PodDisruptionBudget web to allow a disruption"
RESTARTS = "restarting: a, b"


def test_what_passes_soon_is_no_line() -> None:
    one = Awaited()
    assert [one.news([RESTARTS], 0), one.news([RESTARTS], PACE - 1)] == ["", ""]
    assert one.news([], PACE) == ""


@pytest.mark.guard("what-is-awaited-is-a-line")
def test_what_lasts_is_said_once() -> None:
    one = Awaited()
    said = [one.news([RESTARTS, BUDGET], at) for at in (0, PACE, 2 * PACE, 9 * PACE)]
    assert said == ["", f"{RESTARTS}; {BUDGET}", "", ""]


def test_every_change_is_said_and_at_most_one_in_its_pace() -> None:
    one = Awaited()
    assert one.news([RESTARTS], 0) == ""
    assert one.news([RESTARTS], PACE) == RESTARTS
    assert one.news([BUDGET], PACE + 1) == ""
    assert one.news([BUDGET], 2 * PACE) == BUDGET


def test_a_figure_that_counts_down_is_no_change() -> None:
    one = Awaited()
    said = [one.news([f"verifying (at most {34 - at}s more): a"], at) for at in (0, 5, 10, 15)]
    assert said == ["", "verifying (at most 29s more): a", "", ""]


def test_after_a_move_it_is_said_anew() -> None:
    one = Awaited()
    assert [one.news([BUDGET], at) for at in (0, PACE)] == ["", BUDGET]
    one.moved()
    assert [one.news([BUDGET], at) for at in (2 * PACE, 3 * PACE)] == ["", BUDGET]

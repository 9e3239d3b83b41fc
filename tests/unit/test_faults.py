"""tests/faults.toml fits the tree, and docs/faults.md says what it says."""

from __future__ import annotations

import pytest

from tests import faults
from tests.faults import Fault

FAULTS = faults.read()


@pytest.mark.parametrize("fault", FAULTS, ids=[fault.fault for fault in FAULTS])
def test_each_guard_of_a_fault_is_tried_by_the_search_or_test_beside_it(fault: Fault) -> None:
    assert not list(faults.wrong(fault))


def test_the_page_of_the_faults_is_current() -> None:
    """Else: make docs."""
    assert faults.PAGE.read_text(encoding="utf-8") == faults.page(FAULTS)


def test_no_fault_is_told_twice() -> None:
    told = [fault.fault for fault in FAULTS]
    assert len(told) == len(set(told))


@pytest.mark.parametrize(
    ("red", "said"),
    [
        ({}, "it names no guard"),
        ({"a-deletion-stops-its-driver": "no such search"}, "there is no search named"),
        ({"no-such-guard": "plain"}, "no guard no-such-guard is tried by plain"),
        ({"a-takeover-fences": "plain"}, "no guard a-takeover-fences is tried by plain"),
        ({"a-takeover-fences": "tests/unit/test_x.py::test_x"}, "no guard a-takeover-fences"),
    ],
)
def test_an_entry_that_names_what_is_not_there_is_wrong(red: dict[str, str], said: str) -> None:
    assert said in " ".join(faults.wrong(Fault("any", "any", red)))


def test_what_a_search_finds_stands_before_what_a_test_shows() -> None:
    red = {"one": "tests/unit/a.py::test_a", "other": "plain"}
    assert "| any | other<br>one | search: plain<br>`tests/unit/a.py::test_a` |" in faults.page(
        [Fault("Any", "any", red)]
    )

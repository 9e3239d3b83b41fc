"""The page of what was seen."""

from __future__ import annotations

from dataclasses import replace

from tests.explore.broken import Guard
from tests.explore.page import page
from tests.explore.scenario import Scenario
from tests.explore.search import Found

ONE, OTHER = Scenario("one"), Scenario("other", mode="Label")
GUARD = Guard("kept", "one", "kubectl_cafe/names.py")


def found(scene: Scenario, states: int) -> Found:
    return replace(Found(scene), states=states)


def test_what_was_not_tried_now_keeps_its_row() -> None:
    seen = replace(found(ONE, 7), violations=["I1: broken"])
    before = page([ONE, OTHER], [found(ONE, 1), found(OTHER, 2)], [GUARD], [(GUARD, seen)])
    after = page([ONE, OTHER], [found(ONE, 3)], [GUARD], [], before)
    assert "| one | Gate | 2 | 3 |" in after
    assert "| other | Label | 2 | 2 |" in after
    assert "| kept | `kubectl_cafe/names.py` | one | I1: broken | 0 | 7 |" in after


def test_what_was_never_tried_is_said_to_be_so() -> None:
    assert "| other | not tried yet |" in page([ONE, OTHER], [found(ONE, 1)], [], [])


def test_what_is_there_no_more_has_no_row() -> None:
    before = page([OTHER], [found(OTHER, 2)], [], [])
    assert "| other |" not in page([ONE], [found(ONE, 1)], [], [], before)

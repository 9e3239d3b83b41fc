"""The plan as data: whether it is refused, and what a step is that takes no pods."""

from __future__ import annotations

import pytest

from kubectl_cafe.planning.finding import Finding, ok, refused, unknown, warning
from kubectl_cafe.preflight import plan_document
from tests.unit.preflight.cases import upgrade

OTHERS = (ok("a", "b"), warning("a", "b"), unknown("a", "b"))


@pytest.mark.parametrize(
    ("found", "expected"), [((), False), (OTHERS, False), ((refused("a", "b"),), True)]
)
def test_a_plan_is_refused_by_a_finding_that_refuses_and_by_no_other(
    found: tuple[Finding, ...], expected: bool
) -> None:
    assert plan_document.plan_of(upgrade(), found, "kind").refused is expected


def test_only_the_groups_among_the_steps_have_a_number() -> None:
    shown = plan_document.plan_of(upgrade(), (), "kind").steps
    assert [(step.kind, step.group) for step in shown] == [
        ("upgrade", 1),
        ("upgrade", 2),
        ("commit", 0),
        ("sweep", 0),
    ]

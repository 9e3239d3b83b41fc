"""How the objects are named whose writes fail."""

from __future__ import annotations

import pytest

from kubectl_cafe.release.write_failures import listed


@pytest.mark.parametrize(
    ("objects", "said"),
    [("a", "a"), ("cba", "a, b, c"), ("dcba", "a, b, c and 1 more"), ("aab", "a, b")],
)
def test_three_objects_are_named_and_the_rest_counted(objects: str, said: str) -> None:
    assert listed(objects) == said

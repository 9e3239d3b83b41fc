"""What a workload notes of its commits (protocol 2, A2)."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_cafe import names
from kubectl_cafe.podsets.commits import note
from tests.unit.builders import template


def replicaset(**meta: Any) -> dict[str, Any]:
    """What the note of a commit is made of."""
    named = {"name": "shop", "uid": "uid-set", "resourceVersion": "3"}
    return {"metadata": {**named, **meta}, "spec": {"template": template()}}


@pytest.mark.parametrize("meta", [{}, {"annotations": None}], ids=["none", "null"])
def test_nothing_is_noted_on_a_workload_that_has_lost_its_annotations_since(
    meta: dict[str, Any],
) -> None:
    answer = replicaset(annotations={names.COMMITTED: "sent a b"})
    assert note(replicaset(**meta), answer) is None

"""Each row in which a pod can stand has a test by its name on the real control plane."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from kubectl_cafe.assessment.pod import PodState

ROWS = Path(__file__).parents[2] / "integration" / "pod_rows"


@pytest.mark.parametrize("row", PodState)
def test_a_row_of_the_pods_has_a_test_by_its_name(row: PodState) -> None:
    trees = [ast.parse(path.read_text()) for path in sorted(ROWS.glob("test_*.py"))]
    functions = [node.name for tree in trees for node in tree.body if hasattr(node, "name")]
    assert [name for name in functions if name.startswith(f"test_{row.name.lower()}_")]

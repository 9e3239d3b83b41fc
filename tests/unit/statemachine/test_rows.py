"""Each row of the state machine's table has a test by its name on the real control plane."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from statemachine.lifecycle import TABLE, Row, State

ROWS = Path(__file__).parents[2] / "integration" / "rows"


def snake(state: State) -> str:
    """AwaitingConfirm as awaiting_confirm."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", str(state)).lower()


def named(row: Row) -> str:
    """The name of the row's test: from, trigger, to."""
    return f"test_{snake(row.source)}_{row.trigger}_{snake(row.dest)}"


def shown() -> list[str]:
    """The names of all test functions in tests/integration/rows."""
    trees = [ast.parse(path.read_text()) for path in sorted(ROWS.glob("test_*.py"))]
    functions = (node for tree in trees for node in tree.body if isinstance(node, ast.FunctionDef))
    return [function.name for function in functions if function.name.startswith("test_")]


def test_every_row_has_one_test_and_every_test_there_has_its_row() -> None:
    assert sorted(shown()) == sorted(named(row) for row in TABLE)

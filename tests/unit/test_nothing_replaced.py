"""Nothing inside Python or a library is replaced at run time.

The one exception is the module that imports the client library's parts without the packages'
`__init__`, and says why.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ALLOWED = {"kubectl_cafe/client/_libraries.py": {"sys.modules"}}
MODULES = [
    path.relative_to(ROOT).as_posix()
    for folder in ("kubectl_cafe", "statemachine", "bundle")
    for path in sorted((ROOT / folder).rglob("*.py"))
]


def replaced(tree: ast.Module) -> Iterator[str]:
    """What of other modules is assigned to: `sys.modules` for `sys.modules[name] = x`."""
    imported = {
        (alias.asname or alias.name.partition(".")[0])
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    for node in ast.walk(tree):
        targets: list[ast.expr] = []
        if isinstance(node, ast.Assign | ast.Delete):
            targets = node.targets
        elif isinstance(node, ast.AugAssign | ast.AnnAssign):
            targets = [node.target]
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("setattr", "delattr"):
            targets = [ast.Attribute(node.args[0], "x")]
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "sys.modules.update":
            targets = [node.func]
        for target in targets:
            if isinstance(target, ast.Subscript):
                target = target.value
            root: ast.expr = target
            while isinstance(root, ast.Attribute):
                root = root.value
            if root is not target and isinstance(root, ast.Name) and root.id in imported:
                yield ast.unparse(target)


@pytest.mark.parametrize("file", MODULES)
def test_no_module_changes_another_one(file: str) -> None:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    assert set(replaced(tree)) <= ALLOWED.get(file, set())


@pytest.mark.parametrize(
    "text",
    [
        "import re\nre.compile = print",
        "import sys\nsys.modules['re'] = None",
        "import sys\nsys.path_hooks[:] = []",
        "import sys\nsys.modules.update({})",
        "import dataclasses\nsetattr(dataclasses, 'exec', print)",
        "import re as held\ndel held.compile",
    ],
)
def test_a_change_of_another_module_is_found(text: str) -> None:
    assert list(replaced(ast.parse(text)))

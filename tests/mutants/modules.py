"""Which modules decide, and which tests are asked about each of them."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
UNIT = ROOT / "tests" / "unit"

DECIDING = (
    "statemachine/*.py",
    *(
        f"kubectl_cafe/{package}/*.py"
        for package in (
            *("pods", "podsets", "traffic", "revisions"),
            *("assessment", "reconcile", "planning"),
        )
    ),
)
"""Of these packages every module decides: none of them does any I/O."""

OTHERS = (
    *("cache/other_pods", "driver/lost_answers", "driver/refusals", "release/write_failures"),
    *("repair/findings", "repair/rebuilt_record", "repair/unfinished", "status/awaited_state"),
)
"""Of the other packages those that take data and return a decision: no loop, no request."""

ABOVE = (
    "cache",
    "driver",
    "history",
    "preflight",
    "record",
    "release",
    "repair",
    "status",
    "printers",
)
LAYERS = (
    ("statemachine",),
    ("pods",),
    ("podsets", "traffic", "revisions"),
    ("assessment", "reconcile", "planning", *ABOVE),
)
"""The folders of tests/unit that are asked. A layer imports none that comes after it, and what
the other folders test decides nothing."""

SEARCHES = (
    "plain",
    "a pod that strays",
    "a schema",
    "another client's image without a switch",
    "a restart without a switch",
    "a first release, lost answers",
    "a first release, no such image",
    "labels, published late",
    "ready for a while",
)
"""Of tests/explore, those of at most 3 seconds; together they have every traffic mode."""


def deciding() -> list[str]:
    """The files of all modules that decide, relative to the root."""
    packages = [path for pattern in DECIDING for path in ROOT.glob(pattern)]
    others = [ROOT / "kubectl_cafe" / f"{name}.py" for name in OTHERS]
    return sorted(str(path.relative_to(ROOT)) for path in (*packages, *others))


def dotted(file: str) -> str:
    """The name by which the module in `file` is imported."""
    return file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def stages(file: str, *, searches: bool = True) -> list[list[str]]:
    """What pytest is called with, call after call: the module's own tests come first."""
    name = dotted(file)
    files = _tests(Path(file).parent.name)
    # A test file that imports the module, and before these the one that is called like it.
    own = [test for test in files if name in _imported(test)]
    own.sort(key=lambda test: not test.stem.startswith(f"test_{Path(file).stem}"))
    rest = [test for test in files if test not in own]
    rest.sort(key=lambda test: test.parent.name != Path(file).parent.name)
    explored = "tests/explore/test_explore.py::test_nothing_is_broken_in_any_state_and_every_state"
    scenes = [f"{explored}_can_end[{scene}]" for scene in SEARCHES if searches]
    calls = [[str(test.relative_to(ROOT)) for test in tests] for tests in (own, rest)]
    return [call for call in (*calls, scenes) if call]


def unit_tests() -> list[str]:
    """The folders of the unit tests that are asked, relative to the root."""
    return [str((UNIT / name).relative_to(ROOT)) for layer in LAYERS for name in layer]


def _tests(folder: str) -> Sequence[Path]:
    """The tests of the layer that has `folder`, and of those above it."""
    its = next(number for number, layer in enumerate(LAYERS) if folder in layer)
    folders = [UNIT / name for layer in LAYERS[its:] for name in layer]
    return [test for one in folders for test in sorted(one.rglob("test_*.py"))]


@cache
def _imported(test: Path) -> frozenset[str]:
    return frozenset(_names(ast.parse(test.read_text(encoding="utf-8"))))


def _names(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)

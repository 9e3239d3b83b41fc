"""Which unit tests run which lines of the code that decides, as coverage.py measured it.

A mutant is noticed by no test that does not run its line. So its line's tests alone are run;
a line that is run as its module is imported (a default, a constant, a decorator) has all tests.
"""

from __future__ import annotations

import ast
import hashlib
import json
import multiprocessing
import os
from collections.abc import Generator, Mapping
from functools import cache
from pathlib import Path

import pytest

from tests.mutants.modules import ROOT, deciding, unit_tests

KEPT = ROOT / ".mutants"
IMPORTED = "ignore::pytest.PytestAssertRewriteWarning"
"""hypothesis was imported before pytest could rewrite its assertions, which is as well."""
OPTIONS = ("-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-W", IMPORTED)
"""Of every call of pytest."""
Covering = Mapping[str, Mapping[str, list[str]]]
"""By file, by line (in digits, as JSON wants it): the ids of the tests that run the line. An empty
one: it is run before any test, by what is called while a module is imported."""


class Contexts:
    """A plugin of pytest that measures each test by itself."""

    def __init__(self) -> None:
        from coverage import Coverage

        self.measured = Coverage(data_file=None, include=deciding(), config_file=False)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Called by pytest around each test."""
        self.measured.switch_context(item.nodeid)
        return (yield)

    def read(self) -> dict[str, dict[str, list[str]]]:
        """The tests of every line."""
        data = self.measured.get_data()
        return {
            str(Path(file).relative_to(ROOT)): {
                str(line): sorted(tests) for line, tests in data.contexts_by_lineno(file).items()
            }
            for file in data.measured_files()
        }


def measured() -> Covering:
    """The tests of every line; measured once for the same code and tests, for a minute or two."""
    paths = [*(ROOT / file for file in deciding()), *sorted((ROOT / "tests").rglob("*.py"))]
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()[:12]
    kept = KEPT / f"covering-{digest}.json"
    if not kept.exists():
        KEPT.mkdir(exist_ok=True)
        child = multiprocessing.get_context("fork").Process(target=_measure, args=(kept,))
        child.start()
        child.join()
    covering: Covering = json.loads(kept.read_text(encoding="utf-8"))
    return covering


def prepare_child() -> None:
    """Say nothing, and let hypothesis make the same examples in every child, none of an earlier."""
    from hypothesis import settings

    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    settings.register_profile("mutants", derandomize=True, database=None, deadline=None)
    settings.load_profile("mutants")


def _measure(kept: Path) -> None:
    prepare_child()
    plugin = Contexts()
    plugin.measured.start()
    pytest.main([*OPTIONS, *unit_tests()], plugins=[plugin])
    plugin.measured.stop()
    kept.write_text(json.dumps(plugin.read()), encoding="utf-8")


def of_line(covering: Covering, file: str, line: int) -> frozenset[str] | None:
    """The ids of the tests that run the statement at `line`; None: an import runs it, too."""
    first, last = statement(file, line)
    if not any(begin <= first <= end for begin, end in _bodies(file)):
        return None
    lines = covering.get(file, {})
    tests = frozenset().union(*(lines.get(str(n), ()) for n in range(first, last + 1)))
    return None if "" in tests else tests


@cache
def _nodes(file: str) -> tuple[ast.AST, ...]:
    """All nodes of the file's syntax tree."""
    return tuple(ast.walk(ast.parse((ROOT / file).read_text(encoding="utf-8"))))


@cache
def _bodies(file: str) -> tuple[tuple[int, int], ...]:
    """The first and last lines of all functions' bodies."""
    functions = [node for node in _nodes(file) if isinstance(node, ast.FunctionDef)]
    return tuple((one.body[0].lineno, one.end_lineno or one.lineno) for one in functions)


@cache
def _spans(file: str) -> tuple[tuple[int, int], ...]:
    """The first and last lines of all statements; of a compound one, those of its head."""
    spans = []
    for node in _nodes(file):
        if isinstance(node, ast.stmt | ast.match_case):
            start = node.lineno if isinstance(node, ast.stmt) else node.pattern.lineno
            body: list[ast.stmt] = getattr(node, "body", [])
            cases: list[ast.match_case] = getattr(node, "cases", [])
            inner = [one.lineno for one in body] + [one.pattern.lineno for one in cases]
            end = getattr(node, "end_lineno", None) or start
            spans.append((start, max(start, min(inner) - 1) if inner else end))
    return tuple(spans)


def statement(file: str, line: int) -> tuple[int, int]:
    """The first and the last line of the shortest statement, or head of one, that has `line`."""
    around = [span for span in _spans(file) if span[0] <= line <= span[1]]
    return min(around, key=lambda span: span[1] - span[0], default=(line, line))

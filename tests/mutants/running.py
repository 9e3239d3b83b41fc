"""Runs tests against a mutant, in a process of its own that imports it in place of the module.

Nothing is written: pytest is imported once, each mutant's process is a fork of that, and the
mutant is compiled from memory. So the product must not be imported before the fork.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import CodeType

import pytest

from tests.mutants.covering import OPTIONS, Covering, of_line, prepare_child
from tests.mutants.making import change, code
from tests.mutants.modules import ROOT, dotted, stages
from tests.mutants.table import NO_CODE, SURVIVED, Mutant, Result

LONGEST = 180
"""Seconds of one call of pytest, after which it counts as hanging: that is noticed, too."""
MEMORY = 4 << 30
"""Bytes of one call of pytest: a mutant may add to a list without an end."""
POLL = 0.02
NO_END = "no end"


class Loader(SourceFileLoader):
    """Loads the module from `text` and not from its file."""

    def __init__(self, name: str, path: str, text: str) -> None:
        super().__init__(name, path)
        self.text = text

    def get_code(self, fullname: str) -> CodeType:
        """The mutant's code."""
        return compile(self.text, self.path, "exec", dont_inherit=True)


class Finder(MetaPathFinder):
    """Finds the mutant where the module is asked for."""

    def __init__(self, file: str, text: str) -> None:
        self.name, self.path, self.text = dotted(file), str(ROOT / file), text

    def find_spec(self, name: str, path: object, target: object = None) -> ModuleSpec | None:
        """How the mutant is loaded; None for every other module."""
        if name != self.name:
            return None
        loader = Loader(name, self.path, self.text)
        return importlib.util.spec_from_file_location(name, self.path, loader=loader)


class FirstFailure:
    """A plugin of pytest that writes the name of the first test that fails to a file."""

    def __init__(self, report: Path) -> None:
        self.report = report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Called by pytest after each part of a test."""
        if report.failed and not self.report.read_text():
            self.report.write_text(report.nodeid)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Called by pytest after each file of tests."""
        if report.failed and not self.report.read_text():
            self.report.write_text(report.nodeid)


class Only:
    """A plugin of pytest that leaves out all tests but `chosen`."""

    def __init__(self, chosen: frozenset[str]) -> None:
        self.chosen = chosen

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Called by pytest once it has found the tests."""
        items[:] = [item for item in items if item.nodeid in self.chosen]


def attempt(mutant: Mutant, covering: Covering, searches: bool = True) -> Result:
    """What becomes of `mutant`: tests are run until one fails."""
    began = time.monotonic()
    mutated = code(mutant)
    line, before, after = change(mutant, mutated) if mutated else (0, "", "")
    only = of_line(covering, mutant.file, line) if mutated else None
    by = noticed(mutant.file, mutated, searches, only) if mutated else NO_CODE
    seconds = time.monotonic() - began
    of = source(mutant.file), tests(searches)
    return Result(mutant, of[0], line, before, after, by, seconds, of[1])


def red_unmutated(file: str, searches: bool) -> str:
    """The first test that fails with `file` as it is; without it every mutant would be noticed."""
    failed = noticed(file, (ROOT / file).read_text(encoding="utf-8"), searches)
    return "" if failed == SURVIVED else failed


def counts(result: Result, searches: bool) -> bool:
    """Whether `result` is of the code as it is and, where nothing noticed, of the same tests."""
    same = result.source == source(result.mutant.file)
    return same and (not result.survived or result.tests == tests(searches))


@cache
def source(file: str) -> str:
    """A digest of the text of `file`."""
    return hashlib.sha256((ROOT / file).read_bytes()).hexdigest()[:12]


@cache
def tests(searches: bool) -> str:
    """A digest of all tests, and of whether the searches were among those that were run."""
    texts = [path.read_bytes() for path in sorted((ROOT / "tests").rglob("*.py"))]
    return hashlib.sha256(b"".join([*texts, str(searches).encode()])).hexdigest()[:12]


def noticed(
    file: str, mutated: str, searches: bool = True, only: frozenset[str] | None = None
) -> str:
    """The first test that fails with `mutated` in the place of `file`, or `survived`.

    `only`: the unit tests that may notice; None: each of them may.
    """
    finder = Finder(file, mutated)
    calls = (_call(*asked, finder) for asked in _asked(stages(file, searches=searches), only))
    return next((failed for failed in calls if failed), SURVIVED)


def _asked(
    calls: Sequence[Sequence[str]], only: frozenset[str] | None
) -> Iterator[tuple[Sequence[str], list[object]]]:
    """The paths of each call of pytest, and the plugins that it has."""
    files = None if only is None else {test.partition("::")[0] for test in only}
    for paths in calls:
        if files is None or only is None or "::" in paths[0]:
            yield paths, []
        elif chosen := [path for path in paths if path in files]:
            yield chosen, [Only(only)]


def _call(paths: Sequence[str], plugins: Sequence[object], finder: Finder) -> str:
    """What of `paths` failed first; empty if nothing did."""
    with tempfile.NamedTemporaryFile(prefix="mutants-") as file:
        report = Path(file.name)
        child = os.fork()
        if child == 0:
            try:
                os._exit(_pytest(paths, [*plugins, FirstFailure(report)], finder))
            finally:
                os._exit(1)
        ended = _wait(child)
        failed = report.read_text()
    return "" if ended == 0 else failed or (NO_END if ended is None else f"exit {ended}")


def _wait(child: int) -> int | None:
    """The exit status of `child`; None if it had to be ended."""
    until = time.monotonic() + LONGEST
    while time.monotonic() < until:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(POLL)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


def _pytest(paths: Sequence[str], plugins: Sequence[object], finder: Finder) -> int:
    """pytest's exit code; called in the child."""
    os.setsid()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    prepare_child()
    sys.meta_path.insert(0, finder)
    sys.dont_write_bytecode = True
    return int(pytest.main(["-x", *OPTIONS, *paths], plugins=plugins))

"""Writes docs/faults.md: faults that testers found, and the test or search that finds each now.

tests/faults.toml has a sentence on each, with the guards that prevent it: without a guard the
fault returns, and the search or the test beside the guard's name fails. The guards are those of
tests/guards and of tests/explore/guards.toml.

    python -m tests.faults
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from tests import mutate
from tests.explore import broken
from tests.explore.scenarios import LARGE, SMALL

TABLE = mutate.ROOT / "tests" / "faults.toml"
PAGE = mutate.ROOT / "docs" / "faults.md"
FIRST = ("tests/contract/", "tests/unit/", "tests/integration/")
"""The kinds of tests, in the order of the page: after the searches."""


@dataclass(frozen=True)
class Fault:
    """One fault; `red` maps each guard to the search or the test that fails without it."""

    section: str
    fault: str
    red: Mapping[str, str]


def read() -> list[Fault]:
    """The faults of tests/faults.toml, section by section."""
    sections = tomllib.loads(TABLE.read_text(encoding="utf-8"))["section"]
    return [Fault(one["title"], **fault) for one in sections for fault in one["fault"]]


def is_search(red: str) -> bool:
    """Whether it is the name of a search's scenario, and not a test's."""
    return "::" not in red


def wrong(fault: Fault) -> Iterator[str]:
    """The errors of the entry: names of guards, searches or tests that do not exist."""
    if not fault.red:
        yield "it names no guard"
    scenarios = {scene.name for scene in (*SMALL, *LARGE)}
    for guard, red in fault.red.items():
        if is_search(red) and red not in scenarios:
            yield f"there is no search named {red}"
        if (guard, red) not in tried():
            yield f"no guard {guard} is tried by {red}"


@cache
def tried() -> frozenset[tuple[str, str]]:
    """Each guard with each search or test that fails without it."""
    searches = {(guard.name, guard.scenario) for guard in broken.read()}
    return frozenset(searches | {(guard.name, guard.test) for guard in mutate.read()})


def page(faults: Iterable[Fault]) -> str:
    """The text of docs/faults.md."""
    faults = list(faults)
    titles = dict.fromkeys(fault.section for fault in faults)
    sections = "\n".join(_section(title, faults) for title in titles)
    found = sum(any(map(is_search, fault.red.values())) for fault in faults)
    return f"""# Faults that testers found

Each row is a fault that testers of the product found, and that is fixed. Its guards are the lines
of code that prevent it. Without a guard the fault returns, and the search or the test in the last
column fails: a search over the engine in memory ([exploration.md](exploration.md)), or a test
([guards.md](guards.md)). Both pages have the last result for each guard. Searches find
{found} of the {len(faults)} faults again.

`python -m tests.explore GUARD` removes a guard and runs its search, `python -m tests.mutate GUARD`
removes one and runs its test. `make docs` writes this page from `tests/faults.toml`.

{sections}"""


def _section(title: str, faults: Iterable[Fault]) -> str:
    rows = "\n".join(_row(fault) for fault in faults if fault.section == title)
    return f"""## {title}

| fault | guard | fails without the guard |
|---|---|---|
{rows}
"""


def _row(fault: Fault) -> str:
    red = sorted(fault.red.items(), key=lambda one: _rank(one[1]))
    guards = "<br>".join(guard for guard, _ in red)
    shown = "<br>".join(f"search: {what}" if is_search(what) else f"`{what}`" for _, what in red)
    return f"| {fault.fault} | {guards} | {shown} |"


def _rank(red: str) -> int:
    return next((n for n, kind in enumerate(FIRST, 1) if red.startswith(kind)), 0)


if __name__ == "__main__":
    PAGE.write_text(page(read()), encoding="utf-8")

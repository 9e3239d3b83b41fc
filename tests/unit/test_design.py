"""What code, tests and guards cite of the design can be read in docs/design."""

from __future__ import annotations

import io
import re
import tokenize
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DESIGN = ROOT / "docs" / "design"
PRODUCT = ("kubectl_cafe", "statemachine")
TESTS = ("tests", "testbed", "bench", "demo", "bundle")
PROTOCOL = re.compile(r"protocol ((?:\d+(?:, | and )?)+)")
CASE = re.compile(r"\bC(\d{1,3})\b")
INVARIANT = re.compile(r"\bI(\d{1,2})\b")
TESTED = re.compile(r"^\s*def test_(?:\w+_)?([ci])(\d{1,3})_", re.MULTILINE)


def unread(found: dict[str, str], page: str, pattern: str) -> dict[str, str]:
    """Those of the numbers that no heading of the page has; raises where there are none at all."""
    assert found
    known = headings(page, pattern)
    return {number: file for number, file in found.items() if number not in known}


def headings(page: str, pattern: str) -> set[str]:
    """What `pattern` finds at the beginning of the lines of a page of the design."""
    return set(re.findall(pattern, (DESIGN / page).read_text(), re.MULTILINE))


def texts(folders: tuple[str, ...]) -> Iterator[tuple[Path, str]]:
    """The comments and the docstrings of every module, with its file."""
    for folder in folders:
        for file in sorted((ROOT / folder).rglob("*.py")):
            source = file.read_text()
            for token in tokenize.generate_tokens(io.StringIO(source).readline):
                docstring = token.type == tokenize.STRING and token.string.startswith('"""')
                if docstring or token.type == tokenize.COMMENT:
                    yield file.relative_to(ROOT), token.string


def cited(pattern: re.Pattern[str], folders: tuple[str, ...]) -> dict[str, str]:
    """The numbers that comments and docstrings cite, each with a file that does."""
    return {
        number: str(file)
        for file, text in texts(folders)
        for found in pattern.findall(text)
        for number in re.findall(r"\d+", found)
    }


def named(letter: str) -> dict[str, str]:
    """The numbers in the names of tests: C of cases, I of invariants; each with a file."""
    return {
        number: str(file.relative_to(ROOT))
        for file in sorted((ROOT / "tests").rglob("test_*.py"))
        for kind, number in TESTED.findall(file.read_text())
        if kind == letter
    }


def guarded(letter: str) -> dict[str, str]:
    """The numbers of the cases (C) or invariants (I) of the guards, each with a file."""
    return {
        case.removeprefix(letter): file.name
        for file in sorted((ROOT / "tests" / "guards").glob("*.toml"))
        for guard in tomllib.loads(file.read_text())["guard"]
        for case in guard.get("cases", ())
        if case.startswith(letter)
    }


@pytest.mark.parametrize("folders", [PRODUCT, TESTS], ids=["product", "tests"])
def test_every_section_of_the_protocol_that_is_cited_can_be_read(folders: tuple[str, ...]) -> None:
    found = cited(PROTOCOL, folders)
    assert found
    assert {
        n: file for n, file in found.items() if n not in headings("protocol.md", r"^## (\d+)\. ")
    } == {}


def test_every_invariant_that_is_cited_can_be_read() -> None:
    found = cited(INVARIANT, PRODUCT) | named("i") | guarded("I")
    assert found
    assert {
        n: f for n, f in found.items() if n not in headings("protocol.md", r"^### I(\d+)\b")
    } == {}


def test_every_case_that_is_cited_can_be_read() -> None:
    found = cited(CASE, PRODUCT) | named("c") | guarded("C")
    assert unread(found, "cases.md", r"^### C(\d+): ") == {}


@pytest.mark.parametrize("page", sorted(DESIGN.glob("*.md")), ids=lambda page: page.name)
def test_every_file_that_the_design_names_is_there(page: Path) -> None:
    named = re.findall(r"`((?:kubectl_cafe|statemachine|tests|testbed)/[\w./-]+)", page.read_text())
    assert [path for path in named if not (ROOT / path.partition("::")[0]).exists()] == []

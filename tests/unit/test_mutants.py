"""The table of equivalent mutants fits the code, and every module that decides is asked about."""

from __future__ import annotations

import pytest

from tests.mutants.covering import of_line, statement
from tests.mutants.modules import ABOVE, ROOT, deciding, dotted, stages
from tests.mutants.page import left, page
from tests.mutants.table import NO_CODE, SURVIVED, Equivalent, Mutant, Result, read

EQUIVALENTS = read()
FILE = "kubectl_cafe/reconcile/candidates.py"
BUDGETS = "kubectl_cafe/reconcile/availability.py"
KNOWN = Equivalent(FILE, "if a:", "if not a:", "a is true and false")


def result(before: str, after: str, by: str = SURVIVED) -> Result:
    return Result(Mutant(FILE, "AddNot", 0), "", 1, before, after, by, 0.0)


@pytest.mark.parametrize("one", EQUIVALENTS, ids=[f"{one.file} {one.after}" for one in EQUIVALENTS])
def test_an_equivalent_mutants_line_stands_in_its_file(one: Equivalent) -> None:
    assert one.file in deciding()
    assert one.stands
    assert one.reason


def test_no_equivalent_mutant_is_named_twice() -> None:
    assert len({(one.file, one.before, one.after) for one in EQUIVALENTS}) == len(EQUIVALENTS)


def test_a_line_that_is_gone_does_not_stand() -> None:
    assert not Equivalent(FILE, "no such line", "", "").stands


def test_an_equivalent_mutant_is_one_change_of_one_line() -> None:
    assert KNOWN.fits(result("if a:", "if not a:"))
    assert not KNOWN.fits(result("if a:", "if b:"))
    assert not KNOWN.fits(result("if b:", "if not a:"))


def test_every_module_that_decides_exists() -> None:
    assert [file for file in deciding() if not (ROOT / file).is_file()] == []


def test_the_tests_that_import_a_module_come_first_and_none_comes_twice() -> None:
    first, rest, searches = stages(FILE)
    assert first[0] == "tests/unit/reconcile/test_candidates.py"
    assert not {*first} & {*rest}
    assert all("tests/explore" in test for test in searches)


def test_a_layer_is_not_asked_about_one_above_it() -> None:
    folders = {test.split("/")[2] for call in stages(FILE, searches=False) for test in call}
    assert folders == {"assessment", "reconcile", "planning", *ABOVE}


def test_a_package_is_imported_by_its_folders_name() -> None:
    assert dotted("kubectl_cafe/traffic/__init__.py") == "kubectl_cafe.traffic"
    assert dotted("statemachine/steps.py") == "statemachine.steps"


def at(file: str, text: str) -> int:
    """The number of the first line of `file` that has `text`."""
    lines = (ROOT / file).read_text().splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


def test_a_line_within_a_statement_has_the_tests_of_all_its_lines() -> None:
    line = at(BUDGETS, "available = sum(s.available and s.pod.uid not in busy")
    assert statement(BUDGETS, line) == (line, line)
    first = at(BUDGETS, "new_unavailable=sum(")
    begin, end = statement(BUDGETS, first)
    covering = {BUDGETS: {str(begin): ["a"], str(end): ["b"], str(end + 2): ["c"]}}
    assert begin < first < end
    assert of_line(covering, BUDGETS, first) == {"a", "b"}


def test_the_head_of_a_compound_statement_is_without_its_body() -> None:
    line = at(FILE, "for assessment in assessments:")
    assert statement(FILE, line) == (line, line)


@pytest.mark.parametrize(
    ("file", "text"),
    [
        (BUDGETS, "class Budget"),
        ("kubectl_cafe/assessment/snapshot.py", "@dataclass(frozen=True)"),
        (BUDGETS, "def rooms("),
    ],
)
def test_a_line_that_an_import_runs_has_all_tests(file: str, text: str) -> None:
    assert of_line({file: {}}, file, at(file, text)) is None


def test_a_line_of_a_function_that_an_import_calls_has_all_tests() -> None:
    line = at(BUDGETS, "available = sum(s.available and s.pod.uid not in busy")
    assert of_line({BUDGETS: {str(line): ["", "a"]}}, BUDGETS, line) is None


def test_a_survivor_is_left_unless_it_is_known_as_equivalent() -> None:
    killed, known, unknown = (
        result("if a:", "if b:", "tests/unit/reconcile/test_candidates.py::test_a"),
        result("if a:", "if not a:"),
        result("if b:", "if not b:"),
    )
    assert left([killed, known, unknown], [KNOWN]) == [unknown]


def test_the_page_counts_each_mutant_once_and_none_that_changes_nothing() -> None:
    results = [
        result("if b:", "if c:", "tests/unit/reconcile/test_candidates.py::test_a"),
        result("if b:", "if d:", "tests/explore/test_explore.py::test_a[plain]"),
        result("if b:", "if e:", "no end"),
        result("if a:", "if not a:"),
        result("if b:", "if not b:"),
        result("", "", NO_CODE),
    ]
    text = page(results, [KNOWN], "all", "2026-11-29")
    assert f"| `{FILE}` | 5 | 2 | 1 | 1 | 1 |" in text
    assert "Of 5 mutants tests notice 3, 1 are equivalent, 1 survive." in text
    assert f"- `{FILE}`, line 1: `` if b: `` became `` if not b: ``" in text
    assert f"| `{FILE}` | `` if a: `` | `` if not a: `` | a is true and false |" in text

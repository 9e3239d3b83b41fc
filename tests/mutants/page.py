"""docs/mutants.md, from what became of the mutants."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence

from tests.mutants.modules import ROOT
from tests.mutants.table import NO_CODE, Equivalent, Result

PAGE = ROOT / "docs" / "mutants.md"


def left(results: Iterable[Result], equivalents: Sequence[Equivalent]) -> list[Result]:
    """Of `results` those that survived and that `equivalents` doesn't name."""
    return [
        result
        for result in results
        if result.survived and not any(one.fits(result) for one in equivalents)
    ]


def write(results: Sequence[Result], equivalents: Sequence[Equivalent], made: str) -> None:
    """Write the page; `made` says which mutants were tried."""
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    PAGE.write_text(page(results, equivalents, made, today), encoding="utf-8")


def page(results: Sequence[Result], equivalents: Sequence[Equivalent], made: str, date: str) -> str:
    """The page's text."""
    counted = [result for result in results if result.by != NO_CODE]
    found = left(counted, equivalents)
    survivors = "\n".join(_survivor(result) for result in found) or "None."
    return f"""# Mutants

A mutant is the code that decides, changed in one place: a condition negated, an operand of an
`and` left out, a bound moved by one, a loop not entered. Tests must fail with it; where none does,
either a test is missing or the change makes no difference. `make mutants` makes the mutants by
operators of cosmic-ray and by two of its own (`tests/mutants/operators.py`), runs the tests, and
writes this page; `SAMPLE=300 SEED=1` takes so many at random. `make mutate`
([guards](guards.md)) takes out chosen texts and expects a chosen test to fail; here nobody has
chosen the places.

For each mutant the unit tests that run its line are run, as coverage.py has measured them, its
own module's first; then the searches of `tests/explore` that take at most 3 seconds. The first
test that fails ends it, and so does a run without an end. Not made are the changes that can't make
a difference: in an annotation, in the arguments of a decorator (mypy holds what is `frozen`), of
`TYPE_CHECKING`. A comparison becomes its opposite, or its bound moves; an arithmetic operator
becomes one other.

Tests are written for what survives a sample, so the same sample then says little about the mutants
that it has not: another SEED does.

**Last run: {date}; {made}.** Of {len(counted)} mutants {_share(counted, found)}.

| module | mutants | noticed by unit tests | by searches alone | equivalent | survivors |
|---|---|---|---|---|---|
{_modules(counted, equivalents)}

## Survivors

{survivors}

## Equivalent mutants

They do what the code does, or differ in a figure that was chosen and that no rule fixes. They are
in `tests/mutants/equivalent.toml`; a unit test fails when their lines are no longer in the code.

| file | line | mutant | why nothing changes |
|---|---|---|---|
{chr(10).join(_equivalent(one) for one in sorted(equivalents, key=lambda one: one.file))}
"""


def _share(counted: Sequence[Result], found: Sequence[Result]) -> str:
    noticed = sum(not result.survived for result in counted)
    known = len(counted) - noticed - len(found)
    return f"tests notice {noticed}, {known} are equivalent, {len(found)} survive"


def _modules(counted: Sequence[Result], equivalents: Sequence[Equivalent]) -> str:
    files = sorted({result.mutant.file for result in counted})
    rows = [_row(f"`{f}`", [r for r in counted if r.mutant.file == f], equivalents) for f in files]
    return "\n".join([*rows, _row("all", counted, equivalents)])


def _row(name: str, its: Sequence[Result], equivalents: Sequence[Equivalent]) -> str:
    survived = sum(result.survived for result in its)
    searches = sum(result.by.startswith("tests/explore") for result in its)
    found = len(left(its, equivalents))
    unit = len(its) - survived - searches
    return f"| {name} | {len(its)} | {unit} | {searches} | {survived - found} | {found} |"


def _survivor(result: Result) -> str:
    change = f"{_code(result.before)} became {_code(result.after)}"
    return f"- `{result.mutant.file}`, line {result.line}: {change}"


def _equivalent(one: Equivalent) -> str:
    before, after = _code(one.before), _code(one.after)
    return f"| `{one.file}` | {before} | {after} | {one.reason} |"


def _code(text: str) -> str:
    """`text` as code within a table's cell."""
    return f"`` {text} ``".replace("|", "\\|") if text else "nothing"

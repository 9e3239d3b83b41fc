"""docs/mutants.md, from the results of the mutants."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence

from tests.mutants.modules import ROOT
from tests.mutants.table import NO_CODE, Equivalent, Result

PAGE = ROOT / "docs" / "mutants.md"


def left(results: Iterable[Result], equivalents: Sequence[Equivalent]) -> list[Result]:
    """The `results` that survived, without those in `equivalents`."""
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

A mutant is the deciding code with one change: a condition negated, an operand of an `and` left
out, a bound moved by one, a loop not entered. At least one test must fail with it; if none does,
either a test is missing or the change has no effect. `make mutants` creates the mutants with
operators of cosmic-ray and two of its own (`tests/mutants/operators.py`), runs the tests, and
writes this page; `make mutants SAMPLE=300 SEED=1` tries 300 at random. Here the places are not
chosen by hand, unlike the [guards](guards.md): `make mutate` removes a chosen text and expects a
chosen test to fail.

For each mutant the unit tests that run its line (as measured by coverage.py) are run, those of
its own module first, then the searches of `tests/explore` that take at most 3 seconds. The first
failing test, or a run that does not end in time, ends it. Changes that cannot have an effect are
not made: in annotations, in arguments of decorators (mypy checks `frozen`), and of
`TYPE_CHECKING`. A comparison becomes its opposite or its bound moves; an arithmetic operator
becomes one other operator.

Tests are added for the survivors of a sample, so the same sample is a weak measure for the
mutants outside of it. Use another SEED.

**Last run: {date}; {made}.** Of {len(counted)} mutants {_share(counted, found)}.

| module | mutants | noticed by unit tests | by searches alone | equivalent | survivors |
|---|---|---|---|---|---|
{_modules(counted, equivalents)}

## Survivors

{survivors}

## Equivalent mutants

These behave as the code does, or differ in a figure that was chosen and that no rule requires.
They are listed in `tests/mutants/equivalent.toml`; a unit test fails when their lines are no
longer in the code.

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

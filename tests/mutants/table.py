"""What a mutant is, what became of it, and the table of those that change nothing."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass

from tests.mutants.modules import ROOT

TABLE = ROOT / "tests" / "mutants" / "equivalent.toml"
SURVIVED, NO_CODE = "survived", "no change"


@dataclass(frozen=True)
class Mutant:
    """One change of one file: the place number `occurrence` of those that `operator` finds."""

    file: str
    operator: str
    occurrence: int


@dataclass(frozen=True)
class Result:
    """What became of a mutant: `by` names the test that failed, or says `survived`.

    `source` is a digest of the file, `tests` one of the tests that were run: they say for which
    texts the result counts.
    """

    mutant: Mutant
    source: str
    line: int
    before: str
    after: str
    by: str
    seconds: float
    tests: str = ""

    @property
    def survived(self) -> bool:
        """Whether no test noticed."""
        return self.by == SURVIVED


@dataclass(frozen=True)
class Equivalent:
    """A mutant that behaves as the code does: the text of its lines before and after, and why."""

    file: str
    before: str
    after: str
    reason: str

    def fits(self, result: Result) -> bool:
        """Whether `result` is this mutant's."""
        its = (result.mutant.file, result.before, result.after)
        return its == (self.file, self.before, self.after)

    @property
    def stands(self) -> bool:
        """Whether the lines before are in the file still."""
        text = (ROOT / self.file).read_text(encoding="utf-8")
        return self.before in side_by_side(text.splitlines())


def side_by_side(lines: Iterable[str]) -> str:
    """`lines` as one, without the empty ones and without indentation."""
    return " ".join(filter(None, map(str.strip, lines)))


def read() -> list[Equivalent]:
    """The equivalent mutants that are known."""
    entries = tomllib.loads(TABLE.read_text(encoding="utf-8")).get("equivalent", [])
    return [Equivalent(**entry) for entry in entries]

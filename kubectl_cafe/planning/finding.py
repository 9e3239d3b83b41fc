"""One finding of a check, and its level."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from kubectl_cafe.text import first_names

SHOWN = 3
"""The largest number of names that a message lists; it counts the others."""


class Level(StrEnum):
    """The level of a finding.

    REFUSED: the release would certainly fail, so `upgrade` does not begin. UNKNOWN: the check has
    no data; it is never OK then.
    """

    REFUSED = "refused"
    WARNING = "warning"
    UNKNOWN = "not checked"
    OK = "ok"


@dataclass(frozen=True)
class Finding:
    """The result of one check. `where` names the object or field, `hint` the next command."""

    check: str
    level: Level
    message: str
    where: str = ""
    hint: str = ""


def refused(check: str, message: str, *, where: str = "", hint: str = "") -> Finding:
    """A finding at level REFUSED: with it the release would certainly fail."""
    return Finding(check, Level.REFUSED, message, where, hint)


def warning(check: str, message: str, *, where: str = "", hint: str = "") -> Finding:
    """A finding that a user should know before the release is confirmed."""
    return Finding(check, Level.WARNING, message, where, hint)


def unknown(check: str, message: str, *, where: str = "", hint: str = "") -> Finding:
    """A finding that something could not be checked, and why."""
    return Finding(check, Level.UNKNOWN, message, where, hint)


def ok(check: str, message: str) -> Finding:
    """A finding that something was checked and is in order."""
    return Finding(check, Level.OK, message)


def many(names: Sequence[str]) -> str:
    """The first SHOWN of `names`, and the number of the others."""
    return first_names(names, SHOWN)

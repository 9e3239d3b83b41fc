"""One finding, and how sure it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

SHOWN = 3
"""Names that a message lists before it counts the rest."""


class Level(StrEnum):
    """`refused` is certain to fail, so that `upgrade` does not begin. No data is never `ok`."""

    REFUSED = "refused"
    WARNING = "warning"
    UNKNOWN = "not checked"
    OK = "ok"


@dataclass(frozen=True)
class Finding:
    """What one check found. `where` names the object or field, `hint` the next command."""

    check: str
    level: Level
    message: str
    where: str = ""
    hint: str = ""


def refused(check: str, message: str, *, where: str = "", hint: str = "") -> Finding:
    """Certain to fail as things stand."""
    return Finding(check, Level.REFUSED, message, where, hint)


def warning(check: str, message: str, *, where: str = "", hint: str = "") -> Finding:
    """What a person should know before saying yes."""
    return Finding(check, Level.WARNING, message, where, hint)


def unknown(check: str, message: str, *, where: str = "", hint: str = "") -> Finding:
    """What could not be checked, and why."""
    return Finding(check, Level.UNKNOWN, message, where, hint)


def ok(check: str, message: str) -> Finding:
    """Looked at, and well."""
    return Finding(check, Level.OK, message)


def many(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {more} more" if more > 0 else "")

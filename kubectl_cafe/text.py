"""Text from the cluster, made fit for a terminal; words that were meant otherwise."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import NamedTuple

CUT = "…"


def printable(text: str) -> str:
    """`text` without control and formatting characters; line ends and tabs stay.

    A message or a name in the cluster may hold escape sequences, or marks that turn the
    direction of writing: neither may reach the terminal of whoever reads it.
    """
    return "".join(
        char for char in text if char in "\n\t" or unicodedata.category(char) not in {"Cc", "Cf"}
    )


def near(word: str, known: Iterable[str], count: int = 3, likeness: float = 0.6) -> list[str]:
    """Up to `count` of `known` that look like `word`, the nearest first; 1 is the same word."""
    import difflib

    return difflib.get_close_matches(word, list(known), n=count, cutoff=likeness)


def meant(word: str, known: Iterable[str]) -> str:
    """`; did you mean a or b?`, for the end of an error; empty where nothing looks like it."""
    found = near(word, known)
    return f"; did you mean {' or '.join(found)}?" if found else ""


# What fits into a terminal


class Size(NamedTuple):
    """A terminal's columns and rows."""

    width: int
    height: int


def cut(line: str, width: int | None) -> str:
    """`line` in at most `width` characters; that something is missing is shown."""
    return line if width is None or len(line) <= width else line[: max(0, width - 1)] + CUT


def wrapped(text: str, width: int, most: int | None = None) -> list[str]:
    """`text` in lines of at most `width`, broken between words where that is possible.

    Of more than `most` lines the last is cut.
    """
    import textwrap

    lines = textwrap.wrap(text, max(8, width), break_on_hyphens=False) or [""]
    if most is None or len(lines) <= most:
        return lines
    return [*lines[: most - 1], cut(" ".join(lines[most - 1 :]), max(8, width))]


def hanging(line: str, width: int) -> str:
    """`line` broken at `width`; what follows is indented by two more."""
    indent = line[: len(line) - len(line.lstrip())]
    return indent + f"\n{indent}  ".join(wrapped(line.strip(), width - len(indent) - 2))


def broken(text: str, width: int | None) -> str:
    """`text` without lines longer than `width`; None: as it is.

    The next command stays whole: it is to be copied.
    """
    if width is None:
        return text
    return "\n".join(
        line if len(line) <= width or line.lstrip().startswith("next:") else hanging(line, width)
        for line in text.split("\n")
    )

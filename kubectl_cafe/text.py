"""Text from the cluster, made fit for a terminal; words that were meant otherwise."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable


def printable(text: str) -> str:
    """`text` without control and formatting characters; line ends and tabs stay.

    A message or a name in the cluster may hold escape sequences, or marks that turn the
    direction of writing: neither may reach the terminal of whoever reads it.
    """
    return "".join(
        char for char in text if char in "\n\t" or unicodedata.category(char) not in {"Cc", "Cf"}
    )


def near(word: str, known: Iterable[str], count: int = 3) -> list[str]:
    """Up to `count` of `known` that look like `word`, the nearest first."""
    import difflib

    return difflib.get_close_matches(word, list(known), n=count)


def meant(word: str, known: Iterable[str]) -> str:
    """`; did you mean a or b?`, for the end of an error; empty where nothing looks like it."""
    found = near(word, known)
    return f"; did you mean {' or '.join(found)}?" if found else ""


def broken(text: str, width: int | None) -> str:
    """`text` with lines of at most `width`, broken between words; None: as it is.

    What follows is indented by two more. The next command stays whole: it is to be copied.
    """
    if width is None:
        return text
    return "\n".join(_broken(line, width) for line in text.split("\n"))


def _broken(line: str, width: int) -> str:
    if len(line) <= width or line.lstrip().startswith("next:"):
        return line
    import textwrap

    indent = " " * (len(line) - len(line.lstrip()) + 2)
    return textwrap.fill(line, max(width, 20), subsequent_indent=indent, break_on_hyphens=False)

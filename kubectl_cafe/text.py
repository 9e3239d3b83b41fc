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

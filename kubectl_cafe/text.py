"""Text from the cluster, made safe and fitted for a terminal; suggestions for misspelled words."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from typing import NamedTuple

CUT = "…"
COMBINING = "\u0300"
"""The lowest character that takes no column; wide characters are higher. CUT takes one column."""


def printable(text: str) -> str:
    """`text` without control and formatting characters; line ends and tabs stay.

    Text from the cluster may contain escape sequences and bidirectional controls, which must not
    reach the terminal. A Unicode line or paragraph separator (U+2028, U+2029) becomes a space, an
    unpaired surrogate U+FFFD.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_printable, text))


def _printable(char: str) -> str:
    match unicodedata.category(char):
        case "Cc" | "Cf":
            return char if char in "\n\t" else ""
        case "Zl" | "Zp":
            return " "
        case "Cs":
            return "\ufffd"
        case _:
            return char


def first_names(names: Sequence[str], limit: int) -> str:
    """The first `limit` names, and the number of the others."""
    more = len(names) - limit
    return ", ".join(names[:limit]) + (f" and {more} more" if more > 0 else "")


def counted(number: int, noun: str, plural: str = "") -> str:
    """The number with its noun: "1 pod", "2 pods", "2 entries" (with `plural`)."""
    return f"{number} {noun if number == 1 else plural or f'{noun}s'}"


def one_line(text: str) -> str:
    """`text` as one line without control characters; line ends and tabs become spaces."""
    return printable(" ".join(text.splitlines())).replace("\t", " ")


def near(word: str, known: Iterable[str], count: int = 3, likeness: float = 0.6) -> list[str]:
    """Up to `count` words of `known` that resemble `word`, the nearest first.

    `likeness` is the least similarity that counts; 1 is the same word.
    """
    import difflib

    return difflib.get_close_matches(word, list(known), n=count, cutoff=likeness)


def meant(word: str, known: Iterable[str]) -> str:
    """The text `; did you mean a or b?` for the end of an error; "" if no known word is similar."""
    found = near(word, known)
    return f"; did you mean {' or '.join(found)}?" if found else ""


# What fits into a terminal


class Size(NamedTuple):
    """A terminal's columns and rows."""

    width: int
    height: int


def columns(text: str) -> int:
    """The columns that a terminal needs for `text`.

    A wide character takes two columns, a combining character none.
    """
    if text.isascii() or max(text.replace(CUT, ""), default="") < COMBINING:
        return len(text)
    from rich.cells import cell_len  # Loading its tables takes 10 ms, and few texts need them.

    return cell_len(text)


def padded(text: str, width: int) -> str:
    """`text`, filled up with spaces to `width` columns."""
    return text + " " * (width - columns(text))


def beginning(text: str, width: int) -> str:
    """As much of the beginning of `text` as fits into `width` columns."""
    end = len(text) if columns(text) <= width else max(0, width)
    while end and columns(text[:end]) > width:
        end -= 1
    return text[:end]


def ending(text: str, width: int) -> str:
    """As much of the end of `text` as fits into `width` columns."""
    start = max(0, len(text) - max(0, width))
    while start < len(text) and columns(text[start:]) > width:
        start += 1
    return text[start:]


def cut(line: str, width: int | None) -> str:
    """`line` in at most `width` columns; CUT replaces the missing end. None: no limit."""
    if width is None or columns(line) <= width:
        return line
    return beginning(line, width - 1) + CUT


def cut_inside(name: str, width: int) -> str:
    """`name` in at most `width` columns; CUT replaces its middle: a third stays before it."""
    if columns(name) <= width:
        return name
    head = beginning(name, (width - 1) // 3)
    tail = ending(name, width - 1 - columns(head))
    return f"{head}{CUT}{tail}"


def wrapped(text: str, width: int, most: int | None = None) -> list[str]:
    """`text` in lines of at most `width` columns, broken between words if possible.

    `most` is the maximum number of lines, of which the last one is cut; None: no maximum.
    """
    lines = _lines(text, max(8, width)) or [""]
    if most is None or len(lines) <= most:
        return lines
    return [*lines[: most - 1], cut(" ".join(lines[most - 1 :]), max(8, width))]


def _lines(text: str, width: int) -> list[str]:
    if columns(text) == len(text):
        import textwrap

        return textwrap.wrap(text, width, break_on_hyphens=False)
    # Python's textwrap counts characters, not columns.
    lines: list[str] = []
    for word in text.split():
        if lines and columns(lines[-1]) + 1 + columns(word) <= width:
            lines[-1] += f" {word}"
            continue
        while columns(word) > width:
            part = beginning(word, width)
            lines.append(part)
            word = word[len(part) :]
        lines.append(word)
    return lines


def hanging(line: str, width: int) -> str:
    """`line` wrapped to `width` columns; its continuation lines are indented by two more."""
    indent = line[: len(line) - len(line.lstrip())]
    return indent + f"\n{indent}  ".join(wrapped(line.strip(), width - len(indent) - 2))


def broken(text: str, width: int | None) -> str:
    """`text` with every line wrapped that is longer than `width` columns; None: unchanged.

    A line that begins with `next:` stays whole: users copy the command in it.
    """
    if width is None:
        return text

    def fits(line: str) -> bool:
        return columns(line) <= width or line.lstrip().startswith("next:")

    lines = text.split("\n")
    return "\n".join(line if fits(line) else hanging(line, width) for line in lines)

"""Text from the cluster, made safe and fitted for a terminal; suggestions for misspelled words."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from typing import NamedTuple

CUT = "…"
COMBINING = "\u0300"
"""The first character that takes no column; wide characters come after it. CUT takes one column."""


def printable(text: str) -> str:
    """`text` without control and formatting characters; line ends and tabs stay.

    A message or a name from the cluster may hold escape sequences, or marks that turn the direction
    of writing. Neither may reach the terminal. A character that other programs take for a line end
    (U+2028) becomes a space, half a surrogate pair U+FFFD.
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
    """`number` and its noun, which agree: "1 pod", "2 pods", "2 entries" (with `plural`)."""
    return f"{number} {noun if number == 1 else plural or f'{noun}s'}"


def one_line(text: str) -> str:
    """`text`, printable, in one line: no text from the cluster adds lines to the output."""
    return printable(" ".join(text.splitlines())).replace("\t", " ")


def near(word: str, known: Iterable[str], count: int = 3, likeness: float = 0.6) -> list[str]:
    """Up to `count` words of `known` that resemble `word`, the nearest first.

    `likeness` is the least similarity that counts; 1 is the same word.
    """
    import difflib

    return difflib.get_close_matches(word, list(known), n=count, cutoff=likeness)


def meant(word: str, known: Iterable[str]) -> str:
    """`; did you mean a or b?`, for the end of an error; empty if no known word is like `word`."""
    found = near(word, known)
    return f"; did you mean {' or '.join(found)}?" if found else ""


# What fits into a terminal


class Size(NamedTuple):
    """A terminal's columns and rows."""

    width: int
    height: int


def columns(text: str) -> int:
    """The columns that a terminal needs for `text`.

    A wide character takes two, an accent that is a character of its own none.
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
    """`name` in at most `width` columns: CUT replaces its middle, more of the end stays."""
    if columns(name) <= width:
        return name
    head = beginning(name, (width - 1) // 3)
    tail = ending(name, width - 1 - columns(head))
    return f"{head}{CUT}{tail}"


def wrapped(text: str, width: int, most: int | None = None) -> list[str]:
    """`text` in lines of at most `width`, broken between words where that is possible.

    With `most` there are at most that many lines, and the last one is cut.
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
    """`line` broken at `width`; further lines are indented by two more columns."""
    indent = line[: len(line) - len(line.lstrip())]
    return indent + f"\n{indent}  ".join(wrapped(line.strip(), width - len(indent) - 2))


def broken(text: str, width: int | None) -> str:
    """`text` with every line broken that is longer than `width`; None: unchanged.

    A line that begins with `next:` stays whole: users copy the command in it.
    """
    if width is None:
        return text

    def fits(line: str) -> bool:
        return columns(line) <= width or line.lstrip().startswith("next:")

    lines = text.split("\n")
    return "\n".join(line if fits(line) else hanging(line, width) for line in lines)

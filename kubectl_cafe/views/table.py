"""The one table renderer: columns without borders, as kubectl prints them."""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_cafe import light
from kubectl_cafe.text import CUT, cut, printable, wrapped

with light.imports():
    from tabulate import tabulate

WHOLE = ("Next",)
"""Fields that are never wrapped: a command is there to be copied."""


def table(
    headers: Sequence[str],
    rows: Sequence[Sequence[object]],
    *,
    width: int | None = None,
    ranks: Sequence[int] = (),
) -> str:
    """Rows under upper-case headers; an empty cell is a dash.

    No line is longer than `width`: columns are dropped by their rank, the highest first, the
    later of equals first, those of rank 0 never; then the names of the first column lose the
    beginning that they share, and at last lines are cut. None: whole lines.
    """
    shown = [[printable(str(cell)) or "-" for cell in row] for row in rows]
    kept = list(range(len(headers)))
    while width is not None and _wide(_plain(headers, shown, kept)) > width:
        droppable = [column for column in kept if column < len(ranks) and ranks[column]]
        if not droppable:
            shown = _without_shared_beginning(shown)
            break
        kept.remove(max(droppable, key=lambda column: (ranks[column], column)))
    return "\n".join(cut(line, width) for line in _plain(headers, shown, kept))


def _plain(headers: Sequence[str], rows: Sequence[Sequence[str]], kept: Sequence[int]) -> list[str]:
    heads = [headers[column].upper() for column in kept]
    cells = [[row[column] for column in kept] for row in rows]
    text = tabulate(cells, heads, tablefmt="plain", disable_numparse=True)
    return [line.rstrip() for line in text.splitlines()]


def _wide(lines: Sequence[str]) -> int:
    return max(map(len, lines), default=0)


def _without_shared_beginning(rows: list[list[str]]) -> list[list[str]]:
    names = [row[0] for row in rows]
    first, last = min(names, default=""), max(names, default="")
    same = (a == b for a, b in zip(first, last, strict=False))
    shared = next((n for n, alike in enumerate(same) if not alike), 0)
    if shared < 4:
        return rows
    return [[CUT + row[0][shared:], *row[1:]] for row in rows]


def fields(
    pairs: Sequence[tuple[str, str]], *, width: int | None = None, most: int | None = None
) -> str:
    """`Name:  value` lines, as `kubectl describe` prints them; empty values are left out.

    With `width` long values are wrapped with a hanging indent, in at most so many lines;
    commands are left whole.
    """
    shown = [(f"{name}:", printable(value)) for name, value in pairs if value]
    indent = max((len(name) for name, _ in shown), default=0) + 2
    lines: list[str] = []
    for name, value in shown:
        whole = width is None or name.removesuffix(":") in WHOLE
        parts = [value] if whole or width is None else wrapped(value, width - indent, most)
        lines += [f"{name:<{indent}}{parts[0]}", *(" " * indent + part for part in parts[1:])]
    return "\n".join(lines)


def age(seconds: float) -> str:
    """A duration as kubectl shows ages."""
    whole = max(0, int(seconds))
    if whole < 120:
        return f"{whole}s"
    if whole < 7200:
        return f"{whole // 60}m{whole % 60}s" if whole < 600 else f"{whole // 60}m"
    if whole < 172800:
        return f"{whole // 3600}h"
    return f"{whole // 86400}d"

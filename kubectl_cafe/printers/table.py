"""The one table renderer: columns without borders, as kubectl prints them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kubectl_cafe.text import CUT, columns, cut, cut_inside, one_line, wrapped

GAP = 2
"""Spaces between two columns."""
PRIVATE = 0xF0000
"""The first of the characters (of a private use area) that replace a cell in `_drawn`."""

WHOLE = ("Next",)
"""Fields that are never wrapped: they hold a command to be copied."""


def table(
    headers: Sequence[str],
    rows: Sequence[Sequence[object]],
    *,
    width: int | None = None,
    ranks: Sequence[int] = (),
    least: Mapping[int, int] | None = None,
) -> str:
    """Rows under upper-case headers; an empty cell is a dash.

    No line is longer than `width` (None: whole lines). First, cells in the columns of `least` are
    cut to that width. Then columns are dropped by their rank, the highest first, of equal ones the
    last first, those of rank 0 never. At last the cells of the widest remaining columns are cut.
    CUT marks what is left out: in a cell, and after the headers for columns.
    """
    heads = [header.upper() for header in headers]
    cells = [[one_line(str(cell)) or "-" for cell in row] for row in rows]
    every = range(len(heads))
    lines = _drawn([heads, *cells], roomy=True)
    if width is None or all(columns(line) <= width for line in lines):
        return "\n".join(lines)
    wide = [max(columns(row[column]) for row in (heads, *cells)) for column in every]
    floor = [min(wide[n], max(columns(heads[n]), (least or {}).get(n, wide[n]))) for n in every]
    kept = list(every)
    while sum(floor[n] for n in kept) > _room(width, kept):
        droppable = [column for column in kept if column < len(ranks) and ranks[column]]
        if not droppable:
            floor = [min(wide[n], (least or {}).get(n, 1)) for n in every]
            break
        kept.remove(max(droppable, key=lambda column: (ranks[column], column)))
    given = _shared_out({n: wide[n] for n in kept}, floor, _room(width, kept))
    shown = [_fitted([row[n] for row in cells], given[n]) for n in kept]
    lines = _drawn([[cut(heads[n], given[n]) for n in kept], *zip(*shown, strict=True)])
    if len(kept) < len(heads) and columns(lines[0]) + GAP + 1 <= width:
        lines[0] += " " * GAP + CUT
    return "\n".join(cut(line, width) for line in lines)


def _drawn(rows: Sequence[Sequence[str]], *, roomy: bool = False) -> list[str]:
    """The lines of a table; with `roomy` the first row is the header row of tabulate.

    tabulate counts characters. A cell that takes more or fewer columns is drawn as one with as many
    characters as columns, and put back afterwards.
    """
    from tabulate import tabulate

    marks: dict[str, str] = {}

    def drawable(cell: str) -> str:
        if columns(cell) in (0, len(cell)):
            return cell
        mark = chr(PRIVATE + len(marks)) * columns(cell)
        marks[mark] = cell
        return mark

    heads, *cells = ([drawable(cell) for cell in row] for row in rows)
    if roomy:
        text = tabulate(cells, heads, tablefmt="plain", disable_numparse=True)
    else:
        text = tabulate([heads, *cells], tablefmt="plain", disable_numparse=True)
    for mark, cell in marks.items():
        text = text.replace(mark, cell)
    return [line.rstrip() for line in text.splitlines()]


def _room(width: int, kept: Sequence[int]) -> int:
    return width - GAP * (len(kept) - 1)


def _shared_out(wide: Mapping[int, int], floor: Sequence[int], room: int) -> dict[int, int]:
    """The width of each column, `room` in all: the widest columns are narrowed, down to `floor`."""
    given = dict(wide)
    while sum(given.values()) > room:
        giving = [column for column in given if given[column] > floor[column]]
        if not giving:
            break
        given[max(giving, key=lambda column: given[column])] -= 1
    return given


def _fitted(cells: Sequence[str], width: int) -> list[str]:
    """The cells of a column, cut to `width`.

    Names are cut at the prefix that all share, if that is enough, else in the middle; texts (with
    spaces) at the end.
    """
    need = max(map(columns, cells), default=0) - width + 1
    if 1 < need <= _alike(cells) and not any(" " in cell for cell in cells):
        return [CUT + cell[need:] for cell in cells]
    return [cut(cell, width) if " " in cell else cut_inside(cell, width) for cell in cells]


def _alike(cells: Sequence[str]) -> int:
    """The number of characters that all cells begin with; 0 if all cells are equal."""
    first, last = min(cells), max(cells)
    same = (a == b for a, b in zip(first, last, strict=False))
    return next((n for n, alike in enumerate(same) if not alike), 0)


def fields(
    pairs: Sequence[tuple[str, str]], *, width: int | None = None, most: int | None = None
) -> str:
    """`Name: value` lines, as `kubectl describe` prints them; empty values are left out.

    With `width` long values are wrapped with a hanging indent, in at most `most` lines; commands
    stay whole.
    """
    shown = [(f"{name}:", one_line(value)) for name, value in pairs if value]
    indent = max((len(name) for name, _ in shown), default=0) + 2
    lines: list[str] = []
    for name, value in shown:
        whole = width is None or name.removesuffix(":") in WHOLE
        parts = [value] if whole or width is None else wrapped(value, width - indent, most)
        lines += [f"{name:<{indent}}{parts[0]}", *(" " * indent + part for part in parts[1:])]
    return "\n".join(lines)

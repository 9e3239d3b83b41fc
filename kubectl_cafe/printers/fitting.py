"""Fits blocks of lines into the rows of a terminal: the most urgent blocks get rows first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.text import Text

from kubectl_cafe.text import CUT, cut


@dataclass(frozen=True)
class Block:
    """Lines that belong together. Every block gets `least` rows before any gets more.

    `rank` is the order in which blocks get rows, 0 first. A note `... and N more WHAT` counts the
    lines that are left out, and `beyond` further ones; no note if `what` is empty. The first
    `heads` lines are headers, which are not shown without a line after them.
    """

    lines: Sequence[Text]
    rank: int
    least: int = 1
    what: str = ""
    heads: int = 0
    beyond: int = 0


def fitted(blocks: Sequence[Block], height: int, width: int) -> list[Text]:
    """The blocks in their order, in `height` rows: the least of each by rank, then the rest."""
    given = [0] * len(blocks)
    ranked = sorted(range(len(blocks)), key=lambda place: blocks[place].rank)
    room = height
    for wanted in ([block.least for block in blocks], [len(block.lines) for block in blocks]):
        for place in ranked:
            block = blocks[place]
            more = min(wanted[place], len(block.lines), given[place] + room) - given[place]
            if more > 0 and given[place] + more > block.heads:
                given[place] += more
                room -= more
    shown: list[Text] = []
    for block, rows in zip(blocks, given, strict=True):
        shown += _shortened(block, rows, width)
    return shown


def _shortened(block: Block, rows: int, width: int) -> Sequence[Text]:
    """The first `rows` lines of the block; the last of them counts the lines left out."""
    if (rows >= len(block.lines) and not block.beyond) or not rows:
        return block.lines[:rows]
    if not block.what or rows <= block.heads + 1:
        last = block.lines[rows - 1].copy()
        last.truncate(max(0, width - 2))
        return [*block.lines[: rows - 1], last.append(f" {CUT}")]
    missing = len(block.lines) + block.beyond - rows + 1
    note = Text(cut(f"{CUT} and {missing} more {block.what}", width), "dim")
    return [*block.lines[: rows - 1], note]

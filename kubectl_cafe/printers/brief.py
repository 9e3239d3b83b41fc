"""Shorter forms of a status for a terminal: without repetitions, and cut to its size."""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_cafe.printers.changes import changes_text
from kubectl_cafe.status.model import CellLine, ImageChange
from kubectl_cafe.text import columns
from kubectl_cafe.waits import Wait, listed

LABELS = len("Waiting for:  ")
"""The columns of the longest label in the head of a status."""


def versions(
    source: str, target: str, changes: Sequence[ImageChange], width: int | None
) -> Sequence[tuple[str, str]]:
    """The labelled revisions; the image changes instead, if the revisions take more than a line."""
    whole = (("From", source), ("To", target))
    if not width or not changes or all(columns(text) + LABELS <= width for _, text in whole):
        return whole
    return (("Images", f"{changes_text(changes)} ({revisions(source, target)})"),)


def revisions(source: str, target: str) -> str:
    """`revision 1 -> revision 2`, without their images."""
    numbers = (text.partition(" (")[0] for text in (source, target))
    return " -> ".join(number for number in numbers if number)


def awaited(waits: Sequence[Wait], failure: str) -> str:
    """The text of the waits, without those whose trouble is shown already as `failure`.

    They are recognized by pod and reason (`Wait.without`), because their messages change.
    """
    return listed([left for one in waits if (left := one.without(failure))])


def rows(text: str, width: int | None) -> int:
    """The rows that a terminal of `width` columns needs for `text`; it breaks longer lines."""
    lines = text.split("\n")
    return sum(max(1, -(-columns(line) // width)) if width else 1 for line in lines)


def group_progress(cell: CellLine, number: int, current: int) -> str:
    """How far the cell is in the group `number`: upgraded pods of its count.

    In a group that removes pods: the pods that there are, and how many it leaves. A group before
    the `current` one counts no pod that was removed since.
    """
    count = cell.groups[number - 1]
    if number < current:
        count = min(count, cell.pods)
    if cell.groups[number - 1] < max(cell.groups[:number]):
        return f"{cell.pods} -> {count}" if cell.pods > count else str(count)
    return f"{min(cell.updated, count)}/{count}"

"""The time axis: from seconds to places on the page, with long waits drawn shorter. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

WIDTH = 1000.0
"""The length of the axis: places are numbers from 0 to WIDTH."""
SHARE, SHARES = 1 / 8, 1 / 2
"""The longest that one wait, and all waits together, are drawn, as parts of the busy time."""
APART = 90.0
"""The least distance between two labels."""
STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400)

Stretch = tuple[float, float]
"""Start and end, in seconds since the epoch."""


@dataclass(frozen=True)
class Piece:
    """A stretch of time and where it is drawn; `cut`: it is drawn shorter than it was."""

    start: float
    end: float
    left: float
    right: float
    cut: bool

    def place(self, at: float) -> float:
        """Where `at` is drawn; a time outside of the piece is drawn at the nearer end."""
        part = (at - self.start) / (self.end - self.start) if self.end > self.start else 0.0
        return self.left + (self.right - self.left) * min(1.0, max(0.0, part))


@dataclass(frozen=True)
class Axis:
    """The time axis: consecutive pieces of time, drawn side by side from place 0 to place WIDTH."""

    pieces: tuple[Piece, ...]

    @property
    def start(self) -> float:
        """The time at which the axis begins."""
        return self.pieces[0].start

    def place(self, at: float) -> float:
        """Where the time `at` is drawn; a time outside of the axis is drawn at the nearer end."""
        piece = next((p for p in self.pieces if at <= p.end), self.pieces[-1])
        return piece.place(at)

    def ticks(self) -> Iterator[tuple[float, float]]:
        """The times to label, with their places, far enough apart to be read."""
        last = -APART
        for piece in self.pieces:
            for at in _moments(piece):
                place = piece.place(at)
                if place - last >= APART and (place <= WIDTH - APART / 2 or not place):
                    yield at, place
                    last = place


def axis(start: float, end: float, busy: Iterable[Stretch]) -> Axis:
    """The axis from `start` to `end`, on which long waits between `busy` stretches are shortened.

    Otherwise the restarts could not be seen in a release that waits all night for a confirmation.
    Without a busy stretch nothing is shortened.
    """
    end = max(end, start + 1.0)
    whole = [p for p in _alternating(start, end, _union(start, end, busy)) if p[1] > p[0]]
    worked = sum(b - a for a, b, quiet in whole if not quiet)
    waits = [b - a for a, b, quiet in whole if quiet]
    most = worked * min(SHARE, SHARES / len(waits)) if waits and worked else end - start
    shown = [min(b - a, most) if quiet else b - a for a, b, quiet in whole]
    scale = WIDTH / sum(shown)
    pieces, left = [], 0.0
    for (a, b, _), length in zip(whole, shown, strict=True):
        right = left + length * scale
        pieces.append(Piece(a, b, left, right, length < b - a))
        left = right
    return Axis(tuple(pieces))


def _union(start: float, end: float, busy: Iterable[Stretch]) -> list[Stretch]:
    """The busy stretches between `start` and `end`, with overlapping ones merged."""
    found: list[Stretch] = []
    for a, b in sorted((max(a, start), min(b, end)) for a, b in busy):
        if a > b:
            continue
        if found and a <= found[-1][1]:
            found[-1] = (found[-1][0], max(b, found[-1][1]))
        else:
            found.append((a, b))
    return found


def _alternating(
    start: float, end: float, busy: list[Stretch]
) -> Iterator[tuple[float, float, bool]]:
    """(start, end, quiet) of all stretches from `start` to `end`, in turn quiet and busy."""
    edges = [(start, start), *busy, (end, end)]
    for (_, before), (a, b) in pairwise(edges):
        yield before, a, True
        yield a, b, False


def _moments(piece: Piece) -> Iterator[float]:
    """The start of the piece, and round times in it at least APART; none if it is cut."""
    yield piece.start
    if piece.cut:
        return
    scale = (piece.right - piece.left) / (piece.end - piece.start)
    step = next((s for s in STEPS if s * scale >= APART), STEPS[-1])
    at = (piece.start // step + 1) * step
    while at < piece.end:
        yield at
        at += step

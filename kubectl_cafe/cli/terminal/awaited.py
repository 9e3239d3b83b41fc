"""When plain lines say what a release waits for: at every change, and not too often."""

from __future__ import annotations

import re
from collections.abc import Sequence

PACE = 5.0
"""Seconds between two such lines, and after a move: what passes sooner is no line."""
_COUNTDOWN = re.compile(r"\d+ s\b")


class Awaited:
    """What was last said to be awaited, and when."""

    def __init__(self) -> None:
        self._said: tuple[str, ...] = ()
        self._since: float | None = None

    def moved(self) -> None:
        """The release has moved: what is awaited is said anew, if it lasts."""
        self._said, self._since = (), None

    def news(self, waits: Sequence[str], now: float) -> str:
        """What is awaited at `now`, in seconds, in words; empty where there is nothing to say.

        A figure that only counts down is no change.
        """
        timeless = tuple(_COUNTDOWN.sub("", text) for text in waits)
        if self._since is None:
            self._since = now
        if timeless == self._said or now - self._since < PACE:
            return ""
        self._said, self._since = timeless, now
        return "; ".join(waits)

"""When plain lines print what a release waits for: at a change, and not too often."""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_cafe import durations

PACE = 5.0
"""Seconds between two such lines, and after a move. A shorter wait gets no line."""


class Awaited:
    """The waits that were last printed, and when."""

    def __init__(self) -> None:
        self._said: tuple[str, ...] = ()
        self._since: float | None = None

    def moved(self) -> None:
        """Note a move of the release: waits that last are printed again."""
        self._said, self._since = (), None

    def news(self, waits: Sequence[str], now: float) -> str:
        """The text of the waits to print at `now` (seconds); empty if there is nothing to print.

        A number that only counts down is no change.
        """
        timeless = tuple(durations.timeless(text) for text in waits)
        if self._since is None:
            self._since = now
        if timeless == self._said or now - self._since < PACE:
            return ""
        self._said, self._since = timeless, now
        return "; ".join(waits)

"""Decides when plain lines show the waits of a release: after a change, at most once in PACE."""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_cafe import durations

PACE = 5.0
"""The least seconds between two such lines, and after a move. Shorter waits are not printed."""


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

"""What is awaited for long is said, what passes at once is not."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

LONG = 5.0
"""Seconds after which a person is told what is awaited."""


_SECONDS = re.compile(r" \(at most \d+ s more\)")
"""What of a wait changes by the clock alone."""


@dataclass
class Lasting:
    """Says what is awaited, once it has been for long; no line for what passes at once.

    `begun` is when the pod's way, or the way back from it, was begun.
    """

    says: Callable[[str], None]
    begun: float = 0.0
    awaited: tuple[str, ...] = ()
    since: float = 0.0
    said: bool = False

    def waits(self, awaited: tuple[str, ...], now: float) -> None:
        """What is awaited at `now`, in seconds."""
        awaited = tuple(_SECONDS.sub("", one) for one in awaited)
        if awaited != self.awaited:
            self.awaited, self.since, self.said = awaited, now, False
        if awaited and not self.said and now - self.since >= LONG:
            self.said = True
            self.says(f"  waits for {'; '.join(awaited)}")

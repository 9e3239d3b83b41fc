"""Reports the waits of a repair that last long."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

LONG = 5.0
"""Seconds after which a wait is reported."""


_COUNTDOWN = re.compile(r" \(at most \w+ more\)")
"""The remaining time in a wait's text: without it a wait has the same text at any time."""


@dataclass
class Lasting:
    """Reports waits that last for `LONG`, once each; shorter ones are not reported.

    `says` gets the text. `begun` is when the repair of the pod, or its reopening after a failure,
    began (monotonic seconds).
    """

    says: Callable[[str], None]
    begun: float = 0.0
    awaited: tuple[str, ...] = ()
    since: float = 0.0
    said: bool = False

    def waits(self, awaited: tuple[str, ...], now: float) -> None:
        """Update with the waits at `now`, in seconds."""
        awaited = tuple(_COUNTDOWN.sub("", one) for one in awaited)
        if awaited != self.awaited:
            self.awaited, self.since, self.said = awaited, now, False
        if awaited and not self.said and now - self.since >= LONG:
            self.said = True
            self.says(f"  waiting for {'; '.join(awaited)}")

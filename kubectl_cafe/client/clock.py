"""Time that goes on while a laptop sleeps."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """What the package needs of time; tests bring their own."""

    def monotonic(self) -> float:
        """Seconds since some fixed moment; never goes back, runs on during sleep."""
        ...

    def time(self) -> float:
        """Seconds since the epoch, as this machine believes."""
        ...

    def sleep(self, seconds: float) -> None:
        """Return after `seconds`."""
        ...


_SLEEPLESS = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""Linux has a clock of its own for this; macOS' monotonic one runs on by itself."""


class BootClock:
    """The machine's own clocks.

    `time.monotonic()` stands still during sleep on Linux, and a lease that ran out
    meanwhile would look fresh.
    """

    def monotonic(self) -> float:
        """Seconds since boot, sleep included."""
        return time.clock_gettime(_SLEEPLESS)

    def time(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Block this thread."""
        time.sleep(seconds)

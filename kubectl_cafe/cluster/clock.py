"""Time that goes on while a laptop sleeps."""

from __future__ import annotations

import sys
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


class BootClock:
    """The machine's own clocks.

    `time.monotonic()` stands still during sleep on Linux, and a lease that ran out
    meanwhile would look fresh; CLOCK_BOOTTIME does not, nor does macOS' CLOCK_MONOTONIC.
    """

    def monotonic(self) -> float:
        """Seconds since boot, sleep included."""
        if sys.platform == "linux":
            return time.clock_gettime(time.CLOCK_BOOTTIME)
        return time.clock_gettime(time.CLOCK_MONOTONIC)

    def time(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Block this thread."""
        time.sleep(seconds)

"""Time that goes on while a laptop sleeps."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol


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


def running_on(clocks: Any = time) -> Callable[[], float]:
    """The clock of `clocks`, a module like `time`, that runs on while the machine sleeps.

    Linux has one of its own for that. macOS' and Windows' monotonic ones run on; Windows has no
    clock_gettime.
    """
    for name in ("CLOCK_BOOTTIME", "CLOCK_MONOTONIC"):
        if hasattr(clocks, name):
            return partial(clocks.clock_gettime, getattr(clocks, name))
    monotonic: Callable[[], float] = clocks.monotonic
    return monotonic


class BootClock:
    """The machine's own clocks.

    `time.monotonic()` stands still during sleep on Linux, and a lease that ran out
    meanwhile would look fresh.
    """

    def __init__(self) -> None:
        self._monotonic = running_on()

    def monotonic(self) -> float:
        """Seconds since boot, sleep included."""
        return self._monotonic()

    def time(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Block this thread."""
        time.sleep(seconds)

"""Clocks that continue while a laptop sleeps."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol


class Clock(Protocol):
    """The clock that the package needs; tests replace it."""

    def monotonic(self) -> float:
        """Seconds since some fixed moment; never goes back, continues during sleep."""
        ...

    def time(self) -> float:
        """Seconds since the epoch, by this machine's clock."""
        ...

    def sleep(self, seconds: float) -> None:
        """Return after `seconds`."""
        ...


def running_on(clocks: Any = time) -> Callable[[], float]:
    """The function of `clocks` (a module like `time`) whose clock continues during sleep.

    Linux has CLOCK_BOOTTIME for that. The monotonic clocks of macOS and Windows continue; Windows
    has no clock_gettime.
    """
    for name in ("CLOCK_BOOTTIME", "CLOCK_MONOTONIC"):
        if hasattr(clocks, name):
            return partial(clocks.clock_gettime, getattr(clocks, name))
    monotonic: Callable[[], float] = clocks.monotonic
    return monotonic


class BootClock:
    """This machine's clocks.

    `time.monotonic()` stops during sleep on Linux, so a lease that expires during sleep would
    appear valid.
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

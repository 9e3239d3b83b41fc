"""Estimates the API server's clock from the Date headers of its answers."""

from __future__ import annotations

import threading
from email.utils import parsedate_to_datetime

from kubectl_cafe.client.clock import Clock


class ServerTime:
    """An estimate of the server's clock that gets narrower with every answer.

    A Date header has whole seconds and was written between sending and receiving, so each answer
    bounds the offset from both sides. The bounds are intersected. The offset is relative to the
    monotonic clock, so setting this machine's clock has no effect. Answers that contradict the
    bounds (another server, a clock that was set) start the estimate again.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._bounds: tuple[float, float] | None = None

    def observe(self, date: str | None, sent: float, received: float) -> None:
        """Add one answer; `sent` and `received` are by the monotonic clock."""
        if not date:
            return
        try:
            stamp = parsedate_to_datetime(date).timestamp()
        except ValueError:
            return
        low, high = stamp - received, stamp + 1.0 - sent
        with self._lock:
            if self._bounds is not None:
                narrow = max(low, self._bounds[0]), min(high, self._bounds[1])
                if narrow[0] <= narrow[1]:
                    low, high = narrow
            self._bounds = low, high

    def now(self) -> float:
        """Epoch seconds; by this machine's clock before the first answer."""
        with self._lock:
            if self._bounds is None:
                return self._clock.time()
            return self._clock.monotonic() + (self._bounds[0] + self._bounds[1]) / 2

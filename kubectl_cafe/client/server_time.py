"""Estimates the API server's clock from the Date headers of its answers."""

from __future__ import annotations

import threading
from email.utils import parsedate_to_datetime

from kubectl_cafe.client.clock import Clock


class ServerTime:
    """An estimate of the server's clock that gets narrower with every answer.

    A Date header has whole seconds and was written between sending and receiving. So each answer
    gives a lower and an upper bound of the offset between the server's clock and the monotonic
    clock of this machine, and the bounds are intersected. Setting this machine's clock has no
    effect. An answer that contradicts the bounds (another server, a clock that was set) starts the
    estimate again.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._bounds: tuple[float, float] | None = None

    def observe(self, date: str | None, sent: float, received: float) -> None:
        """Add the Date header of one answer; `sent` and `received` are monotonic seconds."""
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
        """The server's time in epoch seconds; this machine's time before the first answer."""
        with self._lock:
            if self._bounds is None:
                return self._clock.time()
            return self._clock.monotonic() + (self._bounds[0] + self._bounds[1]) / 2

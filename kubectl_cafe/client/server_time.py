"""The API server's clock, from the Date header of its answers."""

from __future__ import annotations

import threading
from email.utils import parsedate_to_datetime

from kubectl_cafe.client.clock import Clock


class ServerTime:
    """An estimate that gets narrower with every answer.

    A Date header is cut to whole seconds and was written somewhere between sending and
    receiving, so each answer bounds the offset from both sides; the bounds are
    intersected. Kept against the monotonic clock: setting this machine's clock changes
    nothing. Answers that contradict (another server, a clock that was set) start anew.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._bounds: tuple[float, float] | None = None

    def observe(self, date: str | None, sent: float, received: float) -> None:
        """Take in one answer; `sent` and `received` are by the monotonic clock."""
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
        """Epoch seconds; this machine's own before the first answer."""
        with self._lock:
            if self._bounds is None:
                return self._clock.time()
            return self._clock.monotonic() + (self._bounds[0] + self._bounds[1]) / 2

"""What can go wrong with a request on its way, as values."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Request:
    """One request that came: `number` counts all of them from 1, `write` the writes (0: none)."""

    number: int
    write: int
    method: str
    path: str
    query: str
    body: bytes

    @property
    def json(self) -> Any:
        """The body."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Fault:
    """What happens to a request that it is for.

    In this order: `seconds` are waited; `before` is called; with `code` that status is answered
    and nothing forwarded; with `lost` the connection is reset, `committed` says whether the
    request was forwarded first; `after` is called once the server has answered. `stall` never
    answers.
    """

    seconds: float = 0.0
    before: Callable[[Request], object] | None = None
    code: int = 0
    message: str = "the proxy was told to say so"
    headers: dict[str, str] = field(default_factory=dict)
    lost: bool = False
    committed: bool = True
    after: Callable[[Request], object] | None = None
    stall: bool = False


def killed_before(kill: Callable[[], object]) -> Fault:
    """The client dies when it has sent the request, and the server never hears of it."""
    return Fault(before=lambda _: kill(), lost=True, committed=False)


def killed_after(kill: Callable[[], object]) -> Fault:
    """The request is committed, then the client dies without having read the answer."""
    return Fault(after=lambda _: kill(), lost=True)


class Held:
    """Keeps requests on their way to the server until `let_go`, while who sent them waits.

    It holds a few at a time, and forgets to after two minutes.
    """

    def __init__(self) -> None:
        self._arrived = threading.Event()
        self._free = threading.Event()
        self.fault = Fault(before=self._hold)

    def _hold(self, _request: Request) -> None:
        self._arrived.set()
        self._free.wait(LONGEST_HOLD)

    def wait(self, seconds: float = 30.0) -> None:
        """Until the first one is held. Raises TimeoutError."""
        if not self._arrived.wait(seconds):
            raise TimeoutError(f"no such request came within {seconds:.0f} s")

    def let_go(self) -> None:
        """Forward them, and hold no more."""
        self._free.set()


LONGEST_HOLD = 120.0
"""Seconds after which a held request is let go: a test that failed must not hang."""
LOST_ANSWER = Fault(lost=True)
"""Committed, but the client meets a connection reset instead of the answer."""
LOST_REQUEST = Fault(lost=True, committed=False)
"""Connection reset, and the server never hears of it."""
STALL = Fault(stall=True)
"""Never answered, never forwarded."""

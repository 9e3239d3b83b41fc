"""Calls a check directly before a request is sent, and notes whether the request was sent.

urllib3 connects and sends in one call. The connections of this module connect first, then call
`before` (the check of the lease), then mark the attempt as sent. So after an earlier failure the
request was certainly not sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from kubectl_cafe.client._libraries import urllib3


@dataclass
class Attempt:
    """One attempt of a request: the last check before it is sent, and whether it was sent."""

    before: Callable[[], None] | None
    sent: bool = False


_current: ContextVar[Attempt | None] = ContextVar("attempt", default=None)


@contextmanager
def attempt(before: Callable[[], None] | None) -> Iterator[Attempt]:
    """A context in which all requests of this thread are one attempt."""
    this = Attempt(before)
    token = _current.set(this)
    try:
        yield this
    finally:
        _current.reset(token)


def _about_to_send() -> None:
    this = _current.get()
    if this is None:
        return
    if this.before is not None:
        this.before()
    this.sent = True


class _Hooked:
    """A connection that connects, then calls the attempt's `before`, then sends the request.

    The other order would let a lease expire unnoticed while the connection is made.
    """

    sock: Any
    connect: Callable[[], None]

    def request(self, *args: Any, **kwargs: Any) -> None:
        if self.sock is None:
            self.connect()
        _about_to_send()
        super().request(*args, **kwargs)  # type: ignore[misc]


def _hooked(pool: type[Any]) -> type[Any]:
    connection = type(pool.ConnectionCls.__name__, (_Hooked, pool.ConnectionCls), {})
    return type(pool.__name__, (pool,), {"ConnectionCls": connection})


def install(manager: urllib3.PoolManager) -> None:
    """Make `manager` (also a ProxyManager) open connections of the class `_Hooked`."""
    manager.pool_classes_by_scheme = {
        scheme: _hooked(pool) for scheme, pool in manager.pool_classes_by_scheme.items()
    }

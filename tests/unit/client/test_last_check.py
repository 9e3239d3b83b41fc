"""The last check before a write, made when the connection is up."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import pytest
from urllib3.util import connection

from kubectl_cafe.client.transport import PatchKind, Transport
from tests.unit.client.conftest import POD, PODS
from tests.unit.client.stub import Stub


def test_what_the_last_check_raises_keeps_the_write_from_being_sent(
    stub: Stub, transport: Transport
) -> None:
    class TooLateError(Exception):
        pass

    def check() -> None:
        raise TooLateError

    session = transport.session(check)
    writes: list[Callable[[], object]] = [
        lambda: session.create(PODS, {}),
        lambda: session.replace(POD, {}),
        lambda: session.patch(POD, {}, PatchKind.MERGE),
        lambda: session.delete(POD),
    ]
    for write in writes:
        with pytest.raises(TooLateError):
            write()
    assert stub.asked == []


def test_the_last_check_is_made_when_the_connection_is_up(
    stub: Stub, transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    real = connection.create_connection

    def connecting(*args: Any, **kwargs: Any) -> socket.socket:
        order.append("connected")
        return real(*args, **kwargs)

    monkeypatch.setattr(connection, "create_connection", connecting)
    transport.session(lambda: order.append("checked")).replace(POD, {})
    assert order == ["connected", "checked"]


def test_reads_and_unguarded_writes_go_past_the_last_check(
    stub: Stub, transport: Transport
) -> None:
    checks: list[int] = []
    session = transport.session(lambda: checks.append(1))
    session.get(POD)
    session.replace(POD, {}, needs_lease=False)
    assert checks == []

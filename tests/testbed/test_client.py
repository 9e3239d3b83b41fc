"""The tests' own client leaves nothing open."""

from __future__ import annotations

import gc
import http.client
import socket
import warnings
from typing import Any

from testbed.client import _Kept


def test_a_kept_connection_that_is_collected_in_a_cycle_is_closed_first() -> None:
    """A failed test's traceback holds its client in a cycle."""
    with warnings.catch_warnings(record=True) as caught, socket.create_server(("", 0)) as server:
        warnings.simplefilter("always")
        connection = http.client.HTTPConnection("127.0.0.1", server.getsockname()[1])
        connection.connect()
        cycle: list[Any] = [connection.sock, connection, _Kept(connection)]
        cycle.append(cycle)
        del connection, cycle
        gc.collect()
    assert [str(one.message) for one in caught] == []

"""A server that is far away: the same one, through a relay that holds back what it passes on."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from testbed.controlplane import ControlPlane

AWAY = 0.02
"""Seconds in each direction: the other end of a continent."""
CHUNK = 1 << 16


@contextmanager
def far(plane: ControlPlane, folder: Path) -> Iterator[Path]:
    """A kubeconfig in `folder` for the server of `plane`, AWAY seconds away."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        port = urlsplit(plane.server).port or 443
        here = asyncio.run_coroutine_threadsafe(_relay(port), loop).result()
        kubeconfig = folder / "far"
        text = plane.kubeconfig.read_text()
        kubeconfig.write_text(text.replace(plane.server, f"https://127.0.0.1:{here}"))
        yield kubeconfig
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


async def _relay(port: int) -> int:
    """Take connections for the local `port`; where."""

    async def taken(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A connection is there once its first packet has gone there and back.
        await asyncio.sleep(2 * AWAY)
        beyond, out = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(_passed(reader, out), _passed(beyond, writer))

    server = await asyncio.start_server(taken, "127.0.0.1", 0)
    return int(server.sockets[0].getsockname()[1])


async def _passed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass on each chunk once it has been on its way; an end ends the other side, too."""
    loop = asyncio.get_running_loop()
    while True:
        try:
            chunk = await reader.read(CHUNK)
        except ConnectionError:
            chunk = b""
        if not chunk:
            loop.call_later(AWAY, writer.close)
            return
        loop.call_later(AWAY, writer.write, chunk)

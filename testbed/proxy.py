"""A proxy before the API server that breaks what a test tells it to break."""

from __future__ import annotations

import asyncio
import itertools
import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar
from weakref import WeakSet

import aiohttp
from aiohttp import web
from multidict import CIMultiDict

from testbed.controlplane import ControlPlane
from testbed.credentials import write_kubeconfig
from testbed.faults import Fault, Request

WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
ASKS = ("selfsubjectaccessreviews", "selfsubjectrulesreviews", "selfsubjectreviews")
"""Resources that are asked by POST and change nothing."""
GONE = {
    "kind": "Status",
    "apiVersion": "v1",
    "status": "Failure",
    "reason": "Expired",
    "message": "too old resource version",
    "code": 410,
}


Answer = TypeVar("Answer")
Matcher = Callable[[Request], bool]
Stream = asyncio.Queue[bytes | None]
END = b""
"""In a Stream: an orderly end."""
CUT = None
"""In a Stream: the connection breaks."""
LAST_TURN = 0.1
"""Seconds in which connections that were just accepted get their transports."""
CLOSING = 40.0
"""Seconds that a proxy may take to close: asyncio waits 30 for a TLS peer's end."""
HOP_BY_HOP = frozenset(
    {"connection", "content-length", "host", "keep-alive", "transfer-encoding", "upgrade"}
)


@dataclass
class _Rule:
    matches: Matcher
    fault: Fault
    left: float


class FaultProxy:
    """A plain-http proxy on loopback, a context manager; `kubeconfig` leads through it.

    Clients send no credentials over plain http, so it adds its user's token to every request.

    Faults are chosen by `on` and `on_write`; the first rule that matches and has times left is
    used. Callbacks run in a thread of their own, so they may block.
    """

    def __init__(self, plane: ControlPlane, folder: Path, user: str = "admin") -> None:
        self._plane = plane
        self._folder = folder
        self._user = user
        self._token = plane.token(user)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._rules: list[_Rule] = []
        self._numbers = itertools.count(1)
        self._requests: list[Request] = []
        self._streams: set[Stream] = set()
        self._stalled = asyncio.Event()
        self._upstream: WeakSet[socket.socket] = WeakSet()
        self._port = 0

    def __enter__(self) -> Self:
        self._thread.start()
        self._call(self._start())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Break all connections and be gone; a second time does nothing."""
        if self._loop.is_closed():
            return
        self._call(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def server(self) -> str:
        """Its URL."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def kubeconfig(self) -> Path:
        """A kubeconfig of the proxy's user that leads through it."""
        path = self._folder / f"proxy-{self._port}"
        return write_kubeconfig(path, self.server, self._token, self._user, None)

    @property
    def requests(self) -> list[Request]:
        """All that came, in order."""
        return list(self._requests)

    @property
    def writes(self) -> list[Request]:
        """Those that ask for a change."""
        return [request for request in self._requests if request.write]

    def on(self, matches: Matcher, fault: Fault, times: float = 1) -> None:
        """Do `fault` to the next `times` requests that match."""
        self._rules.append(_Rule(matches, fault, times))

    def on_write(self, number: int, fault: Fault) -> None:
        """Do `fault` to the n-th write, counted from 1."""
        self.on(lambda request: request.write == number, fault)

    def heal(self) -> None:
        """Forget all faults; streams that were stalled go on."""
        self._rules.clear()
        self._loop.call_soon_threadsafe(self._stalled.clear)

    def cut_streams(self) -> int:
        """Reset every watch that is open; answers how many."""
        return self._call(self._to_streams(CUT))

    def expire_streams(self) -> int:
        """Send every open watch the error event 410 and end it; answers how many."""
        event = {"type": "ERROR", "object": GONE}
        return self._call(self._to_streams(json.dumps(event).encode() + b"\n", END))

    def stall_streams(self) -> None:
        """Watches stay open and say no more, until `heal`."""
        self._loop.call_soon_threadsafe(self._stalled.set)

    def _call(self, what: Coroutine[Any, Any, Answer]) -> Answer:
        return asyncio.run_coroutine_threadsafe(what, self._loop).result(CLOSING)

    async def _start(self) -> None:
        tls = ssl.create_default_context(cafile=str(self._plane.ca))
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=tls, limit=0, socket_factory=self._socket),
            timeout=aiohttp.ClientTimeout(total=None),
            auto_decompress=False,
        )
        app = web.Application(client_max_size=1 << 26)
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(
            app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1
        )
        await self._runner.setup()
        self._listening = socket.create_server(("127.0.0.1", 0))
        await web.SockSite(self._runner, self._listening).start()
        self._port = self._listening.getsockname()[1]

    async def _stop(self) -> None:
        # asyncio leaves a socket open that it accepted just before its server was closed.
        self._loop.remove_reader(self._listening.fileno())
        await asyncio.sleep(LAST_TURN)
        await self._to_streams(CUT)
        await self._runner.cleanup()
        await self._session.close()
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
        # A TLS connection is closed once its peer has answered, which a busy server does late.
        while any(one.fileno() >= 0 for one in self._upstream):
            await asyncio.sleep(0.01)
        await asyncio.sleep(LAST_TURN)

    def _socket(self, address: aiohttp.AddrInfoType) -> socket.socket:
        """Return a new socket for a connection to the API server."""
        one = socket.socket(*address[:3])
        self._upstream.add(one)
        return one

    async def _to_streams(self, *chunks: bytes | None) -> int:
        for stream in self._streams:
            for chunk in chunks:
                stream.put_nowait(chunk)
        return len(self._streams)

    async def _handle(self, raw: web.Request) -> web.StreamResponse:
        request = self._note(raw, await raw.read())
        fault = self._fault_for(request)
        await asyncio.sleep(fault.seconds)
        if fault.stall:
            await asyncio.Event().wait()
        if fault.before:
            await asyncio.to_thread(fault.before, request)
        if fault.code:
            status = {"kind": "Status", "apiVersion": "v1", "status": "Failure"}
            body = status | {"code": fault.code, "message": fault.message}
            return web.json_response(body, status=fault.code, headers=fault.headers)
        if fault.lost and not fault.committed:
            return _reset(raw)
        if "watch=" in request.query:
            return await self._stream(raw, request)
        async with self._forwarded(raw, request) as answer:
            body = await answer.read()
        if fault.after:
            await asyncio.to_thread(fault.after, request)
        if fault.lost:
            return _reset(raw)
        return web.Response(body=body, status=answer.status, headers=_headers(answer.headers))

    def _note(self, raw: web.Request, body: bytes) -> Request:
        changes = raw.method in WRITES and not raw.path.endswith(ASKS)
        changes = changes and "dryRun" not in raw.query
        write = len(self.writes) + 1 if changes else 0
        number = next(self._numbers)
        request = Request(number, write, raw.method, raw.path, raw.query_string, body)
        self._requests.append(request)
        return request

    def _fault_for(self, request: Request) -> Fault:
        for rule in self._rules:
            if rule.left > 0 and rule.matches(request):
                rule.left -= 1
                return rule.fault
        return Fault()

    def _forwarded(self, raw: web.Request, request: Request) -> Any:
        kept = {k: v for k, v in raw.headers.items() if k.lower() not in HOP_BY_HOP}
        if "Authorization" not in raw.headers:
            kept["Authorization"] = f"Bearer {self._token}"
        target = f"{self._plane.server}{raw.rel_url.raw_path_qs}"
        return self._session.request(raw.method, target, headers=kept, data=request.body or None)

    async def _stream(self, raw: web.Request, request: Request) -> web.StreamResponse:
        async with self._forwarded(raw, request) as answer:
            response = web.StreamResponse(status=answer.status, headers=_headers(answer.headers))
            await response.prepare(raw)
            stream: Stream = asyncio.Queue()
            self._streams.add(stream)
            pump = asyncio.ensure_future(_pump(answer, stream))
            try:
                while chunk := await stream.get():
                    while self._stalled.is_set():
                        await asyncio.sleep(0.02)
                    await response.write(chunk)
                return _reset(raw) if chunk is None else response
            finally:
                self._streams.discard(stream)
                pump.cancel()
                await asyncio.wait([pump])


async def _pump(answer: aiohttp.ClientResponse, stream: Stream) -> None:
    """Fill the stream with what the server sends, until it ends or breaks."""
    try:
        async for chunk in answer.content.iter_any():
            stream.put_nowait(chunk)
        stream.put_nowait(END)
    except aiohttp.ClientError:
        stream.put_nowait(CUT)


def _headers(headers: Mapping[str, str]) -> CIMultiDict[str]:
    """The server's headers, but those that belong to its connection."""
    return CIMultiDict((k, v) for k, v in headers.items() if k.lower() not in HOP_BY_HOP)


def _reset(raw: web.Request) -> web.Response:
    """Break the client's connection with RST instead of an orderly end."""
    transport = raw.transport
    if transport is not None:
        peer = transport.get_extra_info("socket")
        # Lingering for 0 s makes the kernel send RST on close.
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    return web.Response(status=502)

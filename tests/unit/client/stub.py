"""A scripted HTTP server beneath the transport: real sockets, no Kubernetes."""

from __future__ import annotations

import json
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

PAIR = Path(__file__).with_name("stub.pem")
"""A certificate for 127.0.0.1, valid for a hundred years, and its key."""


@dataclass(frozen=True)
class Asked:
    """What came in."""

    method: str
    path: str
    query: dict[str, str]
    headers: list[tuple[str, str]]
    body: Any

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


@dataclass(frozen=True)
class Reply:
    """What goes out. `chunks` streams; `reset` breaks the connection before an answer.

    `old`: over HTTP/1.0, where the body ends with the connection.
    """

    status: int = 200
    body: Any = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    chunks: Iterable[bytes] | None = None
    reset: bool = False
    old: bool = False


Script = Callable[[Asked], Reply]


def status(code: int, reason: str, message: str, **details: Any) -> Reply:
    """The server's Status object."""
    body = {"kind": "Status", "code": code, "reason": reason, "message": message}
    return Reply(code, {**body, "details": details})


def throttled(seconds: int) -> Reply:
    """The server turns a request away and says when to come back."""
    return Reply(429, headers={"Retry-After": str(seconds)})


def event(kind: str, version: int, **fields: Any) -> bytes:
    """One line of a watch."""
    meta = {"name": f"pod-{version}", "resourceVersion": str(version)}
    return json.dumps({"type": kind, "object": {"metadata": meta, **fields}}).encode() + b"\n"


class Stub:
    """Answers every request by `script`, remembers them all in `asked`; `tls`: over https."""

    def __init__(self, now: Callable[[], float], *, tls: bool = False) -> None:
        self.script: Script = lambda _: Reply()
        self.asked: list[Asked] = []
        self.now = now
        self.ending = threading.Event()
        stub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # head and body in one packet: no waiting for a delayed ACK

            def handle_any(self) -> None:
                stub._handle(self)

            do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = handle_any  # noqa: N815

            def date_time_string(self, timestamp: float | None = None) -> str:
                return formatdate(stub.now(), usegmt=True)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                pass

        class Server(ThreadingHTTPServer):
            def handle_error(self, request: Any, client_address: Any) -> None:
                if not isinstance(sys.exception(), OSError):
                    super().handle_error(request, client_address)

        self._server = Server(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self._server.server_port}"
        if tls:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(PAIR)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        poll = {"poll_interval": 0.02}
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs=poll, daemon=True)
        self._thread.start()

    def _handle(self, handler: BaseHTTPRequestHandler) -> None:
        length = int(handler.headers.get("Content-Length") or 0)
        raw = handler.rfile.read(length)
        parts = urlsplit(handler.path)
        asked = Asked(
            handler.command,
            parts.path,
            dict(parse_qsl(parts.query)),
            list(handler.headers.items()),
            json.loads(raw) if raw else None,
        )
        self.asked.append(asked)
        reply = self.script(asked)
        if reply.reset:
            handler.close_connection = True
            handler.connection.shutdown(socket.SHUT_RDWR)
            return
        if reply.old:
            handler.protocol_version, handler.close_connection = "HTTP/1.0", True
        handler.send_response(reply.status)
        for name, value in reply.headers.items():
            handler.send_header(name, value)
        if reply.chunks is None:
            body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
            if not reply.old:
                handler.send_header("Content-Length", str(len(body)))
            handler.end_headers()
            handler.wfile.write(body)
            return
        if not reply.old:
            handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        handler.wfile.flush()
        try:
            for chunk in reply.chunks:
                framed = b"%x\r\n%s\r\n" % (len(chunk), chunk)
                handler.wfile.write(chunk if reply.old else framed)
                handler.wfile.flush()
            if not reply.old:
                handler.wfile.write(b"0\r\n\r\n")
        except OSError:
            handler.close_connection = True

    def stall(self) -> Iterable[bytes]:
        """A watch that says nothing until the test is over."""
        self.ending.wait(10)
        yield b"\n"

    def close(self) -> None:
        self.ending.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

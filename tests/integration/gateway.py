"""A gateway of an older kind before the API server: HTTP/1.0, a sign-in page, its own clock."""

from __future__ import annotations

import http.client
import threading
from email.utils import formatdate, parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

PAGE = b"<html><head><title>Sign in - Example SSO</title></head><body>...</body></html>"
OWN = {"date", "connection", "transfer-encoding", "content-length"}
"""Headers of the server's that it writes itself, or that belong to one connection."""


class Gateway:
    """Passes requests on to `server` (plain http), a context manager.

    Every body that it sends ends with its connection. While `signed_out` is set it answers all
    with a sign-in page. Dates are `ahead` seconds ahead of the server's.
    """

    def __init__(self, server: str, ahead: float = 0.0) -> None:
        self.signed_out = threading.Event()
        self.ahead = ahead
        place, gateway = urlsplit(server).netloc, self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.0"

            def handle_any(self) -> None:
                gateway._pass_on(self, place)

            do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = handle_any  # noqa: N815

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: Any, client_address: Any) -> None:
                """Whoever asked is gone: a driver that was stopped."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def kubeconfig(self, through: Path) -> Path:
        """The kubeconfig `through`, led through the gateway instead."""
        text = through.read_text()
        path = through.with_name(f"gateway-{self._server.server_port}")
        path.write_text(text.replace(_server_of(text), self.url))
        return path

    def _pass_on(self, handler: BaseHTTPRequestHandler, place: str) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        if self.signed_out.is_set():
            handler.send_response(200)
            handler.send_header("Content-Type", "text/html; charset=utf-8")
            handler.end_headers()
            handler.wfile.write(PAGE)
            return
        upstream = http.client.HTTPConnection(place, timeout=300)
        kept = {k: v for k, v in handler.headers.items() if k.lower() != "connection"}
        try:
            upstream.request(handler.command, handler.path, body or None, kept)
            answer = upstream.getresponse()
            handler.send_response_only(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in OWN:
                    handler.send_header(name, value)
            handler.send_header("Date", self._date(answer))
            handler.end_headers()
            while piece := answer.read1(1 << 16):
                handler.wfile.write(piece)
        finally:
            upstream.close()

    def _date(self, answer: http.client.HTTPResponse) -> str:
        stamp = parsedate_to_datetime(str(answer.getheader("Date"))).timestamp()
        return formatdate(stamp + self.ahead, usegmt=True)


def _server_of(kubeconfig: str) -> str:
    """The only cluster's address."""
    start = kubeconfig.index("http://")
    return kubeconfig[start:].split()[0].rstrip(",}\"'")

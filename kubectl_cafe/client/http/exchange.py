"""Sends requests, renews refused credentials, and repeats requests if that is safe."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import quote, urlencode

from msgspec import Struct

from kubectl_cafe.client._libraries import ApiException, exceptions, urllib3
from kubectl_cafe.client.access.config import Access
from kubectl_cafe.client.access.login import Client
from kubectl_cafe.client.clock import Clock
from kubectl_cafe.client.errors import (
    ApiError,
    BrokenOff,
    credentials_failed,
    lost_answer,
    tls_failed,
    unreachable,
)
from kubectl_cafe.client.http import _wire
from kubectl_cafe.client.http.answers import error_for
from kubectl_cafe.client.http.interception import came, from_proxy, intercepted
from kubectl_cafe.client.server_time import ServerTime
from kubectl_cafe.durations import exact
from kubectl_cafe.errors import CafeError

CONNECT_TIMEOUT = 10.0
"""Seconds until a server that does not accept the connection counts as unreachable."""
READ_TIMEOUT = 35.0
"""Seconds of silence before an answer counts as lost; an admission webhook may take 30."""
PATIENCE = 6
"""The number of retries of a request that the server answers with Retry-After."""
LONGEST_WAIT = 15.0
"""Seconds; a longer Retry-After is shortened to this."""
RENEWALS = 3.0
"""Seconds after a failed renewal of credentials before the next one. Without them each thread would
run the plugin again, which may prompt."""
LAST_TRY = 1.0
"""The least seconds for an attempt, even if less is left of the request's timeout."""
_SHOWN = 4096
"""Characters of a body in the trace."""


class Trace(Protocol):
    """Receives the lines of one request at a time, each with its level of kubectl's `-v`.

    Level 6 has one line per request, level 8 the bodies.
    """

    def __call__(self, *lines: tuple[int, str]) -> None: ...


class Request(Struct, frozen=True):
    """A request. `before` is called on the open connection directly before sending; see `_wire`.

    `patience` is the number of retries after answers with Retry-After. `timeout` is in seconds, for
    all attempts together; for a watch (`streaming`) it is the longest time between two events.
    """

    method: str
    path: str
    query: Mapping[str, Any]
    user_agent: str
    body: Any = None
    content_type: str = "application/json"
    before: Callable[[], None] | None = None
    timeout: float | None = None
    streaming: bool = False
    patience: int = PATIENCE


class Exchange:
    """Sends requests from any thread with one identity, and renews refused credentials."""

    def __init__(self, access: Access, connections: int, clock: Clock, trace: Trace) -> None:
        self._access = access
        self._connections = connections
        self._clock = clock
        self._trace = trace
        self._renewal = threading.Lock()
        self._client = access.connect(connections)
        self._refused: tuple[float, CafeError] | None = None
        """The error of the last renewal if it failed, and the monotonic time of the next try."""
        self.time = ServerTime(clock)

    def answer(self, request: Request) -> urllib3.BaseHTTPResponse:
        """The API server's 2xx answer; raises ApiError.

        The request is repeated once after a 401, with new credentials; up to `patience` times after
        a Retry-After; and a read once if the connection broke during the answer. It is never
        repeated if it is a write that may have happened, or after its own timeout. So a Retry-After
        beyond that timeout is not waited for.
        """
        renewed = broke = False
        waits = request.patience
        limit = request.timeout or self._access.request_timeout or READ_TIMEOUT
        bounded = request.timeout is not None and not request.streaming
        ends = self._clock.monotonic() + limit if bounded else float("inf")
        while True:
            client = self._client
            left = max(ends - self._clock.monotonic(), LAST_TRY)
            try:
                answer = self._once(client, request, min(limit, left))
            except BrokenOff:
                if broke or self._clock.monotonic() >= ends:
                    raise
                broke = True
                continue
            if answer.status < HTTPStatus.MULTIPLE_CHOICES:
                return answer
            if answer.status == HTTPStatus.UNAUTHORIZED and not renewed:
                renewed = True
                self._renew(client, request)
                continue
            wait = _retry_after(request, answer)
            pause = min(max(wait or 0.0, 1.0), LONGEST_WAIT)
            if wait is None or waits == 0 or self._clock.monotonic() + pause >= ends:
                raise error_for(answer.status, answer.data, request.path, request.method)
            waits -= 1
            self._clock.sleep(pause)

    def _raise_intercepted(
        self, client: Client, request: Request, answer: urllib3.BaseHTTPResponse
    ) -> None:
        """Raise the error for a web page, or a redirect, in place of an answer."""
        if got := came(answer, streaming=request.streaming):
            raise intercepted(
                self._access.server,
                self._access.context,
                got,
                str(client.configuration.proxy or ""),
                request.path,
                request.method,
            )

    def _once(self, client: Client, request: Request, timeout: float) -> urllib3.BaseHTTPResponse:
        started = self._clock.monotonic()
        with _wire.attempt(request.before) as attempt:
            method, url = request.method, self._access.server + _uri(request)
            # A single number limits connection and answer together.
            short = timeout <= CONNECT_TIMEOUT
            authorization = _authorization(client, request)
            try:
                answer: urllib3.BaseHTTPResponse = client.rest.request(  # type: ignore[no-untyped-call]
                    method,
                    url,
                    self._headers(authorization, request),
                    request.body,
                    _request_timeout=timeout if short else (CONNECT_TIMEOUT, timeout),
                ).response
                if not request.streaming or answer.status >= HTTPStatus.MULTIPLE_CHOICES:
                    _ = answer.data  # read to the end, so that the connection is free again
            except (exceptions.HTTPError, ApiException, OSError) as error:
                failure = self._failure(request, error, attempt.sent, timeout)
                self._trace((6, f"{method} {url} failed: {failure.message}"))
                raise failure from error
        ended = self._clock.monotonic()
        status = f"{answer.status} {answer.reason or ''}".strip()
        lines = [(6, f"{method} {url} {status} in {(ended - started) * 1000:.0f} milliseconds")]
        if request.body is not None:
            lines.append((8, f"Request Body: {str(request.body)[:_SHOWN]}"))
        if not request.streaming:
            body = answer.data[:_SHOWN].decode("utf-8", "replace")
            body = "(a Secret is not shown)" if "/secrets" in request.path else body
            lines.append((8, f"Response Body: {body}"))
        self._trace(*lines)
        self._raise_intercepted(client, request, answer)
        if not from_proxy(answer):  # A proxy's clock is not the server's.
            self.time.observe(answer.headers.get("Date"), started, ended)
        return answer

    def _headers(
        self, authorization: Mapping[str, str], request: Request
    ) -> urllib3.HTTPHeaderDict:
        headers = urllib3.HTTPHeaderDict(authorization)
        headers["Accept"] = "application/json"
        # The server compresses nothing but large answers, and no watch.
        headers["Accept-Encoding"] = "identity" if request.streaming else "gzip"
        headers["User-Agent"] = request.user_agent
        if request.body is not None:
            headers["Content-Type"] = request.content_type
        for name, value in self._access.headers:
            headers.add(name, value)
        return headers

    def _renew(self, refused: Client, request: Request) -> None:
        """Renew the credentials, once for all threads that were refused with the old ones.

        Raises CredentialsFailed, for `RENEWALS` seconds after a failure without another attempt.
        """
        with self._renewal:
            if self._client is not refused:
                return
            if self._refused is None or self._clock.monotonic() >= self._refused[0]:
                try:
                    self._client = self._access.connect(self._connections)
                except CafeError as error:
                    self._refused = self._clock.monotonic() + RENEWALS, error
                else:
                    self._refused = None
                    return
            raise credentials_failed(self._refused[1], request.path)

    def _failure(self, request: Request, error: Exception, sent: bool, timeout: float) -> ApiError:
        server, context = self._access.server, self._access.context
        root = _root(error)
        why = _why(root, timeout)
        if sent and request.method != "GET":
            return lost_answer(why, request.path)
        if isinstance(root, ssl.SSLError):
            return tls_failed(server, context, why, request.path)
        failure = unreachable(server, context, why, request.path)
        if sent and not isinstance(root, exceptions.TimeoutError | TimeoutError):
            return BrokenOff(failure.message, where=failure.where, hint=failure.hint)
        return failure


def _authorization(client: Client, request: Request) -> Mapping[str, str]:
    """The Authorization header; raises CredentialsFailed.

    An auth-provider's library may renew its token here, and raise any exception.
    """
    try:
        return client.authorization
    except Exception as error:
        why = CafeError(" ".join(str(error).split()) or type(error).__name__)
        raise credentials_failed(why, request.path) from error


def _uri(request: Request) -> str:
    """The request's path with its query, booleans as JSON writes them."""
    if not request.query:
        return request.path
    query = {
        key: str(value).lower() if isinstance(value, bool) else value
        for key, value in request.query.items()
    }
    return f"{request.path}?{urlencode(query, quote_via=quote)}"


def _retry_after(request: Request, answer: urllib3.BaseHTTPResponse) -> float | None:
    """Seconds to wait before a retry; None: no retry."""
    turned_away = answer.status == HTTPStatus.TOO_MANY_REQUESTS
    failed_read = answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR and request.method == "GET"
    wait = answer.headers.get("Retry-After", "")
    return float(wait) if (turned_away or failed_read) and wait.isdigit() else None


def _root(error: BaseException) -> BaseException:
    """The OSError, timeout or name resolution error that caused `error`, else `error` itself."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, exceptions.NameResolutionError | exceptions.TimeoutError | OSError):
            inner = seen.__cause__ or seen.__context__
            if not (isinstance(seen, exceptions.TimeoutError) and isinstance(inner, OSError)):
                return seen
        seen = seen.__cause__ or seen.__context__
    return error


def _why(root: BaseException, timeout: float) -> str:
    if isinstance(root, ssl.SSLCertVerificationError):
        return f"its certificate is not valid here: {root.verify_message}"
    if isinstance(root, ssl.SSLError):
        return root.reason.replace("_", " ").lower() if root.reason else str(root)
    if isinstance(root, exceptions.NameResolutionError | socket.gaierror):
        return "its host name is unknown"
    if isinstance(root, exceptions.TimeoutError | TimeoutError):
        return f"no answer within {exact(round(timeout, 1))}"
    if isinstance(root, OSError) and root.strerror:
        return root.strerror.lower()
    return " ".join(str(root).split())

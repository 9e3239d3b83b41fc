"""Requests to the API server. Objects are dicts; failures are the classes of `client/errors`."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from enum import Enum
from typing import Any

from msgspec import Struct

from kubectl_cafe.client.access.config import Access
from kubectl_cafe.client.clock import BootClock, Clock
from kubectl_cafe.client.errors import (
    BrokenOff,
    Expired,
    Forbidden,
    Invalid,
    NotFound,
    lost_answer,
)
from kubectl_cafe.client.http.answers import decode, no_object
from kubectl_cafe.client.http.exchange import PATIENCE, Exchange, Request
from kubectl_cafe.client.http.stream import Stream
from kubectl_cafe.hints import kubectl
from kubectl_cafe.names import FIELD_MANAGER
from kubectl_cafe.text import cut
from kubectl_cafe.version import VERSION

Object = dict[str, Any]
Objects = list[Object]
Query = Mapping[str, str | int | bool]

PAGE = 500
"""Items in one page of a list."""
ASIDE = 2.0
"""Seconds for the connection of a background request, and again for its answer."""


class PatchKind(Enum):
    """The content type of a patch. Custom resources accept no strategic merge patch (415)."""

    STRATEGIC = "application/strategic-merge-patch+json"
    MERGE = "application/merge-patch+json"
    JSON = "application/json-patch+json"
    APPLY = "application/apply-patch+yaml"


class Listing(Struct, frozen=True):
    """A collection at one moment; a watch continues from `resource_version`."""

    items: Objects
    resource_version: str


class Transport:
    """Sends requests to one server with one identity, up to `workers` at a time, from any thread.

    Any number of sessions may share it (`session`). `dry_run` "All" makes every write a dry run.
    `trace` gets one line per request at verbosity 6, bodies at 8, never credentials.
    """

    def __init__(
        self,
        access: Access,
        *,
        version: str = VERSION,
        workers: int = 16,
        clock: Clock | None = None,
        trace: Callable[[str], None] | None = None,
        verbosity: int = 6,
    ) -> None:
        self.access = access
        self.version = version
        self.dry_run: str | None = None
        self.field_manager = FIELD_MANAGER
        self._check_lease: Callable[[], None] | None = None
        self.aside_refused = ""
        """Why the last background request was forbidden; empty if it was not."""
        self.trace = trace
        self.verbosity = verbosity
        self.clock: Clock = clock or BootClock()
        # The informers' watches and the lease need connections in addition to the workers'.
        self._exchange = Exchange(access, workers + 8, self.clock, self._traced)

    def session(self, check_lease: Callable[[], None], release: str = "") -> SessionTransport:
        """A transport for one session, with this one's connections.

        `check_lease` is called before its writes and raises to stop them.
        """
        return SessionTransport(self, check_lease, release)

    @property
    def user_agent(self) -> str:
        """The User-Agent, which the audit log shows."""
        return f"kubectl-cafe/{self.version}"

    def server_time(self) -> float:
        """Epoch seconds by the API server's clock; this machine's before the first answer."""
        return self._exchange.time.now()

    def get(self, path: str, query: Query | None = None, *, timeout: float | None = None) -> Object:
        """The object at `path`; raises NotFound."""
        return self._read(path, query, timeout)

    def get_or_none(
        self, path: str, query: Query | None = None, *, timeout: float | None = None
    ) -> Object | None:
        """The object at `path`, None if there is none."""
        try:
            return self.get(path, query, timeout=timeout)
        except NotFound:
            return None

    def list(
        self,
        path: str,
        query: Query | None = None,
        slim: Callable[[Object], Object] | None = None,
    ) -> Listing:
        """All items of a collection, read in pages; `slim` reduces each item as it arrives."""
        try:
            return self._pages(path, dict(query or {}), slim)
        except Expired:
            # etcd was compacted between two pages: list the collection once more.
            return self._pages(path, dict(query or {}), slim)

    def _pages(
        self, path: str, query: dict[str, Any], slim: Callable[[Object], Object] | None
    ) -> Listing:
        items: Objects = []
        query["limit"] = PAGE
        while True:
            page = self.get(path, query)
            found = page.get("items") or []
            items += [slim(item) for item in found] if slim else found
            meta = page.get("metadata") or {}
            if not meta.get("continue"):
                return Listing(items, _number(meta.get("resourceVersion") or "", path))
            query["continue"] = meta["continue"]

    def create(
        self,
        path: str,
        body: Object,
        query: Query | None = None,
        *,
        needs_lease: bool = True,
        timeout: float | None = None,
    ) -> Object:
        """POST to a collection. `needs_lease` False (leases, reviews): the lease is not checked."""
        return self._write("POST", path, body, query, needs_lease=needs_lease, timeout=timeout)

    def create_aside(self, path: str, body: Object) -> None:
        """POST in a background thread, without waiting and without checking the lease.

        The request is tried once. Its failure is dropped, but for the message of a 403, which is
        kept in `aside_refused`. The process does not exit before the request has ended, which takes
        twice `ASIDE` seconds at most.
        """
        with suppress(RuntimeError):  # No thread can be started: drop the request.
            threading.Thread(target=self._aside, args=(path, body), name="aside").start()

    def _aside(self, path: str, body: Object) -> None:
        try:
            self._write("POST", path, body, needs_lease=False, timeout=ASIDE, patience=0)
        except Forbidden as error:
            self.aside_refused = error.message
        except Exception:
            pass  # No failure of a background request interrupts a release.
        else:
            self.aside_refused = ""

    def replace(
        self, path: str, body: Object, *, needs_lease: bool = True, timeout: float | None = None
    ) -> Object:
        """PUT: a compare-and-swap if `body` has a resourceVersion."""
        return self._write("PUT", path, body, needs_lease=needs_lease, timeout=timeout)

    def patch(
        self,
        path: str,
        body: Object | Objects,
        kind: PatchKind,
        query: Query | None = None,
        *,
        timeout: float | None = None,
    ) -> Object:
        """PATCH; uid and resourceVersion in `body` are preconditions (protocol 6).

        APPLY is server-side apply; `query` may have force, and another fieldManager.
        """
        return self._write("PATCH", path, body, query, content_type=kind.value, timeout=timeout)

    def delete(
        self, path: str, body: Object | None = None, *, timeout: float | None = None
    ) -> Object:
        """DELETE; `body` is a DeleteOptions (preconditions, propagationPolicy)."""
        return self._write("DELETE", path, body, timeout=timeout)

    def stream(self, path: str, query: Query | None = None, idle_timeout: float = 70.0) -> Stream:
        """Watch a collection, in a `with` block.

        Raises Silent after `idle_timeout` seconds without an event or bookmark.
        """
        watch = {**(query or {}), "watch": "true"}
        request = self._request("GET", path, watch, timeout=idle_timeout, streaming=True)
        return Stream(self._exchange.answer(request), path, idle_timeout)

    def _read(self, path: str, query: Query | None, timeout: float | None) -> Object:
        answer = self._exchange.answer(self._request("GET", path, query, timeout=timeout))
        try:
            return decode(answer)
        except ValueError as error:
            raise BrokenOff(f"{no_object(answer)}: {error}", where=path) from error

    def _write(
        self,
        method: str,
        path: str,
        body: Object | Objects | None,
        query: Query | None = None,
        *,
        content_type: str = "application/json",
        needs_lease: bool = True,
        timeout: float | None = None,
        patience: int = PATIENCE,
    ) -> Object:
        full: dict[str, Any] = {} if method == "DELETE" else {"fieldManager": self.field_manager}
        if self.dry_run:
            full["dryRun"] = self.dry_run
        request = self._request(
            method,
            path,
            {**full, **(query or {})},
            body=body,
            content_type=content_type,
            before=self._check_lease if needs_lease else None,
            timeout=timeout,
            patience=patience,
        )
        answer = self._exchange.answer(request)
        try:
            return decode(answer)
        except ValueError as error:
            raise lost_answer(f"{no_object(answer)}: {error}", path) from error

    def _request(self, method: str, path: str, query: Query | None, **rest: Any) -> Request:
        return Request(method, path, query or {}, self.user_agent, **rest)

    def _traced(self, *lines: tuple[int, str]) -> None:
        wanted = [line for level, line in lines if level <= self.verbosity]
        if self.trace is not None and wanted:
            self.trace("\n".join(wanted))


class SessionTransport(Transport):
    """A transport for the writes of one session, under that session's lease.

    Connections, credentials, clock and the server's time are those of `parent`. The lease, the
    release and `aside_refused` are the session's own, so that one process may drive several
    releases, and a lost lease stops only the writes of its own driver. `check_lease` is called on
    an open connection directly before a write is sent; if it raises, nothing is sent (protocol 10,
    the lease's deadline). `release` is the id in the User-Agent; it changes when another release
    replaces the current one.
    """

    _check_lease: Callable[[], None]

    def __init__(
        self, parent: Transport, check_lease: Callable[[], None], release: str = ""
    ) -> None:
        vars(self).update(vars(parent))
        self._check_lease, self.release, self.aside_refused = check_lease, release, ""

    def check_lease(self) -> None:
        """Raise LeaseLost if the lease is lost; for a driver that waits and writes nothing."""
        self._check_lease()

    @property
    def user_agent(self) -> str:
        """The User-Agent, which the audit log shows, with the current release."""
        return super().user_agent + (f" (release {self.release})" if self.release else "")


def _number(version: object, path: str) -> str:
    """A resourceVersion as text. Raises Invalid unless it is a number, as kube-apiserver's are.

    Otherwise the newer of two versions would not be known.
    """
    text = str(version)
    if text and not (text.isascii() and text.isdecimal()):
        raise Invalid(
            f"the resourceVersion {cut(text, 40)!r} is not a number: not an API server's answer",
            where=path,
            hint=kubectl(f"get --raw '{path}?limit=1'"),
        )
    return text

"""A small client for tests: dicts in, dicts out, nothing of the plugin under test."""

from __future__ import annotations

import http.client
import json
import ssl
import threading
import urllib.parse
import weakref
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from testbed.controlplane import ControlPlane

Object = dict[str, Any]
TIMEOUT = 30.0
STRATEGIC = "application/strategic-merge-patch+json"
MERGE = "application/merge-patch+json"
JSON = "application/json-patch+json"
APPLY = "application/apply-patch+yaml"


class Refused(Exception):
    """The server's answer outside 2xx: `code`, and the Status object as `status`."""

    def __init__(self, code: int, body: bytes) -> None:
        try:
            self.status: Object = json.loads(body)
        except ValueError:
            self.status = {"message": body.decode(errors="replace")}
        self.code = code
        super().__init__(f"{code}: {self.status.get('message')}")


@dataclass(frozen=True)
class Event:
    """One line of a watch: ADDED, MODIFIED, DELETED, BOOKMARK or ERROR, and its object."""

    type: str
    object: Object


class _Kept:
    """A connection that is closed when its thread or its client is gone.

    By a finalizer that holds the connection: of a cycle that is collected, `__del__` may come
    after the socket's own, which warns.
    """

    def __init__(self, connection: http.client.HTTPConnection) -> None:
        self.connection = connection
        weakref.finalize(self, connection.close)


class Client:
    """Requests to one API server as one user.

    Resources are named by their path: `pods`, `services`, `apps/v1/replicasets`,
    `apps.cafe.cloud.alipay.com/v1alpha1/cafedeployments`; without a slash they are of the core
    group. `namespace` None leaves it out (cluster-scoped, or all namespaces). One connection per
    thread is kept open. Errors: Refused for answers, OSError for connections.
    """

    def __init__(
        self,
        server: str,
        token: str,
        ca: Path | None = None,
        namespace: str | None = None,
        user_agent: str = "testbed",
    ) -> None:
        self._url = urllib.parse.urlsplit(server)
        self._tls = None if ca is None else ssl.create_default_context(cafile=str(ca))
        self._ca = ca
        self._server = server
        self._token = token
        self._user_agent = user_agent
        self._local = threading.local()
        self.namespace = namespace

    @classmethod
    def of(
        cls,
        plane: ControlPlane,
        namespace: str | None = None,
        user: str = "admin",
        user_agent: str = "testbed",
    ) -> Client:
        """A client of `plane` as `user`."""
        return cls(plane.server, plane.token(user), plane.ca, namespace, user_agent)

    def within(self, namespace: str | None) -> Client:
        """The same client in another namespace."""
        return Client(self._server, self._token, self._ca, namespace, self._user_agent)

    def get(self, resource: str, name: str, subresource: str = "") -> Object:
        """One object."""
        return self.request("GET", self.path(resource, name, subresource))

    def find(self, resource: str, name: str) -> Object | None:
        """One object, or None when there is none."""
        try:
            return self.get(resource, name)
        except Refused as error:
            if error.code == 404:
                return None
            raise

    def list(self, resource: str, selector: str = "", **query: str) -> list[Object]:
        """All objects, by label `selector` where given; further query parameters as they are."""
        query |= {"labelSelector": selector} if selector else {}
        items: list[Object] = self.request("GET", self.path(resource), query=query)["items"]
        return items

    def create(self, resource: str, body: Object, **query: str) -> Object:
        """Create what `body` says."""
        return self.request("POST", self.path(resource), body, query=query)

    def replace(self, resource: str, body: Object, subresource: str = "") -> Object:
        """Replace the object that `body` names."""
        path = self.path(resource, body["metadata"]["name"], subresource)
        return self.request("PUT", path, body)

    def patch(
        self,
        resource: str,
        name: str,
        body: Any,
        subresource: str = "",
        kind: str = STRATEGIC,
        **query: str,
    ) -> Object:
        """Patch; custom resources take MERGE or JSON only."""
        return self.request("PATCH", self.path(resource, name, subresource), body, kind, query)

    def apply(self, resource: str, body: Object) -> Object:
        """Server-side apply, forced."""
        path = self.path(resource, body["metadata"]["name"])
        return self.request(
            "PATCH", path, body, APPLY, {"fieldManager": "testbed", "force": "true"}
        )

    def delete(self, resource: str, name: str, body: Object | None = None) -> Object:
        """Delete one object; `body` is DeleteOptions."""
        return self.request("DELETE", self.path(resource, name), body)

    def watch(
        self, resource: str, since: str = "", seconds: int = 60, **query: str
    ) -> Iterator[Event]:
        """Events after resourceVersion `since` for `seconds`, over a connection of its own."""
        query |= {"watch": "1", "timeoutSeconds": str(seconds)}
        query |= {"resourceVersion": since} if since else {}
        connection = self._connect(seconds + 5.0)
        answer: http.client.HTTPResponse | None = None
        try:
            answer = self._send(connection, "GET", self.path(resource), None, "", query)
            if answer.status >= 300:
                raise Refused(answer.status, answer.read())
            while line := answer.readline():
                event = json.loads(line)
                yield Event(event["type"], event["object"])
        finally:
            if answer is not None:
                answer.close()  # One that ends with its connection has taken over its socket.
            connection.close()

    def path(self, resource: str, name: str = "", subresource: str = "") -> str:
        """The URL path of a resource in this client's namespace."""
        group, _, plural = resource.rpartition("/")
        namespace = f"/namespaces/{self.namespace}" if self.namespace else ""
        base = f"/apis/{group}" if group else "/api/v1"
        end = "".join(f"/{part}" for part in (name, subresource) if part)
        return f"{base}{namespace}/{plural}{end}"

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        kind: str = "application/json",
        query: Mapping[str, str] | None = None,
    ) -> Object:
        """One request by path; the answer's object, Refused outside 2xx."""
        status, content = self._answer(method, path, body, kind, query)
        if status >= 300:
            raise Refused(status, content)
        answer: Object = json.loads(content)
        return answer

    def _answer(
        self, method: str, path: str, body: Any, kind: str, query: Mapping[str, str] | None
    ) -> tuple[int, bytes]:
        """Send over this thread's connection; one that the server has closed is made anew."""
        for last in (False, True):
            kept: _Kept | None = getattr(self._local, "kept", None)
            connection = kept.connection if kept else self._connect(TIMEOUT)
            self._local.kept = kept or _Kept(connection)
            try:
                with self._send(connection, method, path, body, kind, query) as answer:
                    return answer.status, answer.read()
            except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
                self._local.kept = None
                if kept is None or last:
                    raise
            except OSError:
                self._local.kept = None
                raise
        raise AssertionError("unreachable")

    def _connect(self, timeout: float) -> http.client.HTTPConnection:
        host, port = self._url.hostname or "", self._url.port
        if self._tls is None:
            return http.client.HTTPConnection(host, port, timeout=timeout)
        return http.client.HTTPSConnection(host, port, timeout=timeout, context=self._tls)

    def _send(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        body: Any,
        kind: str,
        query: Mapping[str, str] | None,
    ) -> http.client.HTTPResponse:
        headers = {
            "Authorization": f"Bearer {self._token}",
            "Accept": "application/json",
            "User-Agent": self._user_agent,
        }
        content = None
        if body is not None:
            content = json.dumps(body)
            headers["Content-Type"] = kind
        target = f"{path}?{urllib.parse.urlencode(query)}" if query else path
        connection.request(method, target, content, headers)
        return connection.getresponse()

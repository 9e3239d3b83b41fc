"""What can go wrong with a request, sorted by what it says about the write.

| class | the server | what the caller does |
|---|---|---|
| NotSent | did nothing | may repeat |
| UnknownOutcome | may have done it | reads again, recognises its own write |
| Conflict | refused: the object has moved on | judges again |
| AlreadyExists, Gone | refused: the object is there, or no longer the one meant | plans again |
| Expired | has forgotten that resourceVersion | lists again |
| Unauthorized, Forbidden, Invalid, NoSuchKind | refused for good | explains and stops |
"""

from __future__ import annotations

import re
from typing import Any

from kubectl_cafe.cluster._libraries import msgspec
from kubectl_cafe.errors import CONFLICT, CafeError
from kubectl_cafe.names import GROUP


class AccessError(CafeError):
    """The kubeconfig or its credentials can't be used."""


class ApiError(CafeError):
    """A request that did not end well.

    `status` is the HTTP status (0: there was no answer), `reason` the server's
    machine-readable one, `server_message` its own words, unchanged.
    """

    def __init__(
        self,
        message: str,
        *,
        where: str = "",
        hint: str = "",
        status: int = 0,
        reason: str = "",
        server_message: str = "",
    ) -> None:
        super().__init__(message, where=where, hint=hint)
        self.status = status
        self.reason = reason
        self.server_message = server_message


class NotSent(ApiError):
    """The server did nothing: the request never reached it, or was a read, or was turned away."""


class Unreachable(NotSent):
    """No connection, or no answer to a read."""


class BrokenOff(Unreachable):
    """The answer to a read broke off, or a watch did."""


class TlsFailed(NotSent):
    """The connection is up, but the two sides don't trust each other."""


class Throttled(NotSent):
    """429 until patience ran out."""


class ServerError(NotSent):
    """5xx in answer to a read."""


class UnknownOutcome(ApiError):
    """A write was sent and its answer is lost: it may or may not have happened."""


class Conflict(ApiError):
    """409: stale, the object has changed since it was judged."""

    exit_code = CONFLICT


class AlreadyExists(ApiError):
    """409 to a create: an object of this name is there."""


class Gone(ApiError):
    """The object is not there any more, or another one has taken its name (404, foreign uid)."""


NotFound = Gone


class NoSuchKind(ApiError):
    """404 without an object: the server does not serve this resource (the CRD is missing)."""


class Invalid(ApiError):
    """400, 405, 413, 415, 422: the server understood and will never accept it."""


class Unauthorized(ApiError):
    """401, also after the credentials were renewed."""


class Forbidden(ApiError):
    """403: no right to it, or admission does not let it in."""

    @property
    def denied_right(self) -> bool:
        """Whether it is the authorizer who says no, not a webhook, a policy or a quota."""
        return _DENIED.search(self.server_message) is not None


class Expired(ApiError):
    """410: a watch or a list can't go on from that resourceVersion."""


_FOREIGN_UID = re.compile(r"UID in (the )?precondition")
"""The server has two wordings for a precondition on the uid that does not hold."""
_READS = {"GET", "HEAD"}
_DENIED = re.compile(
    r'User "(?P<user>[^"]*)" cannot (?P<verb>\S+) resource "(?P<resource>[^"]*)"'
    r'(?: in API group "(?P<group>[^"]*)")?'
    r'(?:.*? in the namespace "(?P<namespace>[^"]*)")?'
)


def error_for(status: int, body: bytes, where: str, method: str) -> ApiError:
    """The error that an answer of `status` and `body` stands for.

    `where` is the object's path, `method` the HTTP verb in capitals; `body` is the
    server's Status object or whatever a proxy sent instead.
    """
    answer = _status_object(body)
    reason = str(answer.get("reason") or "")
    said = str(answer.get("message") or "") or _plain(body) or f"HTTP {status}"
    kind, message, hint = _sort(status, reason, said, answer, where, method)
    return kind(message, where=where, hint=hint, status=status, reason=reason, server_message=said)


def _sort(
    status: int, reason: str, said: str, answer: dict[str, Any], where: str, method: str
) -> tuple[type[ApiError], str, str]:
    if status == 401:
        return (
            Unauthorized,
            f"the API server does not know who this is: {said}",
            "kubectl auth whoami",
        )
    if status == 403:
        return Forbidden, f"not allowed: {said}", _forbidden_hint(said)
    if status == 404:
        return _not_found(said, answer, where)
    if status == 409:
        if reason == "AlreadyExists":
            return AlreadyExists, said, ""
        if _FOREIGN_UID.search(said):
            return Gone, f"another object has taken its name: {said}", ""
        return Conflict, f"it changed in the meantime: {said}", "run the command again"
    if status == 410:
        return Expired, f"the API server has forgotten this resourceVersion: {said}", ""
    if status == 429:
        return Throttled, f"the API server is too busy: {said}", "try again in a while"
    if status >= 500:
        if method in _READS:
            return (
                ServerError,
                f"the API server failed: {said}",
                "kubectl get --raw /readyz?verbose",
            )
        return (
            UnknownOutcome,
            f"the API server failed, and may have carried it out: {said}",
            "look at the object before trying again",
        )
    if status == 422 and _foreign_uid(said, answer):
        return Gone, f"another object has taken its name: {said}", ""
    return Invalid, f"the API server refuses it: {said}", ""


def _not_found(said: str, answer: dict[str, Any], where: str) -> tuple[type[ApiError], str, str]:
    details = answer.get("details") or {}
    if answer.get("kind") == "Status" and details.get("name"):
        hint = "kubectl get namespaces" if details.get("kind") == "namespaces" else ""
        return Gone, said, hint
    if f"/{GROUP}/" in where:
        return (
            NoSuchKind,
            "CafeDeployments are not installed in this cluster",
            "kubectl cafe init",
        )
    return NoSuchKind, f"the API server does not serve this: {said}", "kubectl api-resources"


def _foreign_uid(said: str, answer: dict[str, Any]) -> bool:
    causes = (answer.get("details") or {}).get("causes") or []
    return "metadata.uid" in said or any(c.get("field") == "metadata.uid" for c in causes)


def _forbidden_hint(said: str) -> str:
    denied = _DENIED.search(said)
    if denied is None:
        return ""
    resource = denied["resource"]
    plural, _, sub = resource.partition("/")
    target = f"{plural}.{denied['group']}" if denied["group"] else plural
    words = ["kubectl auth can-i", denied["verb"], target]
    if sub:
        words.append(f"--subresource={sub}")
    if denied["namespace"]:
        words.append(f"-n {denied['namespace']}")
    return " ".join(words) + "   (the least roles needed: kubectl cafe init --rbac)"


def unreachable(server: str, context: str, why: str, where: str = "") -> Unreachable:
    """There is no talking to `server`; `context` is the kubeconfig's, "" inside a cluster."""
    return Unreachable(
        f"the API server {server}{_by(context)} can't be reached: {why}",
        where=where,
        hint=f"kubectl{_flag(context)} cluster-info",
    )


def tls_failed(server: str, context: str, why: str, where: str = "") -> TlsFailed:
    """The TLS handshake with `server` failed: its certificate, or ours."""
    return TlsFailed(
        f"no trusted connection to the API server {server}{_by(context)}: {why}",
        where=where,
        hint=f"kubectl{_flag(context)} config view --minify   (certificate-authority, "
        "tls-server-name, client-certificate)",
    )


def lost_answer(why: str, where: str) -> UnknownOutcome:
    """A write went out and nothing came back."""
    return UnknownOutcome(
        f"the answer was lost, it may have been carried out: {why}",
        where=where,
        hint="look at the object before trying again",
    )


def _by(context: str) -> str:
    return f" (context {context})" if context else ""


def _flag(context: str) -> str:
    return f" --context {context}" if context else ""


def _status_object(body: bytes) -> dict[str, Any]:
    try:
        answer = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _plain(body: bytes) -> str:
    """A proxy's page in one line, cut: it is no Status, but better than nothing."""
    return " ".join(body.decode("utf-8", "replace").split())[:300]

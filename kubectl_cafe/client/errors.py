"""Errors of requests, divided by their meaning for a write.

| class | the server | what the caller does |
|---|---|---|
| NotSent | did nothing | may repeat |
| UnknownOutcome | may have done it | reads again, recognises its own write |
| Conflict | refused: the object has changed | reads and decides again |
| AlreadyExists, NotFound | refused: the object exists, or is not the one meant | plans again |
| Expired | no longer has that resourceVersion | lists again |
| Unauthorized, Forbidden, Invalid, NoSuchKind | refused permanently | reports the error and stops |

A webhook or a policy may answer with any code. Then the message decides, not the code: `Denied` is
refused permanently, `AdmissionFailed` did not happen and may be repeated.
"""

from __future__ import annotations

import re

from kubectl_cafe.errors import CONFLICT, CafeError
from kubectl_cafe.hints import kubectl


class AccessError(CafeError):
    """The kubeconfig or its credentials can't be used."""


class ApiError(CafeError):
    """A request that has failed.

    `status` is the HTTP status code (0: there was no answer), `reason` and `server_message` are
    those of the server's Status object, `method` is the HTTP method.
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
        method: str = "",
    ) -> None:
        super().__init__(message, where=where, hint=hint)
        self.status = status
        self.reason = reason
        self.server_message = server_message
        self.method = method


class NotSent(ApiError):
    """The server changed nothing: the request was not received, was a read, or was rejected."""


class Unreachable(NotSent):
    """There was no connection, or no answer to a read."""


class BrokenOff(Unreachable):
    """The connection broke during the answer to a read, or during a watch."""


class Silent(BrokenOff):
    """An open watch has delivered neither an event nor a bookmark in time."""


class Intercepted(Unreachable):
    """A web page or a redirect answered a read, so the answer is not the API server's."""


class CredentialsFailed(NotSent):
    """The server refused the credentials, and renewing them failed."""


class TlsFailed(NotSent):
    """The TLS handshake failed: one side does not trust the other."""


class Throttled(NotSent):
    """The server answered 429 until the retries were used up."""


class ServerError(NotSent):
    """The server answered a read with 5xx."""


class AdmissionFailed(NotSent):
    """A webhook or the quota admission failed during a write; the write was not stored."""


class UnknownOutcome(ApiError):
    """The answer to a write was lost: the write may or may not have happened."""


class Conflict(ApiError):
    """409: the object has changed since it was read."""

    exit_code = CONFLICT


class AlreadyExists(ApiError):
    """409 to a create: an object of this name exists."""


class NotFound(ApiError):
    """The object does not exist (404), or an object of its name has another uid."""


class NoSuchKind(ApiError):
    """404 without an object: the server does not serve this resource (the CRD is missing)."""


class Invalid(ApiError):
    """400, 405, 413, 415, 422: the server will never accept this request."""


class Denied(Invalid):
    """A webhook or a policy denied a write, with a status code that usually means another error."""


class Unauthorized(ApiError):
    """401, even after the credentials were renewed."""


class Forbidden(ApiError):
    """403: the user has no right to the request, or admission refuses it."""

    @property
    def denied_right(self) -> bool:
        """Whether the authorizer refuses, and not a webhook, a policy or a quota."""
        return DENIED.search(self.server_message) is not None

    @property
    def over_quota(self) -> bool:
        """Whether a ResourceQuota is exhausted, which may be temporary."""
        return "exceeded quota" in self.server_message


class Expired(ApiError):
    """410: a watch or a list can't continue from that resourceVersion."""


DENIED = re.compile(
    r'User "(?P<user>[^"]*)" cannot (?P<verb>\S+) resource "(?P<resource>[^"]*)"'
    r'(?: in API group "(?P<group>[^"]*)")?'
    r'(?:.*? in the namespace "(?P<namespace>[^"]*)")?'
)


def not_stale(error: Conflict) -> Denied:
    """The Denied error for a 409 that is no conflict: the object has not changed."""
    return Denied(
        f"the API server refused the request: {error.server_message or error.message}",
        where=error.where,
        status=error.status,
        reason=error.reason,
        server_message=error.server_message,
        method=error.method,
    )


def unreachable(server: str, context: str, why: str, where: str = "") -> Unreachable:
    """The error for a `server` without a connection; `context` is "" inside a cluster."""
    return Unreachable(
        f"the API server {server}{by(context)} can't be reached: {why}",
        where=where,
        hint=f"kubectl{flag(context)} cluster-info",
    )


def tls_failed(server: str, context: str, why: str, where: str = "") -> TlsFailed:
    """The error for a failed TLS handshake, because of either side's certificate."""
    return TlsFailed(
        f"no trusted connection to the API server {server}{by(context)}: {why}",
        where=where,
        hint=f"kubectl{flag(context)} config view --minify   (certificate-authority, "
        "tls-server-name, client-certificate)",
    )


def credentials_failed(error: CafeError, where: str) -> CredentialsFailed:
    """The error for expired credentials whose renewal raised `error`."""
    place = f" ({error.where})" if error.where else ""
    said = f"the credentials have expired and cannot be renewed: {error.message}{place}"
    return CredentialsFailed(said, where=where, hint=error.hint or kubectl("auth whoami"))


def lost_answer(why: str, where: str) -> UnknownOutcome:
    """The error for a write that was sent and whose answer was lost."""
    return UnknownOutcome(
        f"the answer was lost, the request may have been carried out: {why}",
        where=where,
        hint="check the object before you run the command again",
    )


def by(context: str) -> str:
    """The text ` (context NAME)` that messages append to the server; empty without a context."""
    return f" (context {context})" if context else ""


def flag(context: str) -> str:
    """The text ` --context NAME` for a kubectl command; empty without a context."""
    return f" --context {context}" if context else ""

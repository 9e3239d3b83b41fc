"""What can go wrong with a request, sorted by what it says about the write.

| class | the server | what the caller does |
|---|---|---|
| NotSent | did nothing | may repeat |
| UnknownOutcome | may have done it | reads again, recognises its own write |
| Conflict | refused: the object has moved on | judges again |
| AlreadyExists, Gone | refused: the object is there, or no longer the one meant | plans again |
| Expired | has forgotten that resourceVersion | lists again |
| Unauthorized, Forbidden, Invalid, NoSuchKind | refused for good | explains and stops |

A webhook or a policy may answer with any code. What its message says decides, not the code:
`Denied` is refused for good, `AdmissionFailed` did not happen and may be repeated.
"""

from __future__ import annotations

import re

from kubectl_cafe.errors import CONFLICT, CafeError
from kubectl_cafe.hints import kubectl


class AccessError(CafeError):
    """The kubeconfig or its credentials can't be used."""


class ApiError(CafeError):
    """A request that did not end well.

    `status` is the HTTP status (0: there was no answer), `reason` the server's
    machine-readable one, `server_message` its own words, unchanged, `method` the HTTP verb.
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
    """The server did nothing: the request never reached it, or was a read, or was turned away."""


class Unreachable(NotSent):
    """No connection, or no answer to a read."""


class BrokenOff(Unreachable):
    """The answer to a read broke off, or a watch did."""


class Silent(BrokenOff):
    """A watch was opened, and neither an event nor a bookmark came in the time that it should."""


class Intercepted(Unreachable):
    """A web page or a redirect came in answer to a read: not the API server has answered."""


class CredentialsFailed(NotSent):
    """The server refused the credentials, and new ones can't be had just now."""


class TlsFailed(NotSent):
    """The connection is up, but the two sides don't trust each other."""


class Throttled(NotSent):
    """429 until patience ran out."""


class ServerError(NotSent):
    """5xx in answer to a read."""


class AdmissionFailed(NotSent):
    """A webhook or a quota could not be asked about a write: it was not stored."""


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


class Denied(Invalid):
    """A webhook or a policy denied a write, with a code that means something else."""


class Unauthorized(ApiError):
    """401, also after the credentials were renewed."""


class Forbidden(ApiError):
    """403: no right to it, or admission does not let it in."""

    @property
    def denied_right(self) -> bool:
        """Whether it is the authorizer who says no, not a webhook, a policy or a quota."""
        return DENIED.search(self.server_message) is not None

    @property
    def over_quota(self) -> bool:
        """Whether a ResourceQuota has no room: there may be some later."""
        return "exceeded quota" in self.server_message


class Expired(ApiError):
    """410: a watch or a list can't go on from that resourceVersion."""


DENIED = re.compile(
    r'User "(?P<user>[^"]*)" cannot (?P<verb>\S+) resource "(?P<resource>[^"]*)"'
    r'(?: in API group "(?P<group>[^"]*)")?'
    r'(?:.*? in the namespace "(?P<namespace>[^"]*)")?'
)


def not_stale(error: Conflict) -> Denied:
    """The refusal that a 409 is where the object has not changed since it was judged."""
    return Denied(
        f"the API server refuses it: {error.server_message or error.message}",
        where=error.where,
        status=error.status,
        reason=error.reason,
        server_message=error.server_message,
        method=error.method,
    )


def unreachable(server: str, context: str, why: str, where: str = "") -> Unreachable:
    """There is no talking to `server`; `context` is the kubeconfig's, "" inside a cluster."""
    return Unreachable(
        f"the API server {server}{by(context)} can't be reached: {why}",
        where=where,
        hint=f"kubectl{flag(context)} cluster-info",
    )


def tls_failed(server: str, context: str, why: str, where: str = "") -> TlsFailed:
    """The TLS handshake with `server` failed: its certificate, or ours."""
    return TlsFailed(
        f"no trusted connection to the API server {server}{by(context)}: {why}",
        where=where,
        hint=f"kubectl{flag(context)} config view --minify   (certificate-authority, "
        "tls-server-name, client-certificate)",
    )


def credentials_failed(error: CafeError, where: str) -> CredentialsFailed:
    """The credentials are out of date, and renewing them ended in `error`."""
    place = f" ({error.where})" if error.where else ""
    said = f"the credentials have run out and can't be renewed: {error.message}{place}"
    return CredentialsFailed(said, where=where, hint=error.hint or kubectl("auth whoami"))


def lost_answer(why: str, where: str) -> UnknownOutcome:
    """A write went out and nothing came back."""
    return UnknownOutcome(
        f"the answer was lost, it may have been carried out: {why}",
        where=where,
        hint="look at the object before trying again",
    )


def by(context: str) -> str:
    """The kubeconfig's context, as a message names it after the server."""
    return f" (context {context})" if context else ""


def flag(context: str) -> str:
    """The kubeconfig's context, as a flag of kubectl."""
    return f" --context {context}" if context else ""

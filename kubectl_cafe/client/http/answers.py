"""Decodes an answer of the API server: the object in it, or its error.

`client/errors.py` has the classes of errors.
"""

from __future__ import annotations

import re
from typing import Any

from kubectl_cafe.client._libraries import msgspec, urllib3
from kubectl_cafe.client.errors import (
    DENIED,
    AdmissionFailed,
    AlreadyExists,
    ApiError,
    Conflict,
    Denied,
    Expired,
    Forbidden,
    Invalid,
    NoSuchKind,
    NotFound,
    ServerError,
    Throttled,
    Unauthorized,
    UnknownOutcome,
)
from kubectl_cafe.client.http.webpage import is_page, title
from kubectl_cafe.hints import kubectl
from kubectl_cafe.names import GROUP

_FOREIGN_UID = re.compile(r"UID in (the )?precondition")
"""The server's two wordings for a uid precondition that does not hold."""
_DENIED_BY_ADMISSION = re.compile(
    r"admission webhook .* denied the request|ValidatingAdmissionPolicy .* denied request"
)
"""The server's prefix of a message from a webhook or a ValidatingAdmissionPolicy."""
_ADMISSION_FAILED = re.compile(
    r"failed calling webhook|failed to call webhook"
    r"|failed to complete (mutation|validation) in|resource quota evaluation timed out"
)
"""The server's messages if a webhook or the quota check failed: then nothing was stored."""
_WEBHOOKS = kubectl("get validatingwebhookconfigurations,mutatingwebhookconfigurations")
_READS = {"GET", "HEAD"}


def decode(answer: urllib3.BaseHTTPResponse) -> dict[str, Any]:
    """The object in a 2xx answer; raises ValueError."""
    try:
        return msgspec.json.decode(answer.data, type=dict[str, Any])
    except RecursionError:
        raise ValueError("it is nested too deep") from None


def no_object(answer: urllib3.BaseHTTPResponse) -> str:
    """The message for an answer that `decode` refuses."""
    kind = answer.headers.get("Content-Type") or "no Content-Type"
    return f"the answer is not a JSON object ({kind})"


def error_for(status: int, body: bytes, where: str, method: str) -> ApiError:
    """The error for an answer of `status` and `body`.

    `where` is the object's path, `method` the HTTP verb in capitals; `body` is the server's Status
    object, or what a proxy sent instead.
    """
    answer = _status_object(body)
    reason = str(answer.get("reason") or "")
    said = str(answer.get("message") or "") or _plain(body) or f"HTTP {status}"
    kind, message, hint = _sort(status, reason, said, answer, where, method)
    return kind(
        message,
        where=where,
        hint=hint,
        status=status,
        reason=reason,
        server_message=said,
        method=method,
    )


def _sort(
    status: int, reason: str, said: str, answer: dict[str, Any], where: str, method: str
) -> tuple[type[ApiError], str, str]:
    if method not in _READS and (found := _by_admission(status, said)) is not None:
        return found
    if status == 401:
        return (
            Unauthorized,
            f"authentication failed: {said}",
            kubectl("auth whoami"),
        )
    if status == 403:
        return Forbidden, f"not allowed: {said}", _forbidden_hint(said)
    if status == 404:
        return _not_found(said, answer, where)
    if status == 409:
        if reason == "AlreadyExists":
            return AlreadyExists, said, ""
        if _FOREIGN_UID.search(said):
            return NotFound, f"replaced by another object of the same name: {said}", ""
        return (
            Conflict,
            f"the object has changed since it was read: {said}",
            "run the command again",
        )
    if status == 410:
        return Expired, f"this resourceVersion is too old: {said}", ""
    if status == 429:
        return Throttled, f"the API server is too busy: {said}", "run the command again later"
    if status >= 500:
        if method in _READS:
            return (
                ServerError,
                f"the API server failed: {said}",
                kubectl("get --raw /readyz?verbose"),
            )
        return (
            UnknownOutcome,
            f"the API server failed, the request may have been carried out: {said}",
            "check the object before you run the command again",
        )
    if status == 422 and _foreign_uid(said, answer):
        return NotFound, f"replaced by another object of the same name: {said}", ""
    return Invalid, f"the API server refused the request: {said}", ""


def _by_admission(status: int, said: str) -> tuple[type[ApiError], str, str] | None:
    """The error for a write that admission ended with a misleading status code, by its message.

    None if the message is not admission's or the status code has its usual meaning: 403, 422, 429.
    A 5xx of a webhook may be temporary.
    """
    failed = _ADMISSION_FAILED.search(said) is not None
    denied = _DENIED_BY_ADMISSION.search(said) is not None
    if status >= 500 and (failed or denied):
        return AdmissionFailed, f"admission failed, nothing was stored: {said}", _WEBHOOKS
    if denied and status in (400, 401, 404, 405, 409, 410):
        return Denied, f"the API server refused the request: {said}", ""
    return None


def _not_found(said: str, answer: dict[str, Any], where: str) -> tuple[type[ApiError], str, str]:
    details = answer.get("details") or {}
    if answer.get("kind") == "Status" and details.get("name"):
        hint = kubectl("get namespaces") if details.get("kind") == "namespaces" else ""
        return NotFound, said, hint
    if f"/{GROUP}/" in where:
        return (
            NoSuchKind,
            "CafeDeployments are not installed in this cluster",
            kubectl("cafe init"),
        )
    return (
        NoSuchKind,
        f"the API server does not serve this resource: {said}",
        kubectl("api-resources"),
    )


def _foreign_uid(said: str, answer: dict[str, Any]) -> bool:
    causes = (answer.get("details") or {}).get("causes") or []
    return "metadata.uid" in said or any(c.get("field") == "metadata.uid" for c in causes)


def _forbidden_hint(said: str) -> str:
    denied = DENIED.search(said)
    if denied is None:
        return ""
    resource = denied["resource"]
    plural, _, sub = resource.partition("/")
    target = f"{plural}.{denied['group']}" if denied["group"] else plural
    words = ["auth can-i", denied["verb"], target]
    if sub:
        words.append(f"--subresource={sub}")
    asked = kubectl(" ".join(words), denied["namespace"] or "")
    return asked + "   (roles with the least permissions: " + kubectl("cafe init --rbac") + ")"


def _status_object(body: bytes) -> dict[str, Any]:
    try:
        answer = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _plain(body: bytes) -> str:
    """The body of a proxy's answer as one line: the title of a page, else 300 characters."""
    if is_page("", body) and (named := title(body)):
        return named
    return " ".join(body.decode("utf-8", "replace").split())[:300]

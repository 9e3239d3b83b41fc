"""Detects answers of a proxy instead of the API server: a sign-in page, or a redirect to it."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import urlsplit

from kubectl_cafe.client._libraries import exceptions, urllib3
from kubectl_cafe.client.errors import ApiError, Intercepted, UnknownOutcome, by, flag
from kubectl_cafe.client.http.webpage import is_page, title

_MOST = 1 << 16
"""Bytes of a page that are read for its title."""


def came(answer: urllib3.BaseHTTPResponse, *, streaming: bool) -> str:
    """A text for a web page or redirect in place of the server's answer; "" for other answers.

    An API server sends JSON, and redirects no request for an object or a collection.
    """
    if HTTPStatus.MULTIPLE_CHOICES <= answer.status < HTTPStatus.BAD_REQUEST:
        target = urlsplit(answer.headers.get("Location") or "")
        place = f" to {target.scheme}://{target.hostname}{target.path}" if target.hostname else ""
        return f"a redirect{place} (HTTP {answer.status})"
    if answer.status >= HTTPStatus.BAD_REQUEST:
        return ""  # An error is classified by its status, also a proxy's.
    content_type = answer.headers.get("Content-Type") or ""
    # A watch's body must not be read here: only its Content-Type counts.
    body = b"" if streaming else answer.data
    if not is_page(content_type, body):
        return ""
    body = _beginning(answer) if streaming else body
    named, kind = title(body), f" ({content_type})" if content_type else ""
    return f'the web page "{named}"{kind}' if named else f"a web page without a title{kind}"


def from_proxy(answer: urllib3.BaseHTTPResponse) -> bool:
    """Whether the answer is HTML by its Content-Type, which API servers never send."""
    return "html" in (answer.headers.get("Content-Type") or "")


def _beginning(answer: urllib3.BaseHTTPResponse) -> bytes:
    """The first part of a page; b"" if it can't be read."""
    try:
        return answer.read(_MOST, decode_content=True)
    except (exceptions.HTTPError, OSError):
        return b""
    finally:
        answer.close()


def intercepted(
    server: str, context: str, got: str, proxy: str, where: str, method: str
) -> ApiError:
    """The error if a proxy or gateway has answered in place of `server`.

    `got` is the text of `came`, `proxy` the proxy's address, "" for none. A write was most likely
    not forwarded. That is not certain, so its outcome is unknown.
    """
    between = f"the proxy {_bare(proxy)}" if proxy else "a proxy, gateway or VPN on the way to it"
    said = f"the API server {server}{by(context)} did not answer, {between} did: {got}"
    hint = f"sign in there, then: kubectl{flag(context)} get --raw /version"
    if method == "GET":
        return Intercepted(said, where=where, hint=hint)
    return UnknownOutcome(f"{said}; the write may have been carried out", where=where, hint=hint)


def _bare(proxy: str) -> str:
    """A proxy's address without its user and password."""
    parts = urlsplit(proxy)
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname}{port}"

"""A proxy's sign-in page in place of the API server's answer: named as what it is."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kubectl_cafe.client import errors
from kubectl_cafe.client.transport import PatchKind, Transport
from tests.unit.client.conftest import POD, PODS, HandClock
from tests.unit.client.stub import Reply, Stub

PAGE = b"""<!DOCTYPE html>
<html><head><title>
  Sign in &amp; verify - Example Corp
</title></head><body>...</body></html>"""
HTML = {"Content-Type": "text/html; charset=utf-8"}
SIGN_IN = Reply(200, PAGE, HTML)


def test_a_sign_in_page_in_answer_to_a_read_is_named_with_its_title_and_the_next_command(
    stub: Stub, transport: Transport
) -> None:
    stub.script = lambda _: SIGN_IN
    with pytest.raises(errors.Intercepted) as caught:
        transport.get(POD)
    assert caught.value.message == (
        f"the API server {stub.url} (context here) did not answer, a proxy, gateway or VPN on the "
        'way to it did: the web page "Sign in & verify - Example Corp" (text/html; charset=utf-8)'
    )
    assert caught.value.hint == "sign in there, then: kubectl --context here get --raw /version"
    assert caught.value.where == POD


def test_the_proxy_in_use_is_named_without_its_password(
    stub: Stub, connect: Callable[..., Transport]
) -> None:
    stub.script = lambda _: SIGN_IN
    proxy = stub.url.replace("http://", "http://me:secret@")
    transport = connect(url="http://cluster.invalid:8080", cluster={"proxy-url": proxy})
    with pytest.raises(errors.Intercepted, match=f"the proxy {stub.url} did") as caught:
        transport.get(POD)
    assert "secret" not in caught.value.message


def test_a_sign_in_page_says_nothing_of_whether_the_object_exists(
    stub: Stub, transport: Transport
) -> None:
    stub.script = lambda _: SIGN_IN
    with pytest.raises(errors.NotSent):
        transport.get_or_none(POD)
    with pytest.raises(errors.NotSent):
        transport.list(PODS)


@pytest.mark.guard("a-web-page-is-no-answer")
def test_a_write_that_is_answered_with_a_page_is_sent_once_and_its_outcome_is_unknown(
    stub: Stub, transport: Transport
) -> None:
    stub.script = lambda _: SIGN_IN
    with pytest.raises(errors.UnknownOutcome, match="Sign in & verify") as caught:
        transport.patch(POD, {}, PatchKind.MERGE)
    assert len(stub.asked) == 1
    assert "may have been carried out" in caught.value.message


def test_a_watch_that_is_answered_with_a_page_is_an_error_of_its_own(
    stub: Stub, transport: Transport
) -> None:
    stub.script = lambda _: Reply(200, PAGE, HTML, chunks=[PAGE])
    with pytest.raises(errors.Intercepted, match="Sign in & verify"):
        transport.stream(PODS)


def test_a_page_without_a_content_type_or_a_title_is_a_page(
    stub: Stub, transport: Transport
) -> None:
    stub.script = lambda _: Reply(200, b"\n<html><body>hello")
    with pytest.raises(errors.Intercepted, match="a web page without a title"):
        transport.get(POD)


def test_a_title_is_cut_and_shows_no_control_characters(stub: Stub, transport: Transport) -> None:
    stub.script = lambda _: Reply(200, b"<title>\x1b[2J" + b"x" * 500 + b"</title>", HTML)
    with pytest.raises(errors.Intercepted) as caught:
        transport.get(POD)
    assert "\x1b" not in caught.value.message
    assert len(caught.value.message) < 300


@pytest.mark.parametrize("method", ["GET", "PATCH"])
def test_a_redirect_to_a_sign_in_is_named_and_not_followed(
    stub: Stub, transport: Transport, method: str
) -> None:
    place = "https://sso.example/login?state=secret"
    stub.script = lambda _: Reply(302, PAGE, {"Location": place, **HTML})
    ask = {"GET": transport.get, "PATCH": lambda path: transport.patch(path, {}, PatchKind.MERGE)}
    with pytest.raises(errors.ApiError) as caught:
        ask[method](POD)
    kind = errors.Intercepted if method == "GET" else errors.UnknownOutcome
    assert isinstance(caught.value, kind)
    assert "a redirect to https://sso.example/login (HTTP 302)" in caught.value.message
    assert "secret" not in caught.value.message
    assert len(stub.asked) == 1


def test_a_gateways_error_page_is_told_by_its_title(stub: Stub, transport: Transport) -> None:
    body = b"<html><head><title>503 Service Unavailable</title></head><body><h1>No</h1>"
    stub.script = lambda _: Reply(503, body, HTML)
    with pytest.raises(errors.ServerError) as caught:
        transport.get(POD)
    assert caught.value.message == "the API server failed: 503 Service Unavailable"


def test_what_is_neither_json_nor_a_page_is_named_by_its_content_type(
    stub: Stub, transport: Transport
) -> None:
    stub.script = lambda _: Reply(200, b"welcome", {"Content-Type": "text/plain"})
    with pytest.raises(errors.BrokenOff, match=r"not a JSON object \(text/plain\)"):
        transport.get(POD)


@pytest.mark.parametrize("code", [200, 302, 503])
def test_a_proxys_clock_is_not_taken_for_the_servers(
    stub: Stub, transport: Transport, clock: HandClock, code: int
) -> None:
    transport.get(POD)
    stub.now, stub.script = lambda: clock.time() + 900, lambda _: Reply(code, PAGE, HTML)
    with pytest.raises(errors.ApiError):
        transport.get(POD)
    assert abs(transport.server_time() - clock.time()) <= 1.0

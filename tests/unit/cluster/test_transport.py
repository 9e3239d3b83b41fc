"""Requests, answers, and what is known about a write when there is no answer."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from urllib3.util import connection

from kubectl_cafe.cluster import errors, paths
from kubectl_cafe.cluster.identity import whoami
from kubectl_cafe.cluster.transport import PatchKind, Transport
from tests.unit.cluster.conftest import HandClock
from tests.unit.cluster.stub import Asked, Reply, Stub, status

POD = paths.pods("shop", "web-1")
PODS = paths.pods("shop")


def test_a_get_returns_the_object(stub: Stub, transport: Transport) -> None:
    stub.script = lambda _: Reply(body={"metadata": {"name": "web-1"}})
    assert transport.get(POD) == {"metadata": {"name": "web-1"}}


def test_get_or_none_is_none_for_what_is_not_there(stub: Stub, transport: Transport) -> None:
    stub.script = lambda _: status(404, "NotFound", 'pods "web-1" not found', name="web-1")
    assert transport.get_or_none(POD) is None


def test_a_list_is_read_in_pages_and_starts_without_a_resource_version(
    stub: Stub, transport: Transport
) -> None:
    pages = {
        None: {"items": [{"n": 1}], "metadata": {"resourceVersion": "7", "continue": "more"}},
        "more": {"items": [{"n": 2}], "metadata": {"resourceVersion": "7"}},
    }
    stub.script = lambda asked: Reply(body=pages[asked.query.get("continue")])
    listing = transport.list(PODS, {"labelSelector": "app=web"})
    assert listing.items == [{"n": 1}, {"n": 2}]
    assert listing.resource_version == "7"
    assert [asked.query["limit"] for asked in stub.asked] == ["500", "500"]
    assert [asked.query["labelSelector"] for asked in stub.asked] == ["app=web", "app=web"]
    assert "resourceVersion" not in stub.asked[0].query


def test_a_list_whose_pages_expire_is_read_once_more_from_the_start(
    stub: Stub, transport: Transport
) -> None:
    answers = iter(
        [
            Reply(body={"items": [{"n": 1}], "metadata": {"continue": "more"}}),
            status(410, "Expired", "too old"),
            Reply(body={"items": [{"n": 2}], "metadata": {"resourceVersion": "9"}}),
        ]
    )
    stub.script = lambda _: next(answers)
    assert transport.list(PODS).items == [{"n": 2}]
    assert "continue" not in stub.asked[2].query


def test_a_list_keeps_only_what_slim_leaves_of_each_item(stub: Stub, transport: Transport) -> None:
    stub.script = lambda _: Reply(body={"items": [{"keep": 1, "drop": 2}], "metadata": {}})
    assert transport.list(PODS, slim=lambda pod: {"keep": pod["keep"]}).items == [{"keep": 1}]


@pytest.mark.parametrize("kind", list(PatchKind))
def test_each_patch_goes_out_under_its_own_content_type(
    stub: Stub, transport: Transport, kind: PatchKind
) -> None:
    body: Any = [{"op": "test"}] if kind is PatchKind.JSON else {"metadata": {}}
    transport.patch(POD, body, kind)
    assert stub.asked[0].header("Content-Type") == kind.value
    assert stub.asked[0].body == body


def test_writes_name_the_field_manager_and_reads_do_not(stub: Stub, transport: Transport) -> None:
    transport.replace(POD, {})
    transport.get(POD)
    assert stub.asked[0].query == {"fieldManager": "kubectl-cafe"}
    assert stub.asked[1].query == {}


def test_a_dry_run_marks_every_write(stub: Stub, transport: Transport) -> None:
    transport.dry_run = "All"
    transport.create(PODS, {})
    transport.replace(POD, {})
    transport.patch(POD, {}, PatchKind.MERGE)
    transport.delete(POD)
    assert [asked.query["dryRun"] for asked in stub.asked] == ["All"] * 4


def test_the_user_agent_names_the_release_in_hand(stub: Stub, transport: Transport) -> None:
    transport.release = "r7"
    transport.get(POD)
    agent = stub.asked[0].header("User-Agent") or ""
    assert agent.startswith("kubectl-cafe/")
    assert agent.endswith(" (release r7)")


def test_every_impersonated_group_is_sent(stub: Stub, connect: Callable[..., Transport]) -> None:
    connect(as_user="jane", as_groups=("a", "b")).get(POD)
    sent = [pair for pair in stub.asked[0].headers if pair[0].startswith("Impersonate")]
    assert sent == [
        ("Impersonate-User", "jane"),
        ("Impersonate-Group", "a"),
        ("Impersonate-Group", "b"),
    ]


def test_a_write_whose_answer_is_lost_has_an_unknown_outcome_and_is_sent_once(
    stub: Stub, transport: Transport
) -> None:
    stub.script = lambda _: Reply(reset=True)
    with pytest.raises(errors.UnknownOutcome):
        transport.patch(POD, {}, PatchKind.MERGE)
    assert len(stub.asked) == 1


def test_a_write_without_an_answer_in_time_has_an_unknown_outcome(
    stub: Stub, transport: Transport
) -> None:
    stub.script = lambda _: Reply(chunks=stub.stall())
    with pytest.raises(errors.UnknownOutcome, match=r"no answer within 0\.2 s"):
        transport.replace(POD, {}, timeout=0.2)


def test_a_write_answered_by_an_internal_error_has_an_unknown_outcome_and_is_sent_once(
    stub: Stub, transport: Transport
) -> None:
    stub.script = lambda _: Reply(500, {"message": "etcd timed out"}, {"Retry-After": "1"})
    with pytest.raises(errors.UnknownOutcome, match="etcd timed out"):
        transport.replace(POD, {})
    assert len(stub.asked) == 1


def test_a_write_answered_by_something_else_than_json_has_an_unknown_outcome(
    stub: Stub, transport: Transport
) -> None:
    stub.script = lambda _: Reply(200, b"<html>")
    with pytest.raises(errors.UnknownOutcome):
        transport.replace(POD, {})


def test_a_refused_connection_means_that_the_write_was_not_sent(
    connect: Callable[..., Transport],
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    transport = connect(url=url)
    with pytest.raises(errors.NotSent, match="connection refused") as caught:
        transport.replace(POD, {})
    assert url in caught.value.message
    assert caught.value.hint == "kubectl --context here cluster-info"


def test_a_clusters_proxy_is_used_and_the_last_check_is_made_there_too(
    stub: Stub, connect: Callable[..., Transport]
) -> None:
    transport = connect(url="http://cluster.invalid:8080", cluster={"proxy-url": stub.url})
    checks: list[int] = []
    transport.before_write = lambda: checks.append(1)
    transport.replace(POD, {})
    assert stub.asked[0].header("Host") == "cluster.invalid:8080"
    assert checks == [1]


def test_no_proxy_of_the_environment_is_used_for_this_machine(
    stub: Stub, connect: Callable[..., Transport], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    assert connect().get(POD) == {}


def test_an_unknown_host_is_said_in_plain_words(connect: Callable[..., Transport]) -> None:
    with pytest.raises(errors.Unreachable, match="host name is unknown"):
        connect(url="http://no-such-host.invalid").get(POD)


def test_a_read_that_breaks_off_is_asked_once_more(stub: Stub, transport: Transport) -> None:
    answers = iter([Reply(reset=True), Reply(body={"n": 1})])
    stub.script = lambda _: next(answers)
    assert transport.get(POD) == {"n": 1}


def test_what_the_last_check_raises_keeps_the_write_from_being_sent(
    stub: Stub, transport: Transport
) -> None:
    class TooLateError(Exception):
        pass

    def check() -> None:
        raise TooLateError

    transport.before_write = check
    writes: list[Callable[[], object]] = [
        lambda: transport.create(PODS, {}),
        lambda: transport.replace(POD, {}),
        lambda: transport.patch(POD, {}, PatchKind.MERGE),
        lambda: transport.delete(POD),
    ]
    for write in writes:
        with pytest.raises(TooLateError):
            write()
    assert stub.asked == []


def test_the_last_check_is_made_when_the_connection_is_up(
    stub: Stub, transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    real = connection.create_connection

    def connecting(*args: Any, **kwargs: Any) -> socket.socket:
        order.append("connected")
        return real(*args, **kwargs)

    monkeypatch.setattr(connection, "create_connection", connecting)
    transport.before_write = lambda: order.append("checked")
    transport.replace(POD, {})
    assert order == ["connected", "checked"]


def test_reads_and_unguarded_writes_go_past_the_last_check(
    stub: Stub, transport: Transport
) -> None:
    checks: list[int] = []
    transport.before_write = lambda: checks.append(1)
    transport.get(POD)
    transport.replace(POD, {}, guarded=False)
    assert checks == []


def test_too_many_requests_are_repeated_after_the_time_the_server_asks_for(
    stub: Stub, transport: Transport, clock: HandClock
) -> None:
    answers = iter([Reply(429, headers={"Retry-After": "3"}), Reply(body={"n": 1})])
    stub.script = lambda _: next(answers)
    assert transport.patch(POD, {}, PatchKind.MERGE) == {"n": 1}
    assert clock.slept == [3]


def test_too_many_requests_end_after_a_while(stub: Stub, transport: Transport) -> None:
    stub.script = lambda _: Reply(429, headers={"Retry-After": "1"})
    with pytest.raises(errors.Throttled):
        transport.patch(POD, {}, PatchKind.MERGE)
    assert len(stub.asked) == 7


def token_server(good: str) -> Callable[[Asked], Reply]:
    def answer(asked: Asked) -> Reply:
        if asked.header("Authorization") == f"Bearer {good}":
            return Reply(body={"n": 1})
        return status(401, "Unauthorized", "Unauthorized")

    return answer


def test_a_401_renews_the_credentials_once_and_asks_again(
    stub: Stub, connect: Callable[..., Transport], tmp_path: Any
) -> None:
    token = tmp_path / "token"
    token.write_text("old")
    transport = connect(user={"tokenFile": str(token)})
    token.write_text("new")
    stub.script = token_server("new")
    assert transport.patch(POD, {}, PatchKind.MERGE) == {"n": 1}
    assert len(stub.asked) == 2


def test_a_401_with_new_credentials_as_well_is_the_end(stub: Stub, transport: Transport) -> None:
    stub.script = token_server("other")
    with pytest.raises(errors.Unauthorized) as caught:
        transport.get(POD)
    assert len(stub.asked) == 2
    assert caught.value.hint == "kubectl auth whoami"


def test_many_threads_that_are_refused_renew_the_credentials_together(
    stub: Stub, connect: Callable[..., Transport], tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = tmp_path / "token"
    token.write_text("old")
    transport = connect(user={"tokenFile": str(token)})
    token.write_text("new")
    arrived = threading.Barrier(4)
    accept = token_server("new")

    def together(asked: Asked) -> Reply:
        if asked.header("Authorization") == "Bearer old":
            arrived.wait(5)
        return accept(asked)

    stub.script = together
    logins: list[int] = []
    access = transport.access
    connect_anew = type(access).connect

    def counted(self: Any, connections: int) -> Any:
        logins.append(1)
        return connect_anew(self, connections)

    monkeypatch.setattr(type(access), "connect", counted)
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda _: transport.get(POD), range(4))) == [{"n": 1}] * 4
    assert len(logins) == 1


def test_the_servers_time_comes_from_its_date_header(
    stub: Stub, transport: Transport, clock: HandClock
) -> None:
    server = clock.time() + 3600
    stub.script = lambda _: Reply()
    stub.now = lambda: server
    transport.get(POD)
    assert abs(transport.server_time() - server) <= 1.0


def test_the_trace_has_a_line_for_each_request_and_never_the_token(
    stub: Stub, transport: Transport
) -> None:
    lines: list[str] = []
    transport.trace, transport.verbosity = lines.append, 8
    transport.replace(POD, {"a": 1})
    assert lines[0].startswith(f"PUT {stub.url}{POD}?fieldManager=kubectl-cafe 200 OK in ")
    assert "Request Body: {'a': 1}" in lines
    assert not any("secret" in line for line in lines)


def test_at_level_6_the_trace_has_no_bodies(stub: Stub, transport: Transport) -> None:
    lines: list[str] = []
    transport.trace, transport.verbosity = lines.append, 6
    transport.replace(POD, {"a": 1})
    assert len(lines) == 1


def test_whoami_is_the_name_by_which_the_server_knows_us(stub: Stub, transport: Transport) -> None:
    stub.script = lambda _: Reply(201, {"status": {"userInfo": {"username": "jane"}}})
    assert whoami(transport) == "jane"
    assert stub.asked[0].path == "/apis/authentication.k8s.io/v1/selfsubjectreviews"

"""What is known about a request when there is no answer, or none that helps."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable

import pytest

from kubectl_cafe.client import errors
from kubectl_cafe.client.clock import BootClock
from kubectl_cafe.client.transport import PatchKind, Transport
from tests.unit.client.conftest import POD, HandClock
from tests.unit.client.stub import Reply, Stub, throttled


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
    with pytest.raises(errors.UnknownOutcome, match=r"no answer within 200ms"):
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
    transport.session(lambda: checks.append(1)).replace(POD, {})
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


@pytest.mark.guard("a-request-with-a-timeout-waits-for-no-retry-after")
def test_a_request_with_a_timeout_waits_for_no_retry_after_beyond_it(
    stub: Stub, transport: Transport, clock: HandClock
) -> None:
    stub.script = lambda _: throttled(10)
    with pytest.raises(errors.Throttled):
        transport.replace(POD, {}, timeout=5)
    assert (clock.slept, len(stub.asked)) == ([], 1)


@pytest.mark.guard("a-timeout-bounds-all-tries")
def test_a_timeout_bounds_a_request_with_all_its_tries(
    stub: Stub, transport: Transport, clock: HandClock
) -> None:
    began = clock.now
    stub.script = lambda _: throttled(2)
    with pytest.raises(errors.Throttled):
        transport.get(POD, timeout=5)
    assert clock.now - began == 4
    assert len(stub.asked) == 3


def test_a_second_try_has_the_time_that_the_first_one_left(
    stub: Stub, connect: Callable[..., Transport]
) -> None:
    transport = connect(clock=BootClock())
    answers = iter([throttled(1), Reply(chunks=stub.stall())])
    stub.script = lambda _: next(answers)
    began = time.monotonic()
    with pytest.raises(errors.Unreachable, match="no answer within"):
        transport.get(POD, timeout=2.5)
    assert 2.4 <= time.monotonic() - began <= 3.5


def test_a_watch_waits_for_a_retry_after_whatever_silence_it_bears(
    stub: Stub, transport: Transport, clock: HandClock
) -> None:
    answers = iter([throttled(10), Reply(chunks=[])])
    stub.script = lambda _: next(answers)
    with transport.stream(POD, idle_timeout=5) as stream:
        assert list(stream) == []
    assert clock.slept == [10]

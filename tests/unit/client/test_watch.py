"""One list, one watch: resumed where it ended, listed again only after 410."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from kubectl_cafe.client import errors, paths, watch
from kubectl_cafe.client.transport import Transport
from kubectl_cafe.client.watch import Informer
from tests.unit.client.stub import Asked, Reply, Script, Stub, event, status

PODS = paths.pods("shop")


class Seen:
    """What the callbacks were told, in order."""

    def __init__(self) -> None:
        self.log: list[tuple[str, Any]] = []
        self.failures: list[Exception] = []

    def on_sync(self, items: list[dict[str, Any]]) -> None:
        self.log.append(("SYNC", len(items)))

    def on_event(self, kind: str, item: dict[str, Any]) -> None:
        self.log.append((kind, item["metadata"]["resourceVersion"]))


def until(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.005)


def listing(version: int, *items: dict[str, Any]) -> Reply:
    return Reply(body={"items": list(items), "metadata": {"resourceVersion": str(version)}})


def script(lists: list[Reply], watches: list[Reply], stub: Stub) -> Script:
    """Lists and watches in order; after the last a watch stays open in silence."""
    listed, watched = iter(lists), iter(watches)

    def answer(asked: Asked) -> Reply:
        if "watch" in asked.query:
            return next(watched, None) or Reply(chunks=stub.stall())
        return next(listed)

    return answer


def watches(stub: Stub) -> list[str]:
    return [asked.query["resourceVersion"] for asked in stub.asked if "watch" in asked.query]


@pytest.fixture
def seen() -> Seen:
    return Seen()


@pytest.fixture
def informer(
    transport: Transport, seen: Seen, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Informer]:
    monkeypatch.setattr(watch, "BACKOFF", 0.001)
    thread = Informer(
        transport,
        PODS,
        {"labelSelector": "app=web"},
        on_sync=seen.on_sync,
        on_event=seen.on_event,
        on_failed=seen.failures.append,
        rng=random.Random(0),
    )
    yield thread
    if thread.is_alive():
        thread.stop()
        thread.join(5)
    assert not thread.is_alive()


def test_the_list_comes_first_then_events_in_their_order(
    stub: Stub, informer: Informer, seen: Seen
) -> None:
    events = [event("ADDED", 11), event("MODIFIED", 12), event("DELETED", 13)]
    stub.script = script([listing(10, {}, {})], [Reply(chunks=events)], stub)
    informer.start()
    until(lambda: len(seen.log) == 4)
    assert seen.log == [("SYNC", 2), ("ADDED", "11"), ("MODIFIED", "12"), ("DELETED", "13")]
    assert informer.synced.is_set()
    assert informer.resource_version == 13


def test_the_watch_asks_for_bookmarks_and_keeps_the_query(stub: Stub, informer: Informer) -> None:
    stub.script = script([listing(10)], [], stub)
    informer.start()
    until(lambda: len(watches(stub)) == 1)
    query = stub.asked[-1].query
    assert query["allowWatchBookmarks"] == "true"
    assert query["timeoutSeconds"] == "290"
    assert query["labelSelector"] == "app=web"
    assert query["resourceVersion"] == "10"


def test_a_watch_that_ends_is_opened_again_from_the_last_version_without_a_list(
    stub: Stub, informer: Informer, seen: Seen
) -> None:
    first, second = Reply(chunks=[event("ADDED", 11)]), Reply(chunks=[event("ADDED", 12)])
    stub.script = script([listing(10)], [first, second], stub)
    informer.start()
    until(lambda: len(watches(stub)) == 3)
    assert watches(stub) == ["10", "11", "12"]
    assert [kind for kind, _ in seen.log] == ["SYNC", "ADDED", "ADDED"]


def test_a_bookmark_moves_the_version_and_tells_nobody(
    stub: Stub, informer: Informer, seen: Seen
) -> None:
    stub.script = script([listing(10)], [Reply(chunks=[event("BOOKMARK", 50)])], stub)
    informer.start()
    until(lambda: len(watches(stub)) == 2)
    assert watches(stub) == ["10", "50"]
    assert seen.log == [("SYNC", 0)]


def test_a_410_by_status_lists_again(stub: Stub, informer: Informer, seen: Seen) -> None:
    gone = status(410, "Expired", "too old resource version")
    stub.script = script([listing(10), listing(90, {})], [gone], stub)
    informer.start()
    until(lambda: len(watches(stub)) == 2)
    assert seen.log == [("SYNC", 0), ("SYNC", 1)]
    assert watches(stub) == ["10", "90"]


def test_a_410_inside_the_stream_lists_again(stub: Stub, informer: Informer, seen: Seen) -> None:
    gone = b'{"type":"ERROR","object":{"kind":"Status","code":410,"message":"too old"}}\n'
    stream = Reply(chunks=[event("ADDED", 11), gone])
    stub.script = script([listing(10), listing(90)], [stream], stub)
    informer.start()
    until(lambda: len(watches(stub)) == 2)
    assert seen.log == [("SYNC", 0), ("ADDED", "11"), ("SYNC", 0)]


def test_an_event_that_arrives_in_pieces_is_put_together(
    stub: Stub, informer: Informer, seen: Seen
) -> None:
    both = event("ADDED", 11) + event("ADDED", 12)
    stub.script = script([listing(10)], [Reply(chunks=[both[:9], both[9:70], both[70:]])], stub)
    informer.start()
    until(lambda: len(seen.log) == 3)
    assert seen.log[1:] == [("ADDED", "11"), ("ADDED", "12")]


def test_a_broken_connection_goes_on_from_the_last_version(
    stub: Stub, informer: Informer, seen: Seen
) -> None:
    broken = [Reply(reset=True), Reply(reset=True), status(503, "", "starting")]
    stub.script = script([listing(10)], [*broken, Reply(chunks=[event("ADDED", 11)])], stub)
    informer.start()
    until(lambda: len(seen.log) == 2)
    assert seen.log == [("SYNC", 0), ("ADDED", "11")]
    assert set(watches(stub)[:4]) == {"10"}


def test_trouble_shows_in_error_and_goes_when_the_watch_is_open_again(
    stub: Stub, informer: Informer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "BACKOFF", 0.2)
    stub.script = script([listing(10)], [status(503, "", "starting")], stub)
    informer.start()
    until(lambda: isinstance(informer.error, errors.ServerError))
    until(lambda: informer.error is None)
    assert informer.failed is None


def test_a_watch_that_ends_without_a_word_is_not_asked_for_in_a_tight_loop(
    stub: Stub, informer: Informer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "BACKOFF", 0.1)
    stub.script = lambda asked: Reply(chunks=[]) if "watch" in asked.query else listing(10)
    informer.start()
    until(lambda: len(watches(stub)) == 2)
    time.sleep(0.1)
    assert len(watches(stub)) <= 3


def test_a_silent_watch_is_given_up_and_opened_again(
    stub: Stub, informer: Informer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "IDLE", 0.1)
    stub.script = script([listing(10)], [], stub)
    informer.start()
    until(lambda: len(watches(stub)) >= 2)


def test_being_forbidden_to_list_ends_it_at_once(
    stub: Stub, informer: Informer, seen: Seen
) -> None:
    stub.script = lambda _: status(403, "Forbidden", "no")
    informer.start()
    until(lambda: not informer.is_alive())
    assert isinstance(informer.failed, errors.Forbidden)
    assert seen.failures == [informer.failed]


def test_one_refusal_of_a_watch_that_worked_does_not_end_it(
    stub: Stub, informer: Informer, seen: Seen
) -> None:
    denied = status(403, "Forbidden", "RBAC is not ready")
    stub.script = script([listing(10)], [denied, Reply(chunks=[event("ADDED", 11)])], stub)
    informer.start()
    until(lambda: len(seen.log) == 2)
    assert informer.failed is None


def test_one_refusal_after_other_failures_does_not_end_a_watch_that_worked(
    stub: Stub, informer: Informer, seen: Seen
) -> None:
    """An API server that restarts: connections fail first, then it refuses for a moment."""
    denied, broken = status(403, "Forbidden", "RBAC is not ready"), Reply(reset=True)
    answers = [*[broken] * 12, denied, Reply(chunks=[event("ADDED", 11)])]
    stub.script = script([listing(10)], answers, stub)
    informer.start()
    until(lambda: len(seen.log) == 2)
    assert informer.failed is None


def test_refusals_in_a_row_end_a_watch_that_worked(stub: Stub, informer: Informer) -> None:
    denied = status(403, "Forbidden", "no")
    stub.script = lambda asked: denied if "watch" in asked.query else listing(10)
    informer.start()
    until(lambda: not informer.is_alive())
    assert isinstance(informer.failed, errors.Forbidden)


def test_what_a_callback_raises_is_not_hidden(
    stub: Stub, informer: Informer, seen: Seen, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(kind: str, item: dict[str, Any]) -> None:
        raise RuntimeError("a bug")

    informer._on_event = broken
    stub.script = script([listing(10)], [Reply(chunks=[event("ADDED", 11)])], stub)
    informer.start()
    until(lambda: not informer.is_alive())
    assert str(informer.failed) == "a bug"
    assert seen.failures == [informer.failed]


def test_stop_ends_a_watch_that_is_waiting_in_silence_at_once(
    stub: Stub, informer: Informer, seen: Seen
) -> None:
    stub.script = script([listing(10)], [], stub)
    informer.start()
    until(lambda: len(watches(stub)) == 1 and informer._stream is not None)
    started = time.monotonic()
    informer.stop()
    informer.join(5)
    assert not informer.is_alive()
    assert time.monotonic() - started < 1
    assert informer.failed is None
    assert seen.failures == []


def test_events_are_cut_down_by_slim_as_the_list_is(
    stub: Stub, transport: Transport, seen: Seen
) -> None:
    synced: list[Any] = []
    got = threading.Event()
    told: list[Any] = []

    def on_event(kind: str, item: dict[str, Any]) -> None:
        told.append(item)
        got.set()

    stub.script = script(
        [listing(10, {"metadata": {"a": 1}, "big": 1})],
        [Reply(chunks=[event("ADDED", 11, big=1)])],
        stub,
    )
    thread = Informer(
        transport,
        PODS,
        on_sync=synced.extend,
        on_event=on_event,
        slim=lambda pod: {"metadata": pod["metadata"]},
    )
    thread.start()
    assert got.wait(5)
    thread.stop()
    thread.join(5)
    assert synced == [{"metadata": {"a": 1}}]
    assert list(told[0]) == ["metadata"]

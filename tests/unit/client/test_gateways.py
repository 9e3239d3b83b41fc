"""A gateway in between that speaks HTTP/1.0: every body ends with its connection."""

from __future__ import annotations

import gzip
import itertools
import queue
import time
import zlib
from collections.abc import Callable, Iterator

import pytest

from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.cache import informers
from kubectl_cafe.cache.informers import Observer
from kubectl_cafe.client import errors, paths, watch
from kubectl_cafe.client.clock import BootClock
from kubectl_cafe.client.transport import Transport
from kubectl_cafe.client.watch import Informer
from kubectl_cafe.errors import CafeError
from tests.unit.builders import cafe_object
from tests.unit.client.conftest import POD, PODS
from tests.unit.client.stub import Asked, Reply, Stub, event

SECONDS = 5.0


class Feed:
    """A watch's body: what the test says, piece by piece, until it ends it."""

    def __init__(self, squeezed: Callable[[bytes], bytes] = lambda piece: piece) -> None:
        self._pieces: queue.Queue[bytes] = queue.Queue()
        self._squeezed = squeezed

    def say(self, piece: bytes) -> None:
        self._pieces.put(piece)

    def end(self) -> None:
        self._pieces.put(b"")

    def __iter__(self) -> Iterator[bytes]:
        while piece := self._pieces.get(timeout=2 * SECONDS):
            yield self._squeezed(piece)


def squeezed() -> Callable[[bytes], bytes]:
    """One gzip stream, flushed after each piece, as gateways compress what they pass on."""
    packer = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
    return lambda piece: packer.compress(piece) + packer.flush(zlib.Z_SYNC_FLUSH)


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("old", [False, True], ids=["chunked", "until the connection ends"])
def test_every_event_of_a_watch_arrives_when_it_is_sent(
    stub: Stub, transport: Transport, *, old: bool, packed: bool
) -> None:
    feed = Feed(squeezed()) if packed else Feed()
    headers = {"Content-Encoding": "gzip"} if packed else {}
    stub.script = lambda _: Reply(chunks=feed, headers=headers, old=old)
    with transport.stream(PODS, idle_timeout=SECONDS) as stream:
        events = iter(stream)
        for version in (11, 12, 13):
            feed.say(event("ADDED", version))
            assert next(events).object["metadata"]["resourceVersion"] == str(version)
        feed.end()


def test_a_watch_over_http_1_0_ends_where_the_connection_ends(
    stub: Stub, transport: Transport
) -> None:
    stub.script = lambda _: Reply(chunks=[event("ADDED", 11) + event("ADDED", 12)], old=True)
    with transport.stream(PODS) as stream:
        assert [one.object["metadata"]["name"] for one in stream] == ["pod-11", "pod-12"]


def test_a_read_over_http_1_0_is_whole(stub: Stub, transport: Transport) -> None:
    stub.script = lambda _: Reply(body={"n": "x" * 200_000}, old=True)
    assert transport.get(POD) == {"n": "x" * 200_000}


def test_a_compressed_read_over_http_1_0_is_whole(stub: Stub, transport: Transport) -> None:
    packed = gzip.compress(b'{"n": 1}')
    stub.script = lambda _: Reply(body=packed, headers={"Content-Encoding": "gzip"}, old=True)
    assert transport.get(POD) == {"n": 1}


@pytest.mark.guard("events-arrive-when-they-are-sent")
def test_an_informer_follows_through_such_a_gateway_and_stops_in_its_silence(
    stub: Stub, transport: Transport
) -> None:
    feed, told = Feed(), queue.SimpleQueue[str]()

    def answer(asked: Asked) -> Reply:
        if "watch" in asked.query:
            return Reply(chunks=feed, old=True)
        return Reply(body={"items": [], "metadata": {"resourceVersion": "10"}}, old=True)

    stub.script = answer
    informer = Informer(
        transport,
        PODS,
        on_sync=lambda items: told.put(f"SYNC {len(items)}"),
        on_event=lambda kind, item: told.put(f"{kind} {item['metadata']['name']}"),
    )
    informer.start()
    try:
        assert told.get(timeout=SECONDS) == "SYNC 0"
        for version in (11, 12):
            feed.say(event("MODIFIED", version))
            assert told.get(timeout=SECONDS) == f"MODIFIED pod-{version}"
    finally:
        started = time.monotonic()
        informer.stop()
        informer.join(SECONDS)
        stopped = time.monotonic()
        feed.end()
    assert not informer.is_alive()
    assert stopped - started < 1
    assert informer.failed is None
    assert watch.IDLE > SECONDS  # It was woken: the silence was not waited for.


def silent_watches(stub: Stub, versions: Iterator[int]) -> Callable[[Asked], Reply]:
    """Each list is newer than the one before; every watch is opened and says nothing."""

    def answer(asked: Asked) -> Reply:
        if "watch" in asked.query:
            return Reply(chunks=stub.stall())
        return Reply(body={"items": [{}], "metadata": {"resourceVersion": str(next(versions))}})

    return answer


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.005)


@pytest.fixture
def informer(
    connect: Callable[..., Transport], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Informer]:
    monkeypatch.setattr(watch, "IDLE", 0.2)
    monkeypatch.setattr(watch, "BACKOFF", 0.001)
    one = Informer(
        connect(clock=BootClock()), PODS, on_sync=lambda _: None, on_event=lambda *_: None
    )
    yield one
    one.stop()
    one.join(SECONDS)


@pytest.mark.guard("a-silent-watch-is-listed-again")
def test_a_watch_that_says_nothing_is_named_and_what_it_watches_is_listed_again(
    stub: Stub, informer: Informer
) -> None:
    stub.script = silent_watches(stub, itertools.count(10))
    informer.start()
    until(lambda: informer.resource_version >= 12)
    assert isinstance(informer.error, errors.Silent)
    assert "a proxy or gateway on the way" in str(informer.error)
    assert informer.failed is None


def test_the_trouble_of_a_silent_watch_ends_with_the_first_event(
    stub: Stub, informer: Informer
) -> None:
    silent = silent_watches(stub, itertools.count(10))
    stub.script = silent
    informer.start()
    until(lambda: isinstance(informer.error, errors.Silent))
    feed = Feed()

    def answer(asked: Asked) -> Reply:
        return Reply(chunks=feed) if "watch" in asked.query else silent(asked)

    stub.script = answer
    feed.say(event("BOOKMARK", 50))
    until(lambda: informer.error is None)
    feed.end()


def test_a_first_list_that_does_not_come_is_named_by_what_is_listed(
    stub: Stub, connect: Callable[..., Transport], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(informers, "PATIENCE", 0.3)
    slices = paths.endpointslices("stores")

    def answer(asked: Asked) -> Reply:
        if "watch" in asked.query or asked.path == slices:
            return Reply(chunks=stub.stall())
        return Reply(body={"items": [], "metadata": {"resourceVersion": "10"}})

    stub.script = answer
    observer = Observer(connect(clock=BootClock()), CafeDeployment(cafe_object()))
    with pytest.raises(CafeError, match="has not answered a list") as caught, observer.running():
        pass
    assert caught.value.where == slices

"""The fault proxy breaks exactly what it is told to."""

from __future__ import annotations

import gc
import json
import socket
import ssl
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import cast

import pytest

from testbed.client import Client, Event, Refused
from testbed.controlplane import ControlPlane
from testbed.faults import (
    LOST_ANSWER,
    LOST_REQUEST,
    STALL,
    Fault,
    Held,
    Request,
    killed_after,
    killed_before,
)
from testbed.proxy import FaultProxy
from testbed.waiting import wait_for

MAP = "configmaps"
PAIR = Path(__file__).parents[1] / "unit" / "client" / "stub.pem"
"""A certificate for 127.0.0.1 that signs itself, and its key."""


@pytest.fixture
def through(control_plane: ControlPlane, proxy: FaultProxy, namespace: str) -> Client:
    """A client that goes through the proxy."""
    return Client(proxy.server, control_plane.token(), None, namespace, "through")


def named(name: str) -> dict[str, dict[str, str]]:
    """A ConfigMap."""
    return {"metadata": {"name": name}}


def test_without_faults_it_is_not_noticed(client: Client, through: Client) -> None:
    through.create(MAP, named("a"))
    assert client.get(MAP, "a")["metadata"]["uid"] == through.get(MAP, "a")["metadata"]["uid"]


def test_writes_are_counted_and_reads_are_not(through: Client, proxy: FaultProxy) -> None:
    through.create(MAP, named("a"))
    through.get(MAP, "a")
    through.patch(MAP, "a", {"data": {"k": "v"}})
    assert [(w.write, w.method) for w in proxy.writes] == [(1, "POST"), (2, "PATCH")]
    assert proxy.writes[1].json == {"data": {"k": "v"}}
    assert len(proxy.requests) == 3


def test_dry_runs_and_questions_are_no_writes(through: Client, proxy: FaultProxy) -> None:
    through.create(MAP, named("a"), dryRun="All")
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    through.within(None).create("authentication.k8s.io/v1/selfsubjectreviews", review)
    assert proxy.writes == []


def test_a_lost_answer_was_committed(client: Client, through: Client, proxy: FaultProxy) -> None:
    proxy.on_write(1, LOST_ANSWER)
    with pytest.raises(OSError):
        through.create(MAP, named("a"))
    assert client.find(MAP, "a") is not None


def test_a_held_request_reaches_the_server_when_it_is_let_go(
    client: Client, through: Client, proxy: FaultProxy
) -> None:
    held = Held()
    proxy.on_write(1, held.fault)
    sending = threading.Thread(target=through.create, args=(MAP, named("a")))
    sending.start()
    held.wait()
    assert client.find(MAP, "a") is None
    held.let_go()
    sending.join(10)
    assert client.find(MAP, "a") is not None


def test_a_lost_request_was_not(client: Client, through: Client, proxy: FaultProxy) -> None:
    proxy.on(lambda r: r.method == "POST", LOST_REQUEST)
    with pytest.raises(OSError):
        through.create(MAP, named("a"))
    assert client.find(MAP, "a") is None


def test_a_status_code_comes_from_the_proxy_alone(
    client: Client, through: Client, proxy: FaultProxy
) -> None:
    proxy.on_write(1, Fault(code=503, headers={"Retry-After": "1"}))
    with pytest.raises(Refused) as refused:
        through.create(MAP, named("a"))
    assert refused.value.code == 503
    assert client.find(MAP, "a") is None


def test_a_fault_strikes_as_often_as_it_was_told(through: Client, proxy: FaultProxy) -> None:
    proxy.on(lambda r: r.method == "GET", Fault(code=500), times=2)
    for _ in range(2):
        with pytest.raises(Refused):
            through.list(MAP)
    through.list(MAP)


def test_a_delay_delays(through: Client, proxy: FaultProxy) -> None:
    proxy.on(lambda r: True, Fault(seconds=0.5))
    began = time.monotonic()
    through.list(MAP)
    assert time.monotonic() - began > 0.45


@pytest.mark.parametrize("committed", [False, True])
def test_a_client_is_killed_at_its_nth_write(
    client: Client, proxy: FaultProxy, committed: bool, tmp_path: Path
) -> None:
    writer = tmp_path / "writer.py"
    writer.write_text(
        "import json, sys, urllib.request\n"
        "for n in range(5):\n"
        "    body = json.dumps({'metadata': {'name': f'n{n}'}}).encode()\n"
        "    headers = {'Content-Type': 'application/json', 'Authorization': sys.argv[2]}\n"
        "    request = urllib.request.Request(sys.argv[1], body, headers)\n"
        "    urllib.request.urlopen(request).close()\n"
    )
    token = json.loads(proxy.kubeconfig.read_text())["users"][0]["user"]["token"]
    url = proxy.server + client.path(MAP)
    process = subprocess.Popen([sys.executable, str(writer), url, f"Bearer {token}"])
    kill = killed_after if committed else killed_before
    proxy.on_write(3, kill(process.kill))
    assert process.wait(20) == -9
    names = {found["metadata"]["name"] for found in client.list(MAP)}
    assert names - {"kube-root-ca.crt"} == ({"n0", "n1", "n2"} if committed else {"n0", "n1"})


def test_callbacks_see_the_request(through: Client, proxy: FaultProxy) -> None:
    seen: list[Request] = []
    proxy.on_write(1, Fault(before=seen.append))
    through.create(MAP, named("a"))
    assert seen == proxy.writes


def test_a_stalled_request_is_never_answered(
    client: Client, through: Client, proxy: FaultProxy
) -> None:
    proxy.on_write(1, STALL)
    done = threading.Event()

    def write() -> None:
        try:
            through.create(MAP, named("a"))
        except OSError:
            done.set()

    thread = threading.Thread(target=write)
    thread.start()
    wait_for(lambda: proxy.writes, "the write to come")
    assert not done.wait(0.5)
    assert client.find(MAP, "a") is None
    proxy.close()
    thread.join(10)
    assert done.is_set()


class Watch:
    """A watch that is read in a thread."""

    def __init__(self, through: Client) -> None:
        self.events: list[Event] = []
        self.error: Exception | None = None
        self._read = through.watch(MAP, seconds=20)
        self.thread = threading.Thread(target=self._collect, args=(self._read,))
        self.thread.start()
        wait_for(lambda: self.events, "the first event")

    def _collect(self, events: Iterator[Event]) -> None:
        try:
            self.events.extend(iter(events))
        except Exception as error:
            self.error = error

    def names(self) -> list[str]:
        """Names that were heard of."""
        return [event.object["metadata"]["name"] for event in self.events]


def test_an_open_watch_passes_events_on(client: Client, through: Client, proxy: FaultProxy) -> None:
    watch = Watch(through)
    client.create(MAP, named("a"))
    wait_for(lambda: "a" in watch.names(), "the event")
    proxy.cut_streams()
    watch.thread.join(5)


def test_a_watch_that_is_cut_breaks(client: Client, through: Client, proxy: FaultProxy) -> None:
    watch = Watch(through)
    assert proxy.cut_streams() == 1
    watch.thread.join(5)
    assert isinstance(watch.error, Exception)


def test_a_watch_that_expires_says_410_and_ends(through: Client, proxy: FaultProxy) -> None:
    watch = Watch(through)
    assert proxy.expire_streams() == 1
    watch.thread.join(5)
    assert watch.error is None
    assert watch.events[-1].type == "ERROR"
    assert watch.events[-1].object["code"] == 410


def test_a_stalled_watch_says_no_more_until_healed(
    client: Client, through: Client, proxy: FaultProxy
) -> None:
    watch = Watch(through)
    proxy.stall_streams()
    client.create(MAP, named("late"))
    time.sleep(0.5)
    assert "late" not in watch.names()
    proxy.heal()
    wait_for(lambda: "late" in watch.names(), "the event")
    proxy.cut_streams()
    watch.thread.join(5)


def test_clients_that_go_on_connecting_leave_no_open_socket_in_a_closed_proxy(
    proxy: FaultProxy,
) -> None:
    host, _, port = proxy.server.removeprefix("http://").partition(":")
    held: list[socket.socket] = []

    def connect() -> None:
        with suppress(OSError):
            while True:
                held.append(socket.create_connection((host, int(port)), timeout=1))

    clients = [threading.Thread(target=connect, daemon=True) for _ in range(4)]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for client in clients:
            client.start()
        time.sleep(0.3)
        proxy.close()
        for client in clients:
            client.join(10)
        gc.collect()
    for one in held:
        one.close()
    assert [str(one.message) for one in caught if one.category is ResourceWarning] == []


class SlowToClose:
    """A TLS server that answers each request and ends its connection half a second late."""

    ca = PAIR

    def __init__(self) -> None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(PAIR)
        listening = socket.create_server(("127.0.0.1", 0))
        self._listening = context.wrap_socket(listening, server_side=True)
        self.server = f"https://127.0.0.1:{self._listening.getsockname()[1]}"
        self._thread = threading.Thread(target=self._answer, daemon=True)
        self._thread.start()

    def token(self, user: str) -> str:
        return user

    def _answer(self) -> None:
        connection, _ = self._listening.accept()
        connection.recv(1 << 16)
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
        time.sleep(0.5)
        connection.close()
        self._listening.close()


def test_a_server_that_closes_its_connections_late_leaves_no_open_socket_in_a_closed_proxy(
    tmp_path: Path,
) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with FaultProxy(cast(ControlPlane, SlowToClose()), tmp_path) as proxy:
            Client(proxy.server, "token", None, "default", "test").request("GET", "/api")
        gc.collect()
    assert [str(one.message) for one in caught if one.category is ResourceWarning] == []

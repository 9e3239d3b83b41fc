"""A client that asks every ready address of a Service all the time and counts what fails.

It sees what a proxy or an ingress sees, the Service's EndpointSlices through a watch, and asks
only addresses of the test network. Rate, number of addresses and time are bounded.
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType

from testbed.client import Client, Object, Refused
from testbed.errors import TestbedError
from testbed.nodeconfig import TEST_NETWORK
from testbed.waiting import wait_for

SLICES = "discovery.k8s.io/v1/endpointslices"
PERIOD = 0.02
"""Seconds between the end of a request and the next to the same address."""
TIMEOUT = 2.0
ADDRESSES = 32
LONGEST = 600.0
"""Seconds after which no more requests are sent."""


@dataclass(frozen=True)
class Failure:
    """A request without a 200: when (seconds since the client was started), where, what."""

    after: float
    address: str
    error: str


@dataclass(frozen=True)
class Tally:
    """What came of the requests that have ended: answers by their text, and the failures."""

    requests: int
    answers: Mapping[str, int]
    failures: tuple[Failure, ...]

    def __str__(self) -> str:
        answers = ", ".join(f"{count} from {text}" for text, count in sorted(self.answers.items()))
        return f"{self.requests} requests ({answers}), {len(self.failures)} failed"


class Traffic:
    """Requests GET `path` to the ready addresses of `service` between enter and exit.

    `client` is bound to the Service's namespace; every request has a connection of its own.
    """

    def __init__(self, client: Client, service: str, port: int = 8080, path: str = "/") -> None:
        self._client = client
        self._service = service
        self._port = port
        self._path = path
        self._lock = threading.Lock()
        self._slices: dict[str, frozenset[str]] = {}
        self._askers: dict[str, threading.Thread] = {}
        self._answers: Counter[str] = Counter()
        self._failures: list[Failure] = []
        self._stop = threading.Event()
        self._began = 0.0
        self._wrong: str | None = None
        self._watcher = threading.Thread(target=self._watch, name="traffic", daemon=True)

    def __enter__(self) -> Traffic:
        self._began = time.monotonic()
        self._watcher.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        for asker in list(self._askers.values()):
            asker.join(TIMEOUT + 1)

    def tally(self) -> Tally:
        """What has been counted so far.

        Raises TestbedError when the client has stopped asking: its count would mean nothing.
        """
        if self._wrong:
            raise TestbedError(f"testbed: the client of {self._service} stopped: {self._wrong}")
        with self._lock:
            failures = tuple(self._failures)
            answered = sum(self._answers.values())
            return Tally(answered + len(failures), dict(self._answers), failures)

    def ready(self) -> frozenset[str]:
        """The addresses that are asked now."""
        with self._lock:
            return frozenset().union(*self._slices.values())

    def wait_for_addresses(self, count: int, seconds: float = 30.0) -> None:
        """Wait until exactly `count` addresses are ready."""
        what = f"{count} ready addresses of Service {self._service}"
        wait_for(lambda: len(self.ready()) == count, what, seconds)

    def wait_for_requests(self, more: int, seconds: float = 30.0) -> None:
        """Wait until so many more requests have ended."""
        goal = self.tally().requests + more
        wait_for(lambda: self.tally().requests >= goal, f"{more} more requests", seconds)

    def _watch(self) -> None:
        """Keep the slices as the API server shows them; a broken watch begins anew."""
        selector = f"kubernetes.io/service-name={self._service}"
        while not self._stop.is_set():
            with contextlib.suppress(Refused, OSError, http.client.HTTPException):
                listed = self._client.request(
                    "GET", self._client.path(SLICES), query={"labelSelector": selector}
                )
                with self._lock:
                    self._slices = {s["metadata"]["name"]: addresses(s) for s in listed["items"]}
                self._hire()
                version = listed["metadata"]["resourceVersion"]
                for event in self._client.watch(SLICES, version, labelSelector=selector):
                    if event.type == "ERROR" or self._stop.is_set():
                        break
                    name = event.object["metadata"]["name"]
                    gone = event.type == "DELETED"
                    with self._lock:
                        self._slices[name] = frozenset() if gone else addresses(event.object)
                    self._hire()
            self._stop.wait(0.05)

    def _hire(self) -> None:
        """One thread for every ready address that has none."""
        for address in self.ready():
            known = self._askers.get(address)
            if known is not None and known.is_alive():
                continue
            if ipaddress.ip_address(address) not in TEST_NETWORK:
                self._wrong = f"{address} is outside {TEST_NETWORK}, which alone may be asked"
            elif len(self._askers) >= ADDRESSES:
                self._wrong = f"more than {ADDRESSES} addresses"
            else:
                asker = threading.Thread(target=self._ask, args=(address,), daemon=True)
                self._askers[address] = asker
                asker.start()

    def _ask(self, address: str) -> None:
        """Ask one address whenever it is ready, until the end."""
        while not self._stop.is_set() and self._wrong is None:
            if time.monotonic() - self._began > LONGEST:
                self._wrong = f"{LONGEST:.0f} s are over"
            elif address in self.ready():
                self._request(address)
            self._stop.wait(PERIOD)

    def _request(self, address: str) -> None:
        connection = http.client.HTTPConnection(address, self._port, timeout=TIMEOUT)
        try:
            connection.request("GET", self._path, headers={"Connection": "close"})
            answer = connection.getresponse()
            text = answer.read().decode(errors="replace").strip()
            error = None if answer.status == 200 else f"{answer.status} {text}"
        except (OSError, http.client.HTTPException) as broken:
            text, error = "", f"{type(broken).__name__}: {broken}"
        finally:
            connection.close()
        with self._lock:
            if error is None:
                self._answers[text] += 1
            else:
                after = time.monotonic() - self._began
                self._failures.append(Failure(after, address, error))


def addresses(endpoint_slice: Object) -> frozenset[str]:
    """The ready addresses of an EndpointSlice; a `ready` that is left out means yes."""
    return frozenset(
        address
        for endpoint in endpoint_slice.get("endpoints") or []
        if endpoint.get("conditions", {}).get("ready") is not False
        for address in endpoint["addresses"]
    )

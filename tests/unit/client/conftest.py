"""A stub server, a clock that only moves when told, and a transport between them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubectl_cafe.client import paths
from kubectl_cafe.client.access.config import load
from kubectl_cafe.client.access.flags import AccessFlags
from kubectl_cafe.client.clock import Clock
from kubectl_cafe.client.lease import LeaderElector
from kubectl_cafe.client.transport import Transport
from tests.unit.client.leases import OWNER, Server
from tests.unit.client.stub import PAIR, Stub

POD = paths.pods("shop", "web-1")
PODS = paths.pods("shop")


class HandClock:
    """Seconds that pass only in `sleep` and by hand."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return 1_700_000_000.0 + self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def stub(clock: HandClock, request: pytest.FixtureRequest) -> Iterator[Stub]:
    """Over https where the test is marked `tls`."""
    server = Stub(clock.time, tls=request.node.get_closest_marker("tls") is not None)
    yield server
    server.close()


Kubeconfig = Callable[..., Path]


@pytest.fixture
def kubeconfig(tmp_path: Path) -> Kubeconfig:
    """Write a kubeconfig: contexts as {name: (cluster, user, namespace)}."""

    def write(
        name: str = "config",
        current: str = "",
        contexts: dict[str, dict[str, Any]] | None = None,
        clusters: dict[str, dict[str, Any]] | None = None,
        users: dict[str, dict[str, Any]] | None = None,
    ) -> Path:
        def table(kind: str, entries: dict[str, Any] | None) -> list[dict[str, Any]]:
            return [{"name": key, kind: value} for key, value in (entries or {}).items()]

        path = tmp_path / name
        content = {
            "current-context": current,
            "contexts": table("context", contexts),
            "clusters": table("cluster", clusters),
            "users": table("user", users),
        }
        path.write_text(yaml.safe_dump(content))
        return path

    return write


@pytest.fixture
def connect(stub: Stub, clock: HandClock, kubeconfig: Kubeconfig) -> Callable[..., Transport]:
    """A transport to the stub; `user` is its kubeconfig user."""

    def to_stub(
        user: dict[str, Any] | None = None,
        url: str | None = None,
        cluster: dict[str, Any] | None = None,
        clock: Clock = clock,
        **access: Any,
    ) -> Transport:
        trusted = {"certificate-authority": str(PAIR)} if stub.url.startswith("https") else {}
        path = kubeconfig(
            current="here",
            contexts={"here": {"cluster": "stub", "user": "me"}},
            clusters={"stub": {"server": url or stub.url, **trusted, **(cluster or {})}},
            users={"me": user or {"token": "secret"}},
        )
        return Transport(load(AccessFlags(kubeconfig=str(path), **access)), clock=clock)

    return to_stub


@pytest.fixture
def transport(connect: Callable[..., Transport]) -> Transport:
    return connect()


@pytest.fixture
def server(stub: Stub) -> Server:
    """The stub, as the server of one Lease."""
    script = Server()
    stub.script = script
    return script


@pytest.fixture
def keeper(server: Server, transport: Transport, clock: HandClock) -> LeaderElector:
    return LeaderElector(transport, "shop", "cafe-web", OWNER, "me", clock)

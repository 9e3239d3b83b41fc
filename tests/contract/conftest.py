"""What the tests of a server share: requests as the administrator.

What any server must answer is asked of the real one and of the one in memory, so that a test
or a search on the one in memory says something about the real one.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kubectl_cafe.client import errors, paths
from kubectl_cafe.client.access.config import load
from kubectl_cafe.client.access.flags import AccessFlags
from kubectl_cafe.client.transport import Transport
from testbed.controlplane import ControlPlane
from tests.memcluster import MemCluster

Edit = dict[str, Any]


def through(kubeconfig: Path, **flags: Any) -> Transport:
    """A transport to the server of `kubeconfig`, with the flags of a command line."""
    return Transport(load(AccessFlags(kubeconfig=str(kubeconfig), **flags)))


def until(condition: Callable[[], object], seconds: float = 15.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


BOTH = ("test_writes", "test_lists_and_watches", "test_lease", "test_objects", "test_sessions")
"""The modules whose tests are asked of both servers."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Ask both servers."""
    module = metafunc.module.__name__.rpartition(".")[2]
    if module in BOTH and "server" in metafunc.fixturenames:
        metafunc.parametrize("server", ["real", "in memory"], indirect=True, scope="module")


@pytest.fixture(scope="module")
def server(request: pytest.FixtureRequest) -> Transport:
    """The real API server, or the one in memory, which has the same methods."""
    if getattr(request, "param", "real") == "in memory":
        return MemCluster()
    plane: ControlPlane = request.getfixturevalue("control_plane")
    return through(plane.kubeconfig)


@pytest.fixture(scope="module")
def namespace(server: Transport) -> Iterator[str]:
    name = f"contract-{uuid.uuid4().hex[:8]}"
    server.create(paths.namespaces(), {"metadata": {"name": name}})
    account = f"{paths.namespaces(name)}/serviceaccounts/default"
    until(lambda: isinstance(server, MemCluster) or server.get_or_none(account))
    yield name
    server.delete(paths.namespaces(name))


@pytest.fixture
def config_map(server: Transport, namespace: str) -> Edit:
    """Any small object: what is asked of it holds for every kind."""
    body = {"metadata": {"generateName": "any-"}, "data": {"a": "1"}}
    return server.create(paths.configmaps(namespace), body)


@pytest.fixture(scope="module")
def things(server: Transport, namespace: str) -> Iterator[str]:
    """The path of a custom kind that has only just come to be."""
    group = f"{namespace}.example.com"
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": anything},
    }
    names = {"plural": "things", "singular": "thing", "kind": "Thing", "listKind": "ThingList"}
    spec = {"group": group, "scope": "Namespaced", "names": names, "versions": [version]}
    body = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"things.{group}"},
        "spec": spec,
    }
    server.create(paths.crds(None), body)
    path = f"/apis/{group}/v1/namespaces/{namespace}/things"

    def served() -> bool:
        try:
            return server.list(path).items == []
        except (errors.NoSuchKind, errors.Throttled):
            return False

    until(served)
    yield path
    server.delete(paths.crds(f"things.{group}"))

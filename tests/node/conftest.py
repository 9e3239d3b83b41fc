"""A real kubelet for the tests here, and what a pod needs in order to run on it.

Without root, or without a program that it needs, these tests cannot run: the end of the output
says so, and under CI it is a failure.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from testbed import prerequisites
from testbed.client import Client
from testbed.controlplane import ControlPlane
from testbed.nodeconfig import TOLERATION
from testbed.realnode import RealNode
from testbed.timeline import sighting
from testbed.waiting import wait_for

NODES = Path(__file__).parents[2] / ".testbed" / "real"
Object = dict[str, Any]
MakePod = Callable[..., Object]


@pytest.fixture(scope="session")
def real_node(control_plane: ControlPlane, worker_id: str) -> Iterator[RealNode]:
    """A kubelet with containerd, in cell CellA, only for pods that ask for it; one a worker."""
    if lacking := prerequisites.missing():
        if os.environ.get("CI") == "true":
            pytest.fail(f"under CI tests/node must run: {lacking[0]}", pytrace=False)
        pytest.skip(lacking[0])
    node = RealNode(control_plane, NODES / worker_id, name=f"real-{worker_id}")
    node.start()
    yield node
    node.stop()


@pytest.fixture
def spec(real_node: RealNode) -> Callable[..., Object]:
    """`spec("app:v1", gate=True, kill_seconds=4, sidecar=True)`: a pod's spec for the real node."""

    def make(
        image: str, *, gate: bool = False, sidecar: bool = False, kill_seconds: int = 0
    ) -> Object:
        main: Object = {
            "name": "main",
            "image": image,
            "imagePullPolicy": "IfNotPresent",
            "readinessProbe": {"httpGet": {"path": "/ready", "port": 8080}, "periodSeconds": 1},
        }
        if kill_seconds:
            # Not a slow SIGTERM: a process that has just been started may not hear it yet.
            main["lifecycle"] = {"preStop": {"sleep": {"seconds": kill_seconds}}}
        side = {"name": "side", "image": "sidecar:v1", "imagePullPolicy": "IfNotPresent"}
        return {
            "nodeSelector": {"kubernetes.io/hostname": real_node.name},
            "tolerations": [TOLERATION],
            "automountServiceAccountToken": False,
            "terminationGracePeriodSeconds": kill_seconds + 5,
            "containers": [main, side] if sidecar else [main],
            **({"readinessGates": [{"conditionType": GATE}]} if gate else {}),
        }

    return make


GATE = "cafe.sofastack.io/in-service"


def open_gate(client: Client, name: str, status: str = "True") -> Object:
    """Write the gate's condition as the plugin does."""
    body = {"status": {"conditions": [{"type": GATE, "status": status}]}}
    return client.patch("pods", name, body, "status")


@pytest.fixture
def pod(client: Client, spec: Callable[..., Object]) -> MakePod:
    """`pod("web", "app:v1", ...)`: a pod that runs, and is ready (its gate opened) by then."""

    def make(name: str, image: str, **details: Any) -> Object:
        metadata = {"name": name, "labels": {"app": "web"}}
        client.create("pods", {"metadata": metadata, "spec": spec(image, **details)})
        if details.get("gate"):
            open_gate(client, name)

        def ready() -> Object | None:
            found = client.get("pods", name)
            return found if sighting(found).ready == "True" else None

        found = wait_for(ready, f"pod {name} to be ready", 60)
        assert found is not None
        return found

    return make


@pytest.fixture
def set_image(client: Client) -> Callable[[str, str], Object]:
    """`set_image("web", "app:v2")` patches the image of the container `main`."""

    def patch(name: str, image: str) -> Object:
        body = {"spec": {"containers": [{"name": "main", "image": image}]}}
        return client.patch("pods", name, body)

    return patch


@pytest.fixture
def set_gate(client: Client) -> Callable[[str, str], Object]:
    """`set_gate("web", "False")` writes the readiness gate."""

    def write(name: str, status: str) -> Object:
        return open_gate(client, name, status)

    return write

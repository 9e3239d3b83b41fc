"""A control plane and a CafeDeployment for one benchmark."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from testbed.client import Client
from testbed.controlplane import ControlPlane
from testbed.nodes import add_nodes
from testbed.plugin import Cafe, Outcome

DIRECTORY = Path(__file__).parent.parent / ".testbed" / "bench"
CELLS = ("CellA", "CellB")
NODES = 4
"""Simulated nodes in each cell; a node has room for 2,000 pods."""
LABELS = {"app": "bench"}
GATE = "cafe.sofastack.io/in-service"
TRAFFIC = "cafe.sofastack.io/traffic"
LONGEST = 600.0
Object = dict[str, Any]


@contextmanager
def control_plane() -> Iterator[ControlPlane]:
    """A control plane of the benchmark's own, with simulated nodes."""
    plane = ControlPlane(DIRECTORY)
    plane.stop(grace=0)
    plane.start()
    try:
        add_nodes(Client.of(plane), dict.fromkeys(CELLS, NODES))
        yield plane
    finally:
        plane.stop()


class Stage:
    """One CafeDeployment `bench` of `pods` pods in a namespace of its own, released once."""

    def __init__(self, plane: ControlPlane, pods: int, mode: str, restart_ms: int = 0) -> None:
        self.namespace = f"bench-{secrets.token_hex(3)}"
        self.client = Client.of(plane, self.namespace)
        self.cafe = Cafe(plane.kubeconfig, self.namespace)
        Client.of(plane).create("namespaces", {"metadata": {"name": self.namespace}})
        account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}}
        self.client.apply("serviceaccounts", account)
        self.run("init")
        self.client.create("services", _service(mode))
        self.client.create(
            "apps.cafe.cloud.alipay.com/v1alpha1/cafedeployments", _cafe(pods, mode, restart_ms)
        )
        self.run("upgrade", "bench", "--yes")

    def run(self, *arguments: str) -> Outcome:
        """Run the plugin; anything but exit code 0 ends the benchmark."""
        done = self.cafe(*arguments, seconds=LONGEST)
        if done.code != 0:
            raise SystemExit(f"bench: kubectl cafe {' '.join(arguments)}: {done.err}")
        return done

    def upgrade(self, tag: str) -> float:
        """Release `tag`; the whole process' wall time in seconds."""
        began = time.monotonic()
        self.run("upgrade", "bench", "--yes", "--image", f"main=registry.example/app:{tag}")
        return time.monotonic() - began


def _service(mode: str) -> Object:
    by_label = {TRAFFIC: "on"} if mode == "Label" else {}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "bench"},
        "spec": {"selector": {**LABELS, **by_label}, "ports": [{"port": 80}]},
    }


def _cafe(pods: int, mode: str, restart_ms: int) -> Object:
    """Everything in one group, and all of it may be down at once."""
    by_label = {TRAFFIC: "on"} if mode == "Label" else {}
    gates = {"readinessGates": [{"conditionType": GATE}]} if mode == "Gate" else {}
    slow = {"testbed.cafe/kill-ms": str(restart_ms)} if restart_ms else {}
    return {
        "apiVersion": "apps.cafe.cloud.alipay.com/v1alpha1",
        "kind": "CafeDeployment",
        "metadata": {"name": "bench"},
        "spec": {
            "replicas": pods,
            "selector": {"matchLabels": LABELS},
            "strategy": {"upgradeType": "Batch", "maxUnavailable": "100%"},
            "topology": {"unitType": "Cell", "values": list(CELLS)},
            "template": {
                "metadata": {"labels": {**LABELS, **by_label}, "annotations": slow},
                "spec": {
                    "containers": [
                        {"name": "main", "image": "registry.example/app:v1"},
                        {"name": "side", "image": "registry.example/side:v1"},
                    ],
                    **gates,
                },
            },
        },
    }

"""Simulated nodes, one or more a cell; kwok plays their kubelets."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from testbed.client import Client, Object, Refused
from testbed.controlplane import ControlPlane
from testbed.waiting import wait_for

CELL = "cafe.sofastack.io/cell"
ZONE = "topology.kubernetes.io/zone"
HOSTNAME = "kubernetes.io/hostname"


def node(name: str, cell: str, kind: str = "sim") -> Object:
    """A Node of `cell`; its zone is called as the cell is. kwok keeps those of kind `sim`."""
    labels = {"type": kind, HOSTNAME: name, ZONE: cell, CELL: cell}
    return {"kind": "Node", "apiVersion": "v1", "metadata": {"name": name, "labels": labels}}


def add_nodes(client: Client, cells: Mapping[str, int]) -> list[str]:
    """Create so many nodes in each cell and wait until they are Ready; answers their names.

    Nodes that are there already are left as they are.
    """
    everywhere = client.within(None)
    names = []
    for cell, count in cells.items():
        for number in range(1, count + 1):
            name = f"{cell.lower()}-{number}"
            names.append(name)
            try:
                everywhere.create("nodes", node(name, cell))
            except Refused as error:
                if error.code != 409:
                    raise
    for name in names:
        wait_for(partial(ready, everywhere, name), f"node {name} to be Ready", 30)
    return names


def ready(client: Client, name: str, but: str = "") -> bool:
    """Whether the node is Ready and carries no taint, `but` that one."""
    found = client.within(None).get("nodes", name)
    conditions = found.get("status", {}).get("conditions", [])
    taints = [taint for taint in found["spec"].get("taints", []) if taint["key"] != but]
    return not taints and any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


def restart_kwok(plane: ControlPlane) -> None:
    """Start the simulated nodes' kubelet anew, as after a change of the stages.

    Its leases go first: it would wait 40 s for those of its former self.
    """
    plane.processes.stop("kwok", grace=0)
    leases = Client.of(plane, "kube-node-lease")
    simulated = {n["metadata"]["name"] for n in leases.within(None).list("nodes", "type=sim")}
    for lease in leases.list("coordination.k8s.io/v1/leases"):
        if lease["metadata"]["name"] in simulated:
            leases.delete("coordination.k8s.io/v1/leases", lease["metadata"]["name"])
    plane.start_kwok()

"""A node whose kubelet is the test: it shows exactly the pod status that the test tells it to.

So that a timeline that was measured on a real kubelet can be played on the real API server.
"""

from __future__ import annotations

import itertools
import secrets
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from testbed.client import Client, Object, Refused
from testbed.controlplane import ControlPlane
from testbed.kubelet import Container, Ready, conditions_of, image_id, kubelet_ready
from testbed.nodes import node
from testbed.nodes import ready as node_ready
from testbed.times import micro_now, now
from testbed.waiting import wait_for

LABEL = "testbed.cafe/node"
"""Label of the node, for a pod's nodeSelector."""
TAINT = "testbed.cafe/puppet"
LEASES = "coordination.k8s.io/v1/leases"
HEARTBEAT = 5.0
LEASE_SECONDS = 40
CAPACITY = {"cpu": "1k", "memory": "1Ti", "pods": "2k"}

__all__ = ["Container", "Puppet", "Ready", "image_id"]

_addresses = itertools.count(256 + secrets.randbelow(60000 - 256))


class Puppet:
    """A node called `name` in `cell`, kept Ready by a thread; its pods show what `show` says.

    Without `name` it gets a random one. `skew` says how many seconds its clock is ahead of the
    server's. It carries a taint, so that only pods that `place` was applied to (or that name the
    node) run here. Pods that are deleted go at once.
    """

    def __init__(self, plane: ControlPlane, cell: str = "CellA", name: str = "") -> None:
        self.name = name or f"puppet-{secrets.token_hex(4)}"
        self.skew = 0.0
        self._client = Client.of(plane, None, "puppet", "puppet")
        self._leases = self._client.within("kube-node-lease")
        body = node(self.name, cell, kind="puppet")
        body["metadata"]["labels"][LABEL] = self.name
        body["spec"] = {"taints": [{"key": TAINT, "effect": "NoSchedule"}]}
        self._client.create("nodes", body)
        self._stop = threading.Event()
        self._silent = threading.Event()
        self._shown: dict[str, dict[str, Container]] = {}
        self._beat()
        self._thread = threading.Thread(target=self._live, name=self.name, daemon=True)
        self._thread.start()
        wait_for(lambda: node_ready(self._client, self.name, but=TAINT), f"{self.name} to be Ready")

    def place(self, pod_spec: Object) -> Object:
        """The pod spec, with what brings the pod to this node and no other."""
        toleration = {"key": TAINT, "operator": "Exists"}
        selector = {**pod_spec.get("nodeSelector", {}), LABEL: self.name}
        tolerations = [*pod_spec.get("tolerations", []), toleration]
        return {**pod_spec, "nodeSelector": selector, "tolerations": tolerations}

    def pods(self, namespace: str) -> list[Object]:
        """The pods that were scheduled here, by name."""
        field = f"spec.nodeName={self.name}"
        found = self._client.within(namespace).list("pods", fieldSelector=field)
        return sorted(found, key=lambda pod: str(pod["metadata"]["name"]))

    def wait_for_pods(self, namespace: str, count: int) -> list[Object]:
        """Its pods, once there are `count`."""

        def look() -> list[Object]:
            found = self.pods(namespace)
            return found if len(found) == count else []

        return wait_for(look, f"{count} pods on {self.name}", 60)

    def run(self, pod: Object) -> Object:
        """Show the pod as its spec is now: every container runs and is ready, all is observed."""
        before = self._shown.get(pod["metadata"]["uid"], {})
        containers = {}
        for container in pod["spec"]["containers"]:
            name, image = container["name"], container["image"]
            old = before.get(name)
            if old is None or old.image != image:
                old = Container(image, run=old.run + 1 if old else 0, started_at=self._now())
            containers[name] = replace(old, ready=True, waiting=None, terminated=None)
        return self.show(pod, containers)

    def show(
        self,
        pod: Object,
        containers: Mapping[str, Container] | None = None,
        seen: int | None = None,
        ready: Ready | None = None,
        phase: str = "Running",
    ) -> Object:
        """Write the status; answers the pod as the server has it then.

        `pod` needs metadata only up to date in name, namespace and uid. `containers` that are not
        named stay as last shown. `seen` is observedGeneration (None: the current generation, 0:
        left out). `ready` None: what a kubelet says of these containers and the current gates.
        """
        meta = pod["metadata"]
        client = self._client.within(meta["namespace"])
        current = client.get("pods", meta["name"])
        shown = {**self._shown.get(meta["uid"], {}), **(containers or {})}
        shown = {n: replace(c, started_at=c.started_at or self._now()) for n, c in shown.items()}
        self._shown[meta["uid"]] = shown
        statuses = [container.status(name, meta["uid"]) for name, container in shown.items()]
        generation = current["metadata"]["generation"] if seen is None else seen
        address = current["status"].get("podIP") or _address()
        wanted = ready or kubelet_ready(current, statuses)
        status: Object = {
            "phase": phase,
            "podIP": address,
            "podIPs": [{"ip": address}],
            "hostIP": "10.0.0.1",
            "hostIPs": [{"ip": "10.0.0.1"}],
            "startTime": current["status"].get("startTime") or now(),
            "conditions": conditions_of(current, statuses, wanted, generation, self._now()),
            "containerStatuses": statuses,
        }
        if generation:
            status["observedGeneration"] = generation
        body = {"metadata": {"uid": meta["uid"]}, "status": status}
        return client.patch("pods", meta["name"], body, "status")

    def lose(self) -> None:
        """The node falls silent, and what the node controller does after its 50 s comes at once.

        The node's Ready is Unknown, its pods' Ready is False, all else of them stays as it was.
        """
        self._silent.set()
        self._status([{"type": "Ready", "status": "Unknown", "reason": "NodeStatusUnknown"}])
        unready = {"type": "Ready", "status": "False", "lastTransitionTime": now()}
        for pod in self._client.list("pods", fieldSelector=f"spec.nodeName={self.name}"):
            client = self._client.within(pod["metadata"]["namespace"])
            body = {"status": {"conditions": [unready]}}
            client.patch("pods", pod["metadata"]["name"], body, "status")

    def stop(self) -> None:
        """Remove the node and whatever pods are left on it."""
        self._stop.set()
        self._thread.join()
        self._bury(everyone=True)
        with suppress(Refused):
            self._client.delete("nodes", self.name)
        with suppress(Refused):
            self._leases.delete(LEASES, self.name)

    def _now(self) -> str:
        return now(self.skew)

    def _live(self) -> None:
        beats = 0.0
        while not self._stop.wait(0.1):
            # The API server may be away for a while: that is a test's business, not ours.
            with suppress(Refused, OSError):
                self._bury(everyone=False)
                beats += 0.1
                if beats >= HEARTBEAT and not self._silent.is_set():
                    beats = 0.0
                    self._beat()

    def _beat(self) -> None:
        self._status([{"type": "Ready", "status": "True", "reason": "KubeletReady"}])
        spec = {
            "holderIdentity": self.name,
            "leaseDurationSeconds": LEASE_SECONDS,
            "renewTime": micro_now(),
        }
        self._leases.apply(
            LEASES,
            {
                "apiVersion": "coordination.k8s.io/v1",
                "kind": "Lease",
                "metadata": {"name": self.name},
                "spec": spec,
            },
        )

    def _status(self, conditions: Sequence[Object]) -> None:
        written = [
            c | {"lastHeartbeatTime": now(), "lastTransitionTime": now()} for c in conditions
        ]
        body = {"status": {"conditions": written, "capacity": CAPACITY, "allocatable": CAPACITY}}
        self._client.patch("nodes", self.name, body, "status")

    def _bury(self, everyone: bool) -> None:
        """Let go of deleted pods (of all, when the node goes)."""
        for pod in self._client.list("pods", fieldSelector=f"spec.nodeName={self.name}"):
            meta = pod["metadata"]
            if everyone or "deletionTimestamp" in meta:
                options = {"gracePeriodSeconds": 0, "preconditions": {"uid": meta["uid"]}}
                with suppress(Refused):
                    self._client.within(meta["namespace"]).delete("pods", meta["name"], options)


def _address() -> str:
    number = next(_addresses)
    return f"10.201.{number // 256 % 256}.{number % 256}"

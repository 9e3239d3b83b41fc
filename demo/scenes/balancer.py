"""A load balancer's controller that holds pods in traffic by a finalizer (protocol 5)."""

from __future__ import annotations

import threading

from kubectl_cafe.names import IN_SERVICE, TRAFFIC
from testbed.client import MERGE, Client, Object, Refused
from testbed.objects import condition, name, ready

LB = "example.com/lb"


def finalizers(pod: Object) -> list[str]:
    """The pod's finalizers."""
    return list(pod["metadata"].get("finalizers") or ())


def in_traffic(pod: Object) -> bool:
    """Whether a load balancer that watches our gate or label would send requests."""
    gated = any(g["conditionType"] == IN_SERVICE for g in pod["spec"].get("readinessGates", ()))
    if gated:
        return ready(pod) and condition(pod, IN_SERVICE).get("status") == "True"
    return ready(pod) and pod["metadata"]["labels"].get(TRAFFIC) == "on"


class LoadBalancer(threading.Thread):
    """Puts its finalizer on every pod in traffic, and takes it off once traffic is off.

    `lets_go` and `takes_back` are cleared to keep it from the one or the other.
    """

    def __init__(self, client: Client) -> None:
        super().__init__(daemon=True)
        self._client = client
        self._over = threading.Event()
        self.lets_go, self.takes_back = threading.Event(), threading.Event()
        self.lets_go.set()
        self.takes_back.set()
        self.start()

    def run(self) -> None:
        """The thread."""
        while not self._over.wait(0.1):
            for pod in self._client.list("pods"):
                held = LB in finalizers(pod)
                if in_traffic(pod) and not held and self.takes_back.is_set():
                    self._put(pod, [*finalizers(pod), LB])
                if not in_traffic(pod) and held and self.lets_go.is_set():
                    self._put(pod, [one for one in finalizers(pod) if one != LB])

    def _put(self, pod: Object, wanted: list[str]) -> None:
        version = pod["metadata"]["resourceVersion"]
        body = {"metadata": {"resourceVersion": version, "finalizers": wanted}}
        try:
            self._client.patch("pods", name(pod), body, kind=MERGE)
        except Refused as error:
            if error.code not in (404, 409):
                raise

    def stop(self) -> None:
        """End it, and free the pods of every finalizer, so that they can be deleted."""
        self._over.set()
        self.join()
        for pod in self._client.list("pods"):
            free = {"metadata": {"finalizers": None}}
            self._client.patch("pods", name(pod), free, kind=MERGE)

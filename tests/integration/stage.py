"""A CafeDeployment of one pod whose kubelet the test plays, status by status (protocol 6)."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from testbed.client import Object
from testbed.faults import Request
from testbed.plugin import Outcome, Running
from testbed.puppet import Container, Puppet, Ready
from testbed.waiting import wait_for
from tests.integration.shop import GATE, Shop, condition, image, phase

A_WHILE = 1.5
"""Seconds in which a driver that judged wrongly would have acted: it looks every 0.5 s."""
QUOTE = f'the status of pod readiness gate "{GATE}" is not "True", but %s'
"""Ready's message, as pkg/kubelet/status/generate.go words it."""


@dataclass(frozen=True)
class Stage:
    """The CafeDeployment `web` with one pod, and the kubelet of that pod."""

    shop: Shop
    kubelet: Puppet

    def born(self, image: str = "app:v1", mode: str = "gate", **pod: Any) -> Object:
        """Its first release: one container `main`; `pod` is more of the pod's spec."""
        self.shop.make(
            1,
            mode,
            containers={"main": image},
            pod=self.kubelet.place(pod),
            needWaitingForConfirm=False,
        )
        first = self.shop.start("")
        (made,) = self.kubelet.wait_for_pods(self.shop.client.namespace or "", 1)
        self.kubelet.run(made)
        if mode == "gate":
            self.opened()
        assert self.ended(first).code == 0
        return self.pod()

    def patched(self, image: str) -> Running:
        """Start an upgrade and play its drain, up to the image patch."""
        running = self.shop.start(image)
        self.drained()
        self.until(lambda pod: phase(pod) == "patched", "the image to be patched")
        return running

    def drained(self) -> None:
        """Wait for the gate to be closed, and acknowledge it as a kubelet does."""
        self.until(lambda pod: gate(pod) == "False", "the gate to be closed")
        self.kubelet.show(self.pod())

    def opened(self) -> None:
        """Wait for the gate to be opened, and follow it as a kubelet does."""
        self.until(lambda pod: gate(pod) == "True", "the gate to be opened")
        self.kubelet.show(self.pod())

    def show(
        self, main: Container | None = None, seen: int | None = None, ready: Ready | None = None
    ) -> Object:
        """Show a status; the pod as the server has it then."""
        containers = {"main": main} if main else {}
        return self.kubelet.show(self.pod(), containers, seen=seen, ready=ready)

    def show_busy(self, main: Container, seen: int | None = None, gate: str = "False") -> Object:
        """The same by a kubelet that goes on quoting an older value of the gate."""
        return self.show(main, seen, Ready("False", "ReadinessGatesNotReady", QUOTE % gate))

    def stays(self, *seen: str, seconds: float = A_WHILE) -> None:
        """For a while the pod's record stays patched and its gate closed."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            pod = self.pod()
            assert (phase(pod), gate(pod) in ("False", "Unknown")) == ("patched", True)
            time.sleep(0.1)

    def settled(self, running: Running) -> Outcome:
        """Play what follows once the driver is convinced; how the run ended."""
        self.opened()
        return self.ended(running)

    def ended(self, running: Running) -> Outcome:
        """How the run ended."""
        return running.wait(60)

    def until(self, seen: Callable[[Object], object], what: str) -> Object:
        """The pod once it looks as wanted."""
        return self.shop.until_pod(seen, what)

    def pod(self) -> Object:
        """The pod."""
        (pod,) = self.shop.pods()
        return pod

    def forget_lease(self) -> None:
        """The lease of a driver that was killed has run out: nobody wants to wait for it."""
        self.shop.forget_lease()


def gate(pod: Object) -> str:
    """The value of our gate; empty where nobody has written it."""
    return str(condition(pod, GATE).get("status", ""))


def gate_write(value: str) -> Callable[[Request], bool]:
    """Matches the writes that set a pod's gate; a trial in a dry run is none."""

    def matches(request: Request) -> bool:
        if not request.write or request.method != "PATCH" or "/pods/" not in request.path:
            return False
        conditions = request.json.get("status", {}).get("conditions", ())
        return any((c["type"], c.get("status")) == (GATE, value) for c in conditions)

    return matches


def generation(pod: Object) -> int:
    """metadata.generation."""
    return int(pod["metadata"]["generation"])


__all__ = [
    "Container",
    "Ready",
    "Stage",
    "gate",
    "gate_write",
    "generation",
    "image",
    "wait_for",
]

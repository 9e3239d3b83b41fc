"""The CafeDeployment `web` with several pods, on nodes whose kubelets the test plays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from testbed.client import Object
from testbed.nodes import HOSTNAME
from testbed.plugin import Running
from testbed.puppet import TAINT, Container, Puppet
from testbed.waiting import wait_for
from tests.integration.shop import GATE, SECONDS, Shop, condition, image, name, phase

ARCHITECTURE = "kubernetes.io/arch"
V1, V2 = Container("app:v1"), Container("app:v2", run=1)


@dataclass(frozen=True)
class Crew:
    """The shop and its kubelets; every step of every pod is the test's."""

    shop: Shop
    kubelets: Sequence[Puppet]

    def born(
        self, each: int = 1, mode: str = "gate", nodes: Sequence[str] = (), **options: Any
    ) -> list[Object]:
        """Its first release: `each` pods on every node, and on simulated `nodes` as well."""
        places = [*(kubelet.name for kubelet in self.kubelets), *nodes]
        self.shop.make(
            each * len(places),
            mode,
            pod=placed(places),
            needWaitingForConfirm=False,
            **options,
        )
        first = self.shop.start("")
        for kubelet in self.kubelets:
            for pod in kubelet.wait_for_pods(self.shop.client.namespace or "", each):
                kubelet.run(pod)
                if mode == "gate":
                    self.follow(pod, "True")
        assert first.wait(SECONDS).code == 0
        return self.shop.pods()

    def upgraded(self, pod: Object, now: Container = V2) -> Object:
        """Play the pod's upgrade to v2, to where it is ready; the pod as it is then."""
        if condition(pod, GATE):
            self.follow(pod, "False")
        self.until(pod, lambda one: image(one) == now.image, "the image to be patched")
        self.show(pod, V1, seen=2)
        self.show(pod, now)
        if condition(pod, GATE):
            self.follow(pod, "True")
        return self.shop.client.get("pods", name(pod))

    def follow(self, pod: Object, value: str) -> None:
        """Wait for its gate to be of `value`, and show it as a kubelet does."""
        self.until(pod, lambda one: condition(one, GATE).get("status") == value, f"gate {value}")
        self.show(pod)

    def show(
        self, pod: Object, main: Container | None = None, seen: int | None = None, ready: Any = None
    ) -> Object:
        """Show a status of the pod, by the kubelet of its node."""
        return self.kubelet(pod).show(pod, {"main": main} if main else {}, seen=seen, ready=ready)

    def kubelet(self, pod: Object) -> Puppet:
        """The kubelet of its node."""
        current = self.shop.client.get("pods", name(pod))
        return next(one for one in self.kubelets if one.name == current["spec"]["nodeName"])

    def taken(self) -> Object:
        """The pod that is drained or patched now, once there is one."""
        return self.shop.until_pod(lambda p: phase(p) in ("drained", "patched"), "a pod in flight")

    def until(self, pod: Object, seen: Callable[[Object], bool], what: str) -> Object:
        """The pod once it looks as wanted."""

        def look() -> Object | None:
            one = self.shop.client.get("pods", name(pod))
            return one if seen(one) else None

        found = wait_for(look, f"{what} of {name(pod)}", 30)
        assert found is not None
        return found

    def ended(self, running: Running, code: int = 0) -> str:
        """What the run said, which ended with `code`."""
        done = running.wait(SECONDS)
        assert done.code == code, done.err
        return done.err

    def built_for(self, *architectures: str) -> None:
        """The architecture of each kubelet's node."""
        everywhere = self.shop.client.within(None)
        for kubelet, known in zip(self.kubelets, architectures, strict=True):
            labels = {"metadata": {"labels": {ARCHITECTURE: known}}}
            everywhere.patch("nodes", kubelet.name, labels)


def placed(nodes: Sequence[str]) -> Object:
    """What brings the pods to `nodes` alone, evenly."""
    only = {"matchExpressions": [{"key": HOSTNAME, "operator": "In", "values": list(nodes)}]}
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [only]}}
    spread = {
        "maxSkew": 1,
        "minDomains": len(nodes),
        "topologyKey": HOSTNAME,
        "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": {"matchLabels": {"app": "web"}},
    }
    return {
        "tolerations": [{"key": TAINT, "operator": "Exists"}],
        "affinity": {"nodeAffinity": required},
        "topologySpreadConstraints": [spread],
    }

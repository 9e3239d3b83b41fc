"""What a search starts from: the set, the release that is begun, and what may go wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from kubectl_cafe import names
from kubectl_cafe.client import paths
from statemachine.lifecycle import Trigger
from tests.memcluster.kubelet import FAILS_TO_START

SPACE, NAME = "stores", "shop"
OLD = "app:v1"
"""The image before the release."""
T0 = 1_000_000.0
"""The server's time at which the release begins."""
CAFE = paths.cafedeployments(SPACE, NAME)
UNSOUND = ("crash", "unready", *FAILS_TO_START)
"""What the names of images contain that do not run."""
NODE = "node"
EDITED = "app:v9"
"""What another client sets in a ReplicaSet's template."""
FOREIGN = "example.com/foreign"
"""A label, an annotation and a condition that nobody of ours may touch (I10)."""
BALANCER = "example.com/balancer"
"""The traffic finalizer of a load balancer's controller."""


NAPS = 3
"""So often a step may sleep; one that does so more often repeats what fails."""


class StillTrying(BaseException):
    """A step goes on for as long as what it repeats fails."""


class Frozen:
    """A clock that stands still: in a search, time passes by steps alone."""

    def __init__(self, at: float = T0) -> None:
        self.at = at
        self.slept = 0.0

    def monotonic(self) -> float:
        """Always 0: what was seen before is made older instead."""
        return 0.0

    def time(self) -> float:
        """The server's time, and ours."""
        return self.at

    def sleep(self, seconds: float) -> None:
        """Nothing happens meanwhile: what may happen is another step.

        Raises StillTrying where one step sleeps again and again.
        """
        self.slept += 1
        if self.slept > NAPS:
            raise StillTrying


class Ticking(Frozen):
    """A clock that moves while somebody sleeps, for what is given up after a while."""

    def monotonic(self) -> float:
        """The seconds that were slept."""
        return self.slept

    def sleep(self, seconds: float) -> None:
        """So many seconds pass."""
        self.slept += seconds


@dataclass(frozen=True)
class Scenario:
    """One search. The numbers are how often each thing may happen on one path.

    `image` is what the release goes to; its name may ask for trouble (testbed/README.md).
    `verbs`: what people may say. `lag`: whether the driver may see everything but one object
    of what has changed. `eras`: how often the deadlines may pass, once nothing else happens.
    `faults`: lost and delayed answers, where there is a policy while it is in force. `deletions`:
    pods that another client deletes, `edits`: their images that one patches. `restarts`: containers
    that die and are started again. `forced`: people may abort by force as well, `drives`: say
    `drive` where nobody does. `served`: a Service selects the pods. `first`: the release is the
    first one, and nothing is there yet. `side`: the images of a second container, before and after.
    `pausing`: a kubelet reads its pod, and publishes what it read a while later.
    `minutes`: how often one may pass. `held`: the controller of a load balancer holds the pods
    by a finalizer. `budget`: a PodDisruptionBudget wants so many pods available, and one more
    each time that it is `tightened`. `losses`: ReplicaSets that another client deletes with their
    pods. `evictions`: pods that are evicted, and are gone once nothing else happens, or with
    `lag` at any moment. `touches`: pods whose generation is moved, their images left alone.
    `policy`: what is answered (policies.ANSWERS) to the writes of `about` (policies.KINDS)
    while a policy is in force, which comes and goes once, unless `policy_goes` is False.
    `deleted`: the CafeDeployment may be deleted, and a finalizer keeps it. `strays`: pods that lose
    the label that selects them for a while, too short for their ReplicaSet's controller.
    `disowned`: ReplicaSets that lose their owner. `failures`: pods that their kubelets evict, and
    that stay as Failed. `scaled`: how many pods more, or fewer, another client wants of a
    ReplicaSet, once. `probes`: containers whose readiness probe fails for a while. `overtaken`:
    drivers that go on although their lease has run out, and another driver takes over. `deaf`: the
    driver can't read the CafeDeployment for a while, and its lease is renewed all the same.
    `nodes`: how often the node of all pods is lost for a while. `templates`: ReplicaSets in whose
    template another client sets another image. `slow`: writes of pods that arrive a while before
    their answers do; `answering`: another client deletes pods in that time alone. `more`: how many
    pods more the spec asks for in the first cell, which the release creates; below 0: removes.
    """

    name: str
    mode: str = "Gate"
    image: str = "app:v2"
    cells: Mapping[str, int] = field(default_factory=lambda: {"CellA": 1, "CellB": 1})
    strategy: Mapping[str, Any] = field(default_factory=lambda: {"maxUnavailable": 1})
    verbs: tuple[Trigger, ...] = ()
    said: int = 0
    crashes: int = 0
    faults: int = 0
    deletions: int = 0
    edits: int = 0
    restarts: int = 0
    lag: bool = False
    eras: int = 1
    forced: bool = False
    drives: bool = False
    served: bool = True
    first: bool = False
    side: tuple[str, str] | None = None
    pausing: bool = False
    minutes: int = 0
    held: bool = False
    budget: int = 0
    tightened: int = 0
    losses: int = 0
    evictions: int = 0
    touches: int = 0
    policy: str = ""
    about: str = "images"
    policy_goes: bool = True
    deleted: bool = False
    strays: int = 0
    disowned: int = 0
    failures: int = 0
    scaled: int = 0
    probes: int = 0
    overtaken: int = 0
    deaf: bool = False
    nodes: int = 0
    templates: int = 0
    slow: int = 0
    answering: bool = False
    more: int = 0

    @property
    def starts(self) -> bool:
        """Whether what it goes to can run."""
        images = (self.image, *(self.side or ()))
        return not any(word in image for image in images for word in UNSOUND)

    def but(self, **changes: Any) -> Scenario:
        """The same with some changes."""
        return replace(self, **changes)


def strayed(pod: Mapping[str, Any]) -> bool:
    """Whether the pod lacks the label that selects it."""
    return "app" not in (pod["metadata"].get("labels") or {})


def node(*, ready: bool) -> dict[str, Any]:
    """The node of all pods; the node controller says Unknown of one that is silent."""
    condition = {"type": "Ready", "status": "True" if ready else "Unknown"}
    return {"metadata": {"name": NODE}, "status": {"conditions": [condition]}}


def template(scenario: Scenario, image: str) -> dict[str, Any]:
    """The pod template that people write."""
    labels = {"app": "shop", **({names.TRAFFIC: "on"} if scenario.mode == "Label" else {})}
    containers = [{"name": "main", "image": image}]
    if scenario.side:
        containers.append({"name": "side", "image": scenario.side[image != OLD]})
    spec: dict[str, Any] = {"terminationGracePeriodSeconds": 1, "containers": containers}
    if scenario.mode == "Gate":
        spec["readinessGates"] = [{"conditionType": names.IN_SERVICE}]
    return {"metadata": {"labels": labels}, "spec": spec}


def service(scenario: Scenario) -> dict[str, Any]:
    """The Service before the pods."""
    labelled = {names.TRAFFIC: "on"} if scenario.mode == "Label" else {}
    return {
        "metadata": {"name": NAME, "namespace": SPACE},
        "spec": {"selector": {"app": "shop", **labelled}},
    }


def budget(scenario: Scenario) -> dict[str, Any]:
    """The PodDisruptionBudget over the pods."""
    return {
        "metadata": {"name": NAME, "namespace": SPACE},
        "spec": {
            "minAvailable": scenario.budget,
            "selector": {"matchLabels": {"app": "shop"}},
        },
    }

"""What a search starts from: the set, the release that is begun, and what may go wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from kubectl_cafe import names
from kubectl_cafe.cluster import paths
from statemachine.lifecycle import Trigger
from tests.memcluster.kubelet import FAILS_TO_START

SPACE, NAME = "stores", "shop"
OLD = "app:v1"
"""The image before the release."""
T0 = 1_000_000.0
"""The server's time at which the release begins."""
CAFE = paths.cafedeployments(SPACE, NAME)
UNSOUND = ("crash", *FAILS_TO_START)
"""What the names of images contain that do not run."""
FOREIGN = "example.com/foreign"
"""A label, an annotation and a condition that nobody of ours may touch (I10)."""
BALANCER = "example.com/balancer"
"""The traffic finalizer of a load balancer's controller."""


class Frozen:
    """A clock that stands still: in a search, time passes by steps alone."""

    def __init__(self, at: float = T0) -> None:
        self.at = at

    def monotonic(self) -> float:
        """Always 0: what was seen before is made older instead."""
        return 0.0

    def time(self) -> float:
        """The server's time, and ours."""
        return self.at

    def sleep(self, seconds: float) -> None:
        """Nothing happens meanwhile: what may happen is another step."""


@dataclass(frozen=True)
class Scenario:
    """One search. The numbers are how often each thing may happen on one path.

    `image` is what the release goes to; its name may ask for trouble (testbed/README.md).
    `verbs`: what people may say. `lag`: whether the driver may see everything but one object
    of what has changed. `eras`: how often the deadlines may pass, once nothing else happens.
    `faults`: lost and delayed answers. `deletions`: pods that a stranger deletes, `edits`: their
    images that one patches. `restarts`: containers that die and are started again. `forced`:
    people may abort by force as well. `served`: a Service selects the pods. `first`: the release
    is the first one, and nothing is there yet. `side`: the images of a second container, before
    and after. `pausing`: a kubelet reads its pod, and publishes what it read a while later.
    `minutes`: how often one may pass. `held`: the controller of a load balancer holds the pods
    by a finalizer. `budget`: a PodDisruptionBudget wants so many pods available, and one more
    each time that it is `tightened`.
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
    served: bool = True
    first: bool = False
    side: tuple[str, str] | None = None
    pausing: bool = False
    minutes: int = 0
    held: bool = False
    budget: int = 0
    tightened: int = 0

    @property
    def starts(self) -> bool:
        """Whether what it goes to can run."""
        images = (self.image, *(self.side or ()))
        return not any(word in image for image in images for word in UNSOUND)

    def but(self, **changes: Any) -> Scenario:
        """The same with some changes."""
        return replace(self, **changes)


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

"""One pod as a kubelet shows it, status by status, and what the rules say of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kubectl_cafe.pods.done import done
from kubectl_cafe.pods.model import ABSENT, Condition, Container, Pod
from kubectl_cafe.pods.observed import Sighting, look
from kubectl_cafe.pods.record import Before
from kubectl_cafe.pods.restarted import Evidence, Settlement, settled
from tests.unit.builders import before, container, pod, quoted


class Timeline:
    """One pod as a kubelet shows it, status by status, seen by a process that forgets nothing."""

    def __init__(self, changed: Mapping[str, Before | None] | None = None) -> None:
        self.changed = {"main": before()} if changed is None else changed
        self.peers: Mapping[str, frozenset[str]] = {}
        self.sighting: Sighting | None = None
        self.pod: Pod | None = None
        self.now = 0.0

    def show(self, at: float, shown: Pod) -> None:
        """The watch shows the pod at `at` seconds."""
        self.now, self.pod = at, shown
        self.sighting = look(self.sighting, shown, at)

    @property
    def evidence(self) -> Evidence:
        """What the rules may read now."""
        assert self.sighting is not None
        return Evidence(self.sighting, self.now, self.changed, self.peers)


def status(
    generation: int,
    observed: int,
    *containers: Container,
    gate: Condition = ABSENT,
    ready: Condition | None = None,
    **changes: Any,
) -> Pod:
    """One status of a timeline: a drained pod, its generations, its containers."""
    assessment = {
        "generation": generation,
        "observed": observed,
        "gate": Condition("False") if gate is ABSENT else gate,
        "ready": ready or quoted(),
        "grace": 1,
        **changes,
    }
    return pod("a", *containers, **assessment)


def shown(generation: int, observed: int, container_id: str, image_id: str, target: str) -> Pod:
    """A status: the spec wishes `target`, the kubelet shows this container."""
    return status(generation, observed, container(container_id, target, image_id=image_id))


def ours(seen: Timeline) -> bool:
    """Whether the pod is done as it was last shown."""
    assert seen.pod is not None
    return done(seen.pod, seen.evidence)


def taken_over(container_id: str = "C2", image_id: str = "D2") -> Timeline:
    """A process whose first status of generation 2 shows a container that may be either."""
    seen = Timeline()
    seen.show(100, shown(2, 2, container_id, image_id, "app:v2"))
    return seen


def judged(seen: Timeline) -> Settlement:
    """What is known of its container `main`."""
    assert seen.pod is not None
    return settled(seen.pod, "main", seen.evidence)

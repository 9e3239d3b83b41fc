"""What a CafeDeployment's pods are made of: one interface, one module per podSetType.

A pod set returns objects and patches as data; the engine writes them (protocol 3).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Workload:
    """One native workload as it stands: its cell, wish, and the revision of its template."""

    name: str
    uid: str
    resource_version: str
    cell: str
    replicas: int
    revision: str
    generation: int
    observed: int

    @property
    def settled(self) -> bool:
        """Whether its controller has seen its present spec."""
        return self.observed >= self.generation


@dataclass(frozen=True)
class WorkloadWrite:
    """Create `body`, or patch the workload `name` with it (strategic merge)."""

    name: str
    create: bool
    body: Json
    what: str


class PodSet(Protocol):
    """What the engine knows of a podSetType."""

    def parse(self, obj: Json) -> Workload:
        """The Workload in a native object."""
        ...

    def create(self, owner: Json, cell: str, revision: str, template: Json) -> WorkloadWrite:
        """The workload of `cell` without pods."""
        ...

    def commit(
        self, owner: Json, workload: Workload, revision: str, template: Json
    ) -> WorkloadWrite:
        """The write that makes `template` the one that replacements are born from."""
        ...

    def scale(self, workload: Workload, replicas: int) -> WorkloadWrite:
        """The write that changes the number of pods."""
        ...

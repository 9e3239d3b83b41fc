"""What a CafeDeployment's pods are made of: one interface, one module per podSetType.

A pod set returns objects and patches as data; the driver writes them (protocol 3). `kinds` has
them by their podSetType.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any, Protocol

from kubectl_cafe.pods.model import Pod

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Workload:
    """One native workload as it stands: its cell, wish, and the revision of its template.

    `shown` identifies that template (`templates.stamp`), `committed` the one that was made of
    the revision by the last commit, as the server answered it; empty: by an older version.
    `replaced` are containers with the images that other clients had set in earlier templates.
    `refusal` is why its controller can't create pods, since `refused` in epoch seconds.
    """

    name: str
    uid: str
    resource_version: str
    cell: str
    replicas: int
    revision: str
    generation: int
    observed: int
    refused: float
    refusal: str = ""
    template: Json = field(default_factory=dict, compare=False, repr=False)
    shown: str = ""
    committed: str = ""
    replaced: tuple[tuple[str, str], ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        """Its cell and its revision: a cell may have two workloads, of different revisions."""
        return self.cell, self.revision

    @property
    def edited(self) -> bool:
        """Whether somebody has changed the template since it was committed."""
        return bool(self.committed) and self.committed != self.shown

    @cached_property
    def breeds_strangers(self) -> bool:
        """Whether its pods are born with images that are not its revision's."""
        return bool(self.committed) and self.committed.split()[-1] != self.shown.split()[-1]

    def made_by_others(self, images: Mapping[str, str]) -> bool:
        """Whether a pod that was born with `images` may be of a template that others edited."""
        return self.breeds_strangers or not images.items().isdisjoint(self.replaced)

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


class Strategy(StrEnum):
    """How a pod of the set comes to another revision."""

    PATCHED = "patched in place"
    REPLACED = "replaced"


class PodSet(Protocol):
    """One podSetType: its native workloads, read and written, and how their pods are taken."""

    kind: str
    """The kind of its workloads, of the API group apps/v1."""
    resource: str
    """Their resource: the plural in a path, and in a role."""
    strategy: Strategy
    """How its pods come to another revision."""

    def selector(self, owner: Json, cell: str = "") -> Mapping[str, str]:
        """The labels that its workloads and their pods have in `cell`; without one: everywhere."""
        ...

    def owned(self, obj: Json, owner: str) -> bool:
        """Whether a native object is a workload of the CafeDeployment `owner` (uid)."""
        ...

    def order(self, pod: Pod) -> tuple[float, str]:
        """Sorts pods of a cell of which none has to go before another: the first is taken first."""
        ...

    def parse(self, obj: Json) -> Workload:
        """The Workload in a native object."""
        ...

    def create(
        self, owner: Json, cell: str, revision: str, template: Json, replicas: int
    ) -> WorkloadWrite:
        """The workload of `cell` with `replicas` pods."""
        ...

    def commit(
        self, owner: Json, workload: Workload, revision: str, template: Json
    ) -> WorkloadWrite:
        """The write that makes `template` the one that replacements are born from."""
        ...

    def scale(self, workload: Workload, replicas: int) -> WorkloadWrite:
        """The write that changes the number of pods."""
        ...

"""Pod sets: the interface to the workloads of each podSetType.

Each podSetType has a module; `kinds` lists them. A pod set returns objects and patches as data; the
driver writes them (protocol 3).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any, Protocol

from msgspec import Struct

from kubectl_cafe.pods.model import Pod

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Workload:
    """One native workload as last read: its cell, spec.replicas, and its template's revision.

    `generation` and `observed` are metadata.generation and status.observedGeneration. `shown` is
    the stamp of the template (`templates.stamp`), `committed` that of the template in the server's
    answer to the last commit; empty: not noted. `replaced` are (container, image) pairs that other
    clients had set in earlier templates. `refusal` is why its controller can't create pods, since
    `refused` in epoch seconds. `scaled_by` is the field manager that set its replicas last, at
    `scaled_at` in epoch seconds.
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
    scaled_by: str = ""
    scaled_at: float = 0.0

    @property
    def key(self) -> tuple[str, str]:
        """The workload's cell and revision: a cell may have workloads of two revisions."""
        return self.cell, self.revision

    @property
    def edited(self) -> bool:
        """Whether another client has changed the template since it was committed."""
        return bool(self.committed) and self.committed != self.shown

    @cached_property
    def template_edited(self) -> bool:
        """Whether new pods of the workload get images that are not its revision's."""
        return bool(self.committed) and self.committed.split()[-1] != self.shown.split()[-1]

    def made_by_others(self, images: Mapping[str, str]) -> bool:
        """Whether a pod created with `images` may be from a template that another client edited."""
        return self.template_edited or not images.items().isdisjoint(self.replaced)

    @property
    def spec_observed(self) -> bool:
        """Whether the workload's controller has seen the present spec."""
        return self.observed >= self.generation


class WorkloadWrite(Struct, frozen=True):
    """A write of one workload: create `body`, or patch `name` with it (strategic merge)."""

    name: str
    create: bool
    body: Json
    what: str


class UpdateStrategy(StrEnum):
    """How a pod of a pod set gets to another revision."""

    PATCHED = "patched in place"
    REPLACED = "replaced"


class PodSet(Protocol):
    """One podSetType: how its workloads are read and written, and the order of their pods."""

    kind: str
    """The kind of the workloads, in the API group apps/v1."""
    resource: str
    """The resource of the workloads: the plural in a path, and in a role."""
    strategy: UpdateStrategy
    """How the pods of the set get to another revision."""

    def selector(self, owner: Json, cell: str = "") -> Mapping[str, str]:
        """The labels of the workloads and their pods in `cell`; without one: in every cell."""
        ...

    def owned(self, obj: Json, owner: str) -> bool:
        """Whether a native object is a workload of the CafeDeployment `owner` (uid)."""
        ...

    def order(self, pod: Pod) -> tuple[float, str]:
        """The sort key of a pod in its cell: of equally urgent pods the lowest is taken first."""
        ...

    def parse(self, obj: Json) -> Workload:
        """The Workload in a native object."""
        ...

    def create(
        self, owner: Json, cell: str, revision: str, template: Json, replicas: int
    ) -> WorkloadWrite:
        """The write that creates the workload of `cell` with `replicas` pods."""
        ...

    def commit(
        self, owner: Json, workload: Workload, revision: str, template: Json
    ) -> WorkloadWrite:
        """The write that makes `template` the template of the workload's new pods."""
        ...

    def scale(self, workload: Workload, replicas: int) -> WorkloadWrite:
        """The write that changes the number of the workload's pods."""
        ...

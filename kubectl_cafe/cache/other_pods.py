"""Tracks pods outside of this CafeDeployment that share a PodDisruptionBudget (protocol 7)."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from kubectl_cafe.pods.model import Pod
from kubectl_cafe.pods.record import Phase
from kubectl_cafe.podsets import Workload

NONE: frozenset[str] = frozenset()


class OtherPods(Struct, frozen=True):
    """What a driver knows for shared budgets. `known`: the namespace's pods were read.

    The sets have uids of this CafeDeployment's pods. `cleared`: a consistent list of the
    namespace's pods was read after their drain. `took`: healthy when they were taken.
    """

    known: bool = False
    cleared: frozenset[str] = NONE
    took: frozenset[str] = NONE

    def read(self, drained: frozenset[str]) -> OtherPods:
        """The state after a consistent list, made while the pods `drained` were drained."""
        return replace(self, known=True, cleared=self.cleared | drained)

    def take(self, uid: str) -> OtherPods:
        """The state after a healthy pod was taken; unchanged if no other pods were read."""
        return replace(self, took=self.took | {uid}) if self.known else self

    def of(self, pods: Iterable[Pod]) -> OtherPods:
        """The state without pods whose upgrade is finished or that are not in `pods`."""
        if not self.cleared and not self.took:
            return self
        away = {p.uid for p in pods if p.record and p.record.phase is not Phase.FINISHED}
        return replace(self, cleared=self.cleared & away, took=self.took & away)

    def of_others(
        self, pods: Iterable[Pod], workloads: Iterable[Workload]
    ) -> tuple[Pod, ...] | None:
        """The pods of the namespace that no workload in `workloads` owns; None: not read."""
        owned = {workload.uid for workload in workloads}
        return tuple(p for p in pods if p.owner not in owned) if self.known else None

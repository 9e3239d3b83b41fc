"""What a driver knows of pods of others under a PodDisruptionBudget of its own (protocol 7)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from kubectl_cafe.pods.model import Pod
from kubectl_cafe.pods.record import Phase
from kubectl_cafe.podsets import Workload

NONE: frozenset[str] = frozenset()


@dataclass(frozen=True)
class OtherPods:
    """Whether they were read, and which of our own pods (uids) that concerns.

    `cleared` were drained before the last consistent list, `took` were healthy when we took them.
    """

    known: bool = False
    cleared: frozenset[str] = NONE
    took: frozenset[str] = NONE

    def read(self, drained: frozenset[str]) -> OtherPods:
        """After a consistent list that was made when our own `drained` were so."""
        return replace(self, known=True, cleared=self.cleared | drained)

    def take(self, uid: str) -> OtherPods:
        """After a healthy pod was taken; without others nobody asks for it."""
        return replace(self, took=self.took | {uid}) if self.known else self

    def of(self, pods: Iterable[Pod]) -> OtherPods:
        """What still concerns `pods`: nothing of one whose way is over."""
        if not self.cleared and not self.took:
            return self
        away = {p.uid for p in pods if p.record and p.record.phase is not Phase.FINISHED}
        return replace(self, cleared=self.cleared & away, took=self.took & away)

    def of_others(
        self, pods: Iterable[Pod], workloads: Iterable[Workload]
    ) -> tuple[Pod, ...] | None:
        """The pods of the namespace that are not of our `workloads`; None: not read."""
        owned = {workload.uid for workload in workloads}
        return tuple(p for p in pods if p.owner not in owned) if self.known else None

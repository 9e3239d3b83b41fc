"""The objects in the cluster from which a release is planned."""

from __future__ import annotations

from dataclasses import dataclass

from kubectl_cafe.assessment.disruption_budgets import DisruptionBudget
from kubectl_cafe.errors import CafeError
from kubectl_cafe.planning.autoscalers import Autoscaler
from kubectl_cafe.planning.conflicts import Taken
from kubectl_cafe.pods.model import Pod
from kubectl_cafe.podsets import Workload
from kubectl_cafe.revisions.past_releases import PastRelease
from kubectl_cafe.revisions.revision import Revision, next_number
from kubectl_cafe.traffic import Service


@dataclass(frozen=True)
class Around:
    """The objects in the cluster that belong to a CafeDeployment; `warnings` are about its pods.

    `releases` are the ended ones in the order of time, for rollbacks and for the number of a new
    revision. `taken` are ReplicaSets under names that a release would create, `others` the living
    pods that the CafeDeployment's selector selects and that are not of its workloads. `autoscalers`
    are those of the namespace, or the error of their read.
    """

    revisions: tuple[Revision, ...]
    workloads: tuple[Workload, ...]
    pods: tuple[Pod, ...]
    services: tuple[Service, ...] = ()
    budgets: tuple[DisruptionBudget, ...] = ()
    warnings: tuple[str, ...] = ()
    taken: tuple[Taken, ...] = ()
    others: tuple[Pod, ...] = ()
    releases: tuple[PastRelease, ...] = ()
    autoscalers: tuple[Autoscaler, ...] | CafeError = ()

    @property
    def next_number(self) -> int:
        """The number of the next new revision: above every number used so far."""
        used = (known.number for one in self.releases for known in one.revisions.values())
        return next_number(self.revisions, used)

    @property
    def known(self) -> dict[str, Revision]:
        """The revisions by name."""
        return {revision.name: revision for revision in self.revisions}

    @property
    def living(self) -> list[Pod]:
        """The pods that are not terminating, Failed or Succeeded."""
        return [pod for pod in self.pods if not pod.terminating and not pod.over]

    def revision(self, name: str) -> Revision | None:
        """The revision with that name; None if there is none."""
        return self.known.get(name)

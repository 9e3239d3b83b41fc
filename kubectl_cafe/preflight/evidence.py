"""What the API server answered before a release, as data; an answer may be why there is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.assessment.pod import Assessment
from kubectl_cafe.assessment.snapshot import Snapshot
from kubectl_cafe.client.lease_view import LeaseView
from kubectl_cafe.errors import CafeError
from kubectl_cafe.planning.proposal import Around, Proposal
from kubectl_cafe.preflight.access_review import Right
from kubectl_cafe.revisions import template as templates

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Case:
    """A release that is proposed: `cafe` as it stands, `wished` as it is to become.

    `snapshot` is what its driver would see in its first moment, `assessments` where each pod stands
    in it. `superseding`: it is to take the place of one that is unfinished.
    """

    cafe: CafeDeployment
    wished: CafeDeployment
    around: Around
    proposal: Proposal
    snapshot: Snapshot
    assessments: Sequence[Assessment]
    superseding: bool = False


@dataclass(frozen=True)
class Node:
    """A node: its cell, whether it is Ready and takes new pods, the images it says it has.

    A kubelet lists its 50 largest images at most: one that is missing may be there.
    """

    name: str
    cell: str
    ready: bool
    schedulable: bool
    images: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Trial:
    """One write of the release, tried on one pod or workload in a server-side dry run.

    `pod` names either. `images` were sent, by container; `answer` is the object as it would be
    stored, or why not.
    """

    cell: str
    pod: str
    what: str
    images: Mapping[str, str]
    answer: Json | CafeError


@dataclass(frozen=True)
class Evidence:
    """Each field: what was read, or the error that came instead; None: nobody asked.

    `secrets` are the pull secrets by name, None for one that is not there. `skew`: seconds
    that this workstation's clock is ahead of the API server's.
    """

    rights: Mapping[Right, bool] | CafeError | None = None
    trials: tuple[Trial, ...] = ()
    nodes: tuple[Node, ...] | CafeError | None = None
    secrets: Mapping[str, Json | CafeError | None] | None = None
    quotas: Sequence[Json] | CafeError | None = None
    limits: Sequence[Json] | CafeError | None = None
    lease: LeaseView | CafeError | None = None
    skew: float | None = None


def coming(case: Case) -> dict[str, str]:
    """The images that a pod gets, by container; all of them where pods are born."""
    template = templates.images(case.proposal.template)
    if case.proposal.source is None:
        return template
    return {name: template[name] for name in case.proposal.difference.images}

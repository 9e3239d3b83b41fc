"""The API server's answers for the checks, as data; an error takes the place of a failed answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.assessment.pod import Assessment
from kubectl_cafe.assessment.snapshot import Snapshot
from kubectl_cafe.client.lease_view import LeaseView
from kubectl_cafe.errors import CafeError
from kubectl_cafe.planning.around import Around
from kubectl_cafe.planning.proposal import Proposal
from kubectl_cafe.preflight.access_review import Right
from kubectl_cafe.revisions import template as templates

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Case:
    """A proposed release: `cafe` is the present CafeDeployment, `wished` the changed one.

    `snapshot` is what the release's driver would see at its start, `assessments` are of its pods.
    `superseding`: the release replaces an unfinished one.
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
    """A node: its cell, whether it is Ready and schedulable, and the images in its status.

    A kubelet lists its 50 largest images at most, so an image that is not listed may be there.
    """

    name: str
    cell: str
    ready: bool
    schedulable: bool
    images: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Trial:
    """One write of the release, tried on one pod or workload in a server-side dry run.

    `pod` is the name of the pod or workload, empty for a new pod. `what` is the kind of write.
    `images` were sent, by container. `answer` is the object as it would be stored, or the error.
    """

    cell: str
    pod: str
    what: str
    images: Mapping[str, str]
    answer: Json | CafeError


@dataclass(frozen=True)
class Answers:
    """The API server's answers. Each field is an answer or an error; None: not requested.

    `secrets` are the pull secrets by name; None for one that does not exist. `skew` is how many
    seconds this workstation's clock is ahead of the API server's.
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
    """The images that pods will get, by container; all images if the release creates pods."""
    template = templates.images(case.proposal.template)
    if case.proposal.source is None:
        return template
    return {name: template[name] for name in case.proposal.difference.images}

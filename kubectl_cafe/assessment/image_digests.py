"""Whether an image string has one digest on all pods: a tag may move during a release. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from kubectl_cafe.assessment.pod import Assessment, PodState
from kubectl_cafe.pods.model import Container
from kubectl_cafe.text import counted

SHORT = len("sha256:") + 12
"""Characters of a digest that are printed, as `docker images` cuts it."""


class PodDigest(Struct, frozen=True):
    """The digest that a container's status shows for its image string, and the pod's node."""

    container: str
    image: str
    digest: str
    node: str


def differing(assessments: Sequence[Assessment]) -> tuple[PodDigest, ...]:
    """One entry per pod and container whose image string has several digests (C13)."""
    digests: dict[tuple[str, str], set[str]] = {}
    for assessment in assessments:
        for container in _telling(assessment):
            digests.setdefault((container.name, container.image), set()).add(_digest(container))
    moved = {key for key, found in digests.items() if len(found) > 1}
    if not moved:
        return ()
    return tuple(
        PodDigest(container.name, container.image, _digest(container), assessment.pod.node)
        for assessment in assessments
        for container in _telling(assessment)
        if (container.name, container.image) in moved
    )


def _telling(assessment: Assessment) -> Iterator[Container]:
    """The containers that show the digest of their present image: their restart is over.

    An imageID without `@` has no registry's digest: the image was loaded onto the node by hand.
    """
    if assessment.row is PodState.FORGOTTEN or not assessment.settled:
        return
    for name in assessment.evidence.verified.union(assessment.evidence.changed):
        container = assessment.pod.containers.get(name)
        if container is not None and "@" in container.image_id:
            yield container


def _digest(container: Container) -> str:
    return container.image_id.rpartition("@")[2]


def findings(shown: Sequence[PodDigest], architectures: Mapping[str, str]) -> tuple[str, ...]:
    """The messages about image strings with several digests on one architecture (C12, C13).

    `shown` is the result of `differing`; `architectures` are by node name. If one of them is not
    known, all digests are compared with each other, and the message says so.
    """
    known = all(one.node in architectures for one in shown)
    digests: dict[tuple[str, str, str], Counter[str]] = {}
    for one in shown:
        place = (one.container, one.image, architectures[one.node] if known else "")
        digests.setdefault(place, Counter())[one.digest] += 1
    return tuple(
        _sentence(*place, counts) for place, counts in sorted(digests.items()) if len(counts) > 1
    )


def _sentence(container: str, image: str, architecture: str, counts: Counter[str]) -> str:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    parts = ", ".join(f"{digest[:SHORT]} on {counted(count, 'pod')}" for digest, count in ordered)
    why = (
        f"(all {architecture}): its tag has moved"
        if architecture
        else "(architectures could not be compared): its tag has moved, or their nodes have "
        "different architectures"
    )

    return f"container {container}: {image} is {parts} {why}"

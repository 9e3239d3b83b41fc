"""What is kept of an earlier snapshot's assessments is what would be found now, and later."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from kubectl_cafe.assessment.pod import Assessment, assess
from kubectl_cafe.assessment.snapshot import Snapshot
from kubectl_cafe.pods.model import Container, Pod

LATER = 100_000.0
"""Seconds after which every clock has run out that a rule may read."""


def kept(snapshot: Snapshot) -> Iterator[str]:
    """The assessments of `snapshot` that differ from those made anew, or lasting ones later on."""
    shown = {c.image: frozenset({c.image_id}) for p in snapshot.pods.values() for c in _of(p)}
    later = replace(
        snapshot, now=snapshot.now + LATER, time=snapshot.time + LATER, peers=shown, last=None
    )
    for uid, one in snapshot.assessed.by_uid.items():
        anew = assess(one.pod, snapshot)
        if one is not anew and _found(one) != _found(anew):
            yield f"{one.pod.name} is kept as {_found(one)}, and is {_found(anew)}"
        if uid in snapshot.assessed.lasting and _found(one) != _found(assess(one.pod, later)):
            yield f"{one.pod.name} is lasting as {_found(one)}, and becomes another later"


def _of(pod: Pod) -> Iterable[Container]:
    return pod.containers.values()


def _found(one: Assessment) -> Assessment:
    """What was found, without the clock and the peers by which it was found."""
    return replace(one, evidence=replace(one.evidence, now=0.0, peers={}, overdue=False))

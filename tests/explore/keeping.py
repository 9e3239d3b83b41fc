"""What is kept of a snapshot's assessments is what would be found now, and until its end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from msgspec import structs

from kubectl_cafe.assessment.assessed import Kept
from kubectl_cafe.assessment.pod import Assessment, assess
from kubectl_cafe.assessment.snapshot import Snapshot

LATER = 100_000.0
"""Seconds after which every clock has run out that a rule may read."""
MOMENT = 0.001


def kept(snapshot: Snapshot) -> Iterator[str]:
    """The assessments of `snapshot` that differ from those made anew, or that end too late."""
    shown = {
        c.image: frozenset({c.image_id})
        for pod in snapshot.pods.values()
        for c in pod.containers.values()
    }
    for one in snapshot.assessed.kept.values():
        anew = assess(one.of.pod, snapshot)
        if one.of is not anew and _found(one.of) != _found(anew):
            yield f"{anew.pod.name} is kept as {_found(one.of)}, and is {_found(anew)}"
        later = _before_its_end(one, snapshot)
        if one.of.settled:
            later = replace(later, peers=shown)
        if _found(one.of) != _found(found := assess(one.of.pod, later)):
            yield f"{anew.pod.name} is to be kept as {_found(one.of)}, and becomes {_found(found)}"


def _before_its_end(one: Kept, snapshot: Snapshot) -> Snapshot:
    """The last moment for which `one` is kept, if nothing else changes."""
    left = min(one.until - snapshot.now, one.until_time - snapshot.time, LATER) - MOMENT
    if left <= 0:
        return snapshot
    return replace(snapshot, now=snapshot.now + left, time=snapshot.time + left, last=None)


def _found(one: Assessment) -> Assessment:
    """What was found, without the clock and the peers by which it was found."""
    return structs.replace(one, evidence=structs.replace(one.evidence, now=0.0, peers={}))

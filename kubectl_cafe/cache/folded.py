"""What one snapshot adds to what earlier ones have shown: off since when, proven images. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from kubectl_cafe.assessment.snapshot import Snapshot
from kubectl_cafe.pods.restarted import renewed
from kubectl_cafe.reconcile.decide import seen_off


def off_since(snapshot: Snapshot, before: Mapping[str, float]) -> dict[str, float]:
    """Since when, in seconds by `snapshot.now`, each pod in flight is seen to be off (C22)."""
    return {
        one.pod.uid: before.get(one.pod.uid, snapshot.now)
        for one in snapshot.assessments
        if one.in_flight and seen_off(one, snapshot, before=one.pod.uid in before)
    }


def proven(snapshot: Snapshot, peers: Mapping[str, frozenset[str]]) -> dict[str, frozenset[str]]:
    """`peers`, and the imageIDs that pods in flight show which settled by rule a (protocol 6)."""
    found = dict(peers)
    for one in snapshot.assessments:
        for image, image_id in renewed(one.pod, one.evidence) if one.in_flight else ():
            found[image] = found.get(image, frozenset()) | {image_id}
    return found

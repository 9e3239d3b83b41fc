"""Data that a cache carries from one snapshot to the next. Pure.

They are the times since which pods are out of traffic, and the proven imageIDs.
"""

from __future__ import annotations

from collections.abc import Mapping

from kubectl_cafe.assessment.snapshot import Snapshot
from kubectl_cafe.pods.restarted import renewed
from kubectl_cafe.reconcile.out_of_traffic import seen_off, shown_off


def off_since(snapshot: Snapshot, before: Mapping[str, float]) -> dict[str, float]:
    """The time since which each pod in flight is seen out of traffic, by uid (C22).

    The times are of the same clock as `snapshot.now`; `before` has those of the last snapshot.
    """
    return {
        one.pod.uid: before.get(one.pod.uid, snapshot.now)
        for one in snapshot.assessments
        if one.in_flight and seen_off(one, snapshot, before=one.pod.uid in before)
    }


def relisted(snapshot: Snapshot, before: Mapping[str, float]) -> frozenset[str]:
    """`snapshot.relisted` without the pods that are no longer shown out of traffic (C22).

    `before` has the pods that were out of traffic in the last snapshot, by uid.
    """
    return frozenset(
        uid
        for uid in snapshot.relisted
        if uid in snapshot.pods
        and shown_off(snapshot.assessment(uid), snapshot, before=uid in before)
    )


def proven(snapshot: Snapshot, peers: Mapping[str, frozenset[str]]) -> dict[str, frozenset[str]]:
    """`peers`, with the imageIDs of pods in flight that rule a has settled added (protocol 6).

    Both map an image string to imageIDs.
    """
    found = dict(peers)
    for one in snapshot.assessments:
        for image, image_id in renewed(one.pod, one.evidence) if one.in_flight else ():
            found[image] = found.get(image, frozenset()) | {image_id}
    return found

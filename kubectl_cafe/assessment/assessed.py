"""The assessments of all pods of a snapshot; those of the snapshot before serve again. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kubectl_cafe.assessment.pod import Assessment, assess
from kubectl_cafe.times import seconds

if TYPE_CHECKING:
    from kubectl_cafe.assessment.snapshot import Snapshot


@dataclass(frozen=True)
class Assessed:
    """Assessments by the pods' uids.

    `basis` is what all of them read besides their pods, `lasting` are those that only a change
    of the basis or of their own pod can change.
    """

    basis: tuple[object, ...]
    by_uid: Mapping[str, Assessment]
    lasting: Mapping[str, Assessment]


def assess_all(snapshot: Snapshot, last: Assessed | None = None) -> Assessed:
    """The assessments of the snapshot's pods; `last` are those of an earlier snapshot.

    A lasting one is taken over while nothing that it was made from has changed: the pod, what
    was seen of it, the release's record, the revisions and the Services. So the CPU of a turn
    goes to the pods that change, whatever their number.
    """
    basis = (snapshot.record, snapshot.revisions, snapshot.services, snapshot.driven_since)
    kept = last.lasting if last is not None and last.basis == basis else {}
    by_uid: dict[str, Assessment] = {}
    lasting: dict[str, Assessment] = {}
    for uid, pod in snapshot.pods.items():
        one = kept.get(uid)
        if one is None or not _same(one, snapshot):
            one = assess(pod, snapshot)
        by_uid[uid] = one
        if (uid in kept and one is kept[uid]) or lasts(one, snapshot.time):
            lasting[uid] = one
    return Assessed(basis, by_uid, lasting)


def _same(one: Assessment, snapshot: Snapshot) -> bool:
    """Whether its pod and what was seen of it are the very ones that `one` was made from."""
    uid = one.pod.uid
    return one.pod is snapshot.pods[uid] and one.evidence.sighting is snapshot.sightings[uid]


def lasts(one: Assessment, time: float) -> bool:
    """Whether neither time nor what other pods prove can change the assessment any more.

    Available and done: every rule that reads a clock has granted what it can, and none takes
    it back. No container waits for anything, so no time begins to count against the pod; its
    record is not of a `time` that is yet to come (`node_clocks`). What is in flight is
    assessed at every turn.
    """
    seen = one.evidence.sighting.containers.values()
    return (
        one.available
        and one.done
        and all(container.trouble_since is None for container in seen)
        and (one.pod.record is None or seconds(one.pod.record.since) <= time)
    )

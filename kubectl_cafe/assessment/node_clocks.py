"""Times of pod statuses and records by the server's clock (protocol 4, 7). Pure.

The clock of a node or of another API server may be wrong: a time in the future is not used.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from kubectl_cafe.pods.model import Pod
from kubectl_cafe.pods.record import Phase
from kubectl_cafe.times import seconds
from kubectl_cafe.traffic import finalizers

if TYPE_CHECKING:
    from kubectl_cafe.assessment.snapshot import Snapshot

NOISE = 5.0
"""Seconds by which two estimates of one server's clock may differ."""


def moved_at(snapshot: Snapshot) -> float:
    """The time of the release's last move, by the server's clock.

    Never later than when this driver read the present record: the recorded time may be in the
    future, because another API server's clock wrote it or the record was edited.
    """
    return min(seconds(snapshot.record.since), snapshot.heard_at)


def written_at(pod: Pod, snapshot: Snapshot) -> float:
    """When the pod's record was written, by the server's clock; 0 without a record.

    A recorded time in the future is replaced by the time at which this driver took over.
    """
    said = seconds(pod.record.since) if pod.record else 0.0
    return said if said <= snapshot.time + NOISE else snapshot.driven_since


def ready_since(pod: Pod, snapshot: Snapshot, asked: Collection[str] = ()) -> float:
    """When the pod's minReadySeconds began, by the server's clock (protocol 5, 7).

    The latest of: Ready's last transition, the start of each running container, the last write of
    the pod's record (the opening W3; in mode None the image patch), and the return of the traffic
    finalizers `asked`. A change that this process saw happen has the time at which it was seen. Any
    other change has the node's time, but none later than when this process first saw it.

    A restart begins this time again, so within minReadySeconds the restartCount has not changed.
    """
    sighting = snapshot.sightings[pod.uid]
    turned = sighting.turned.at(snapshot.now, snapshot.time)
    starts = (
        sighting.containers[name].started.at(snapshot.now, snapshot.time)
        for name, container in pod.containers.items()
        if container.running
    )
    written = written_at(pod, snapshot)
    back = finalizers.back_since(pod, asked)
    return max(turned, *starts, written, back)


def overdue(pod: Pod, snapshot: Snapshot) -> bool:
    """Whether the image patch is past its deadline: a container not running by now will not start.

    The deadline counts from the record's time, with or without a driver: the kubelet needs none.
    The deadline is progressDeadlineSeconds plus the grace period of each changed container.
    """
    record = pod.record
    if record is None or record.phase is not Phase.PATCHED:
        return False
    allowed = snapshot.record.plan.strategy.progress_deadline_seconds
    return snapshot.time - written_at(pod, snapshot) > allowed + pod.grace * len(record.before)

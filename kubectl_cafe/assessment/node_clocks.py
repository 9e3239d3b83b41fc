"""Times that nodes write, read by the server's clock (protocol 4, 7). Pure."""

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
    """The server's time of the release's last move, at the latest when this driver heard of it.

    Another API server's clock, or an edited record, may say a time that is yet to come.
    """
    return min(seconds(snapshot.record.since), snapshot.heard_at)


def written_at(pod: Pod, snapshot: Snapshot) -> float:
    """The server's time at which the pod's record was written; 0 without one.

    One that is yet to come is not believed: then it counts from when this driver took over.
    """
    said = seconds(pod.record.since) if pod.record else 0.0
    return said if said <= snapshot.time + NOISE else snapshot.driven_since


def ready_since(pod: Pod, snapshot: Snapshot, asked: Collection[str] = ()) -> float:
    """When minReadySeconds began: the latest of Ready's transition, the starts, and its release.

    The pod is released by W3, and once the finalizers that are `asked` of it are back; in mode
    None no container of it is older than its image patch. Nodes' clocks are not believed where
    this process saw the change, and never ahead of the moment at which it saw the pod first.

    A restart moves it, so a restartCount that is unchanged for as long follows (protocol 5, 7).
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
    """Whether the image patch is so old that what does not run now will not start by itself.

    By the record alone: the kubelet had that time, whoever drove meanwhile or nobody.
    """
    record = pod.record
    if record is None or record.phase is not Phase.PATCHED:
        return False
    allowed = snapshot.record.plan.strategy.progress_deadline_seconds
    return snapshot.time - written_at(pod, snapshot) > allowed + pod.grace * len(record.before)

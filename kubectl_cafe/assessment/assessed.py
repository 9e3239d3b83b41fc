"""The assessments of all pods of a snapshot; those of the snapshot before serve again. Pure.

An assessment is a function of the pod, of what was seen of it, of the release's record, the
revisions and the Services, of what other pods prove about images, and of two clocks. While none
of these has changed it is kept, and `until` says when a clock can change it. So the CPU of a turn
goes to the pods that change, whatever their number.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from math import inf
from typing import TYPE_CHECKING

from kubectl_cafe.assessment.node_clocks import NOISE, ready_since, written_at
from kubectl_cafe.assessment.pod import Assessment, assess
from kubectl_cafe.pods.done import FAILS_AFTER, PROBE_MARGIN
from kubectl_cafe.pods.record import Phase
from kubectl_cafe.pods.restarted import begun, patience
from kubectl_cafe.times import seconds

if TYPE_CHECKING:
    from kubectl_cafe.assessment.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Kept:
    """An assessment, and until when it holds: by the monotonic clock, and by the server's."""

    of: Assessment
    until: float
    until_time: float


@dataclass(frozen=True)
class Assessed:
    """Assessments by the pods' uids; `basis` is what all of them read besides their pods."""

    basis: tuple[object, ...]
    kept: Mapping[str, Kept]
    by_uid: Mapping[str, Assessment]


def assess_all(snapshot: Snapshot, last: Assessed | None = None) -> Assessed:
    """The assessments of the snapshot's pods; `last` are those of an earlier snapshot."""
    basis = (snapshot.record, snapshot.revisions, snapshot.services, snapshot.driven_since)
    old = last.kept if last is not None and last.basis == basis else {}
    kept = {uid: _one(old.get(uid), uid, snapshot) for uid in snapshot.pods}
    return Assessed(basis, kept, {uid: one.of for uid, one in kept.items()})


def _one(old: Kept | None, uid: str, snapshot: Snapshot) -> Kept:
    if old is None or not _holds(old, uid, snapshot):
        made = assess(snapshot.pods[uid], snapshot)
        return Kept(made, *limits(made, snapshot))
    evidence = old.of.evidence
    if evidence.now == snapshot.now or old.until == inf:
        return old
    # How long it is still verified is read from the evidence.
    return replace(old, of=replace(old.of, evidence=replace(evidence, now=snapshot.now)))


def _holds(old: Kept, uid: str, snapshot: Snapshot) -> bool:
    """Whether nothing has changed that the assessment was made from."""
    evidence = old.of.evidence
    return (
        old.of.pod is snapshot.pods[uid]
        and evidence.sighting is snapshot.sightings[uid]
        and snapshot.now < old.until
        and snapshot.time < old.until_time
        and (old.of.settled or evidence.peers == snapshot.peers)
    )


def limits(made: Assessment, snapshot: Snapshot) -> tuple[float, float]:
    """When a clock can change the assessment: this process' monotonic one, and the server's.

    Each is the first moment to come at which a rule that reads it may answer otherwise; inf if
    there is none.
    """
    now, time = snapshot.now, snapshot.time
    own = (at for at in _own_clock(made) if at >= now)
    servers = (at for at in _servers_clock(made, snapshot) if at >= time)
    return min(own, default=inf), min(servers, default=inf)


def _own_clock(made: Assessment) -> Iterator[float]:
    """When rule c, a startupProbe or a container's trouble counts (`restarted`, `done`)."""
    pod, evidence = made.pod, made.evidence
    for name in evidence.verified.union(evidence.changed):
        container, seen = pod.containers.get(name), evidence.sighting.containers.get(name)
        if container is None or seen is None:
            continue
        waits = patience(pod, name, evidence.changed)
        if not made.settled:
            yield begun(seen) + waits
        if container.startup_period is not None and seen.ready_since is not None:
            yield seen.ready_since + container.startup_period + PROBE_MARGIN
        if seen.trouble_since is not None:
            yield seen.trouble_since + FAILS_AFTER
            yield seen.trouble_since + waits


def _servers_clock(made: Assessment, snapshot: Snapshot) -> Iterator[float]:
    """When minReadySeconds are over, or the image patch is overdue (`node_clocks`)."""
    pod, strategy = made.pod, snapshot.record.plan.strategy
    if made.released and not made.available:
        yield ready_since(pod, snapshot, made.finalizers) + strategy.min_ready_seconds
    if pod.record is None:
        return
    yield seconds(pod.record.since) - NOISE  # A time to come is not believed yet.
    if pod.record.phase is Phase.PATCHED:
        longest = strategy.progress_deadline_seconds + pod.grace * len(pod.record.before)
        yield written_at(pod, snapshot) + longest

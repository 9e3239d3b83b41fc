"""Assesses all pods of a snapshot, and reuses assessments of the previous snapshot. Pure.

The CPU time of a turn of the loop should depend on the number of changed pods, not of all pods. An
assessment depends on the pod, its sighting, the release's record, the revisions, the Services, the
imageIDs that other pods have proven, and two clocks. It is reused while none of these has changed;
`until` and `until_time` say when a clock can change it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import inf
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from kubectl_cafe.assessment.node_clocks import NOISE, ready_since, written_at
from kubectl_cafe.assessment.pod import Assessment, assess
from kubectl_cafe.pods.done import FAILS_AFTER, PROBE_MARGIN
from kubectl_cafe.pods.record import Phase
from kubectl_cafe.pods.restarted import begun, patience
from kubectl_cafe.times import seconds

if TYPE_CHECKING:
    from kubectl_cafe.assessment.snapshot import Snapshot


class Kept(Struct, frozen=True):
    """An assessment, and the times until which it holds, in seconds.

    `until` is by this process' monotonic clock, `until_time` by the server's clock.
    """

    of: Assessment
    until: float
    until_time: float


class Assessed(Struct, frozen=True):
    """The assessments of all pods by uid; `basis` are the inputs shared by all of them."""

    basis: tuple[object, ...]
    kept: Mapping[str, Kept]


def assess_all(snapshot: Snapshot, last: Assessed | None = None) -> Assessed:
    """The assessments of the snapshot's pods; those of `last` that still hold are reused.

    `last` are the assessments of an earlier snapshot.
    """
    basis = (snapshot.record, snapshot.revisions, snapshot.services, snapshot.driven_since)
    old = last.kept if last is not None and last.basis == basis else {}
    return Assessed(basis, {uid: _one(old.get(uid), uid, snapshot) for uid in snapshot.pods})


def _one(old: Kept | None, uid: str, snapshot: Snapshot) -> Kept:
    if old is None or not _holds(old, uid, snapshot):
        made = assess(snapshot.pods[uid], snapshot)
        return Kept(made, *limits(made, snapshot))
    evidence = old.of.evidence
    if evidence.now == snapshot.now or old.until == inf:
        return old
    # `waiting_reasons.progress` reads from the evidence how long verification still takes.
    return replace(old, of=replace(old.of, evidence=replace(evidence, now=snapshot.now)))


def _holds(old: Kept, uid: str, snapshot: Snapshot) -> bool:
    """Whether the assessment still holds: no input has changed, no time limit has passed."""
    evidence = old.of.evidence
    return (
        old.of.pod is snapshot.pods[uid]
        and evidence.sighting is snapshot.sightings[uid]
        and snapshot.now < old.until
        and snapshot.time < old.until_time
        and (old.of.settled or evidence.peers == snapshot.peers)
    )


def limits(made: Assessment, snapshot: Snapshot) -> tuple[float, float]:
    """The next times at which a clock can change the assessment, in seconds; inf: never.

    The first value is by this process' monotonic clock, the second by the server's clock.
    """
    now, time = snapshot.now, snapshot.time
    own = (at for at in _own_clock(made) if at >= now)
    servers = (at for at in _servers_clock(made, snapshot) if at >= time)
    return min(own, default=inf), min(servers, default=inf)


def _own_clock(made: Assessment) -> Iterator[float]:
    """The monotonic times at which a container may become settled, ready or stuck.

    The rules are in `pods/restarted.py` and `pods/done.py`.
    """
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
    """The times at which minReadySeconds end or a patched pod is overdue, by the server's clock.

    A pod is overdue if its container has not restarted within progressDeadlineSeconds and its
    grace periods. `node_clocks` has the rules.
    """
    pod, strategy = made.pod, snapshot.record.plan.strategy
    if made.released and not made.available:
        yield ready_since(pod, snapshot, made.finalizers) + strategy.min_ready_seconds
    if pod.record is None:
        return
    yield seconds(pod.record.since) - NOISE  # Before that, it counts as in the future.
    if pod.record.phase is Phase.PATCHED:
        longest = strategy.progress_deadline_seconds + pod.grace * len(pod.record.before)
        yield written_at(pod, snapshot) + longest

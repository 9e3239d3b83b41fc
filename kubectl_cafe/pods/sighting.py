"""What this process has seen of one pod, folded event by event (protocol 6, 10).

A kubelet publishes observedGeneration when it begins to act on a spec, not when it is done,
so one status alone can't tell whose container it shows. The order of statuses can. Losing
this memory with the process makes the engine slower, never wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kubectl_cafe.pods.model import Container, Pod

TROUBLE = frozenset(
    {
        "ErrImagePull",
        "ImagePullBackOff",
        "InvalidImageName",
        "ErrImageNeverPull",
        "CreateContainerConfigError",
        "CreateContainerError",
        "RunContainerError",
        "CrashLoopBackOff",
    }
)
"""Waiting reasons that do not pass by themselves."""


@dataclass(frozen=True)
class Seen:
    """One container: all times by this process' monotonic clock, in seconds; None: not now.

    `first_id` and `first_trouble` are from the first status with observedGeneration at or
    above the pod's generation that this process saw, at `acted_since`.
    """

    container_id: str
    id_since: float
    ready_since: float | None = None
    trouble_since: float | None = None
    first_id: str | None = None
    first_trouble: str = ""
    acted_since: float | None = None


@dataclass(frozen=True)
class Sighting:
    """One pod under one generation of its spec."""

    generation: int
    ready_reason: str
    ready_reason_since: float
    gate: str
    containers: Mapping[str, Seen]


def trouble(container: Container) -> str:
    """The container's trouble as one text, empty without one."""
    if container.waiting in TROUBLE:
        return f"{container.waiting}: {container.message}"
    if container.terminated:
        return f"{container.terminated}: {container.container_id}"
    return ""


def look(before: Sighting | None, pod: Pod, now: float) -> Sighting:
    """The sighting after `pod` was shown at `now`."""
    same = before if before and before.generation == pod.generation else None
    known = before.containers if before else {}
    reason = pod.ready.reason
    # A reason that stood before the gate was written says nothing about the gate (C85).
    stands = before and (before.ready_reason, before.gate) == (reason, pod.gate.status)
    since = before.ready_reason_since if before and stands else now
    return Sighting(
        generation=pod.generation,
        ready_reason=reason,
        ready_reason_since=since,
        gate=pod.gate.status,
        containers={
            name: _look(
                known.get(name),
                bool(same),
                container,
                acted=bool(pod.observed) and pod.observed >= pod.generation,
                now=now,
            )
            for name, container in pod.containers.items()
        },
    )


def _look(
    before: Seen | None, same_generation: bool, container: Container, *, acted: bool, now: float
) -> Seen:
    same_id = before is not None and before.container_id == container.container_id
    first_id, first_trouble, acted_since = None, "", None
    if before and same_generation:
        first_id, first_trouble = before.first_id, before.first_trouble
        acted_since = before.acted_since
    if acted and first_id is None:
        first_id, first_trouble, acted_since = container.container_id, trouble(container), now
    kept = before if before and same_generation else None
    return Seen(
        container_id=container.container_id,
        # A change of the spec starts the clock anew: the same container may be an earlier spec's.
        id_since=before.id_since if before and same_id and same_generation else now,
        ready_since=_since(
            before.ready_since if before and same_id else None, container.ready, now
        ),
        trouble_since=_since(kept.trouble_since if kept else None, bool(trouble(container)), now),
        first_id=first_id,
        first_trouble=first_trouble,
        acted_since=acted_since,
    )


def _since(before: float | None, holds: bool, now: float) -> float | None:
    if not holds:
        return None
    return now if before is None else before

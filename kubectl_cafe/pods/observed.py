"""What this process has seen of one pod, updated by each watch event (protocol 6, 10).

A kubelet publishes observedGeneration when it begins to act on a spec, not when it is done. So one
status alone does not show which spec its container was made from; the order of statuses does. A new
process begins without these data: it waits longer, but decides the same.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from kubectl_cafe.pods.managed_fields import Writer
from kubectl_cafe.pods.model import Container, Pod

ON_ITS_WAY = frozenset({"", "ContainerCreating", "PodInitializing"})
"""Waiting reasons of a container that is being started. There is no fixed list of the others:
kubelets, runtimes and virtual kubelets have their own."""
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
"""Waiting reasons that seldom end by themselves: a container with one is stuck at once."""


class Stamp(Struct, frozen=True):
    """A time that a node's clock wrote, and when this process first saw the event of that time.

    `stated` is in seconds since the epoch, `seen` by the monotonic clock. `witnessed`: this process
    had seen the pod before the event happened.
    """

    stated: float
    seen: float
    witnessed: bool

    def at(self, now: float, time: float) -> float:
        """When the event happened, in epoch seconds by the server's clock.

        `now` (monotonic) and `time` (server) are the present moment. The node's clock may be ahead
        or behind. A witnessed event happened when it was seen, any other no later than that.
        """
        seen = time - (now - self.seen)
        return seen if self.witnessed else min(self.stated, seen)


class Seen(Struct, frozen=True):
    """What was seen of one container.

    All times are in seconds by this process' monotonic clock: since when the container has its ID,
    is ready, or does not run (None: not so now). `first_id` and `first_trouble` are from the first
    status that this process saw with observedGeneration at or above the sighting's generation, at
    `acted_since`. `started` is when this container started.
    """

    container_id: str
    id_since: float
    ready_since: float | None
    trouble_since: float | None
    first_id: str | None
    first_trouble: str
    acted_since: float | None
    started: Stamp


class Sighting(Struct, frozen=True):
    """What was seen of one pod under one set of images.

    `generation` is the first generation that this process saw with these images, `last` the last
    one. `wrote` is the record's `gen`, which changes with every image patch of kubectl-cafe.
    `ready` is Ready's status and lastTransitionTime, `turned` when it changed to that status.
    """

    generation: int
    ready_reason: str
    ready_reason_since: float
    gate: str
    containers: Mapping[str, Seen]
    last: int
    images: Mapping[str, str]
    wrote: int
    ready: tuple[str, float]
    turned: Stamp


def trouble(container: Container) -> str:
    """Why the container does not run, as one text; empty if it runs or is being started."""
    if container.waiting not in ON_ITS_WAY:
        return f"{container.waiting}: {container.message}"
    if container.terminated:
        return f"{container.terminated}: {container.container_id}"
    return ""


def look(before: Sighting | None, pod: Pod, now: float) -> Sighting:
    """The sighting after `pod` was seen at `now`, in seconds by the monotonic clock."""
    same = before if before and same_images(before, pod) else None
    known = before.containers if before else {}
    reason = pod.ready.reason
    since = now
    # A reason that Ready had before the gate's present status says nothing about it (C85).
    if before and (before.ready_reason, before.gate) == (reason, pod.gate.status):
        since = before.ready_reason_since
    ready = (pod.ready.status, pod.ready.since)
    turned = Stamp(pod.ready.since, now, before is not None)
    generation = same.generation if same else pod.generation
    return Sighting(
        generation=generation,
        ready_reason=reason,
        ready_reason_since=since,
        gate=pod.gate.status,
        containers={
            name: _look(
                known.get(name),
                bool(same),
                container,
                acted=bool(pod.observed) and pod.observed >= generation,
                now=now,
            )
            for name, container in pod.containers.items()
        },
        last=pod.generation,
        images=pod.images(),
        wrote=_gen(pod),
        ready=ready,
        turned=before.turned if before and before.ready == ready else turned,
    )


def same_images(before: Sighting, pod: Pod) -> bool:
    """Whether no image was written since `before`, although the generation may have changed.

    An ephemeral container, a toleration or a resize changes the generation, too. Equal images do
    not suffice, because another client may have changed an image and changed it back: then that
    client is its writer.
    """
    if before.last == pod.generation:
        return True
    return (
        before.images == pod.images()
        and before.wrote == _gen(pod)
        and all(c.writer in (Writer.CREATOR, Writer.OURS) for c in pod.containers.values())
    )


def _gen(pod: Pod) -> int:
    return pod.record.gen if pod.record else 0


def _look(
    before: Seen | None, same_spec: bool, container: Container, *, acted: bool, now: float
) -> Seen:
    # `kept`: what was seen since the images last changed. `same`: what was seen of this container.
    kept = before if same_spec else None
    same = before if before and before.container_id == container.container_id else None
    first_id, first_trouble, acted_since = None, "", None
    if kept:
        first_id, first_trouble, acted_since = kept.first_id, kept.first_trouble, kept.acted_since
    if acted and first_id is None:
        first_id, first_trouble, acted_since = container.container_id, trouble(container), now
    started = Stamp(container.started_at, now, before is not None)
    if same and same.started.stated:
        started = same.started
    return Seen(
        container_id=container.container_id,
        # After a change of the images the time starts again: the container may be of the old spec.
        id_since=same.id_since if same and same_spec else now,
        ready_since=_since(same.ready_since if same else None, container.ready, now),
        trouble_since=_since(kept.trouble_since if kept else None, bool(trouble(container)), now),
        first_id=first_id,
        first_trouble=first_trouble,
        acted_since=acted_since,
        started=started,
    )


def _since(before: float | None, holds: bool, now: float) -> float | None:
    if not holds:
        return None
    return now if before is None else before

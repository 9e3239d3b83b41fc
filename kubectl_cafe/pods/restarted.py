"""Whether the container that a pod shows was made from the pod's present spec (protocol 6).

Neither observedGeneration nor a new containerID nor a new imageID proves it. A kubelet that
received v2 and then v1 again shows v2, running and ready, at v1's generation, and kills it next.
Rules a, b and c below are the ones that hold on a real kubelet.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import cache

from msgspec import Struct

from kubectl_cafe import names
from kubectl_cafe.pods.managed_fields import Writer
from kubectl_cafe.pods.model import Container, Pod
from kubectl_cafe.pods.observed import Seen, Sighting
from kubectl_cafe.pods.record import Before

KILL_FLOOR = 2.0
"""The kubelet grants at least 2 s to a container that it kills."""
KILL_MARGIN = 10.0
"""Seconds that rule c adds per container for its kill, its start and their publishing."""


class By(StrEnum):
    """The rule that settled a container."""

    NEW_CONTAINER = "a"
    ACKNOWLEDGED = "b"
    TIME = "c"
    PEER = "c, a peer shows the same image"
    NEVER_PATCHED = "the pod was never patched"
    BEFORE = "verified before its record was finished"


class Settlement(Struct, frozen=True):
    """Whether one container is settled. `by` is the rule that settled it; None: it is not settled.

    `ambiguous`: not settled, and only rule b or c can settle it.
    """

    by: By | None = None
    ambiguous: bool = False


class Evidence(Struct, frozen=True):
    """What the rules read besides the pod. `now` is by this process' monotonic clock, in seconds.

    `peers` maps an image string to the imageIDs that pods settled by rule a showed for it.
    `changed` are the containers whose image string the upgrade changed, with their state before
    (None: not recorded). `verified` are the names of those that were settled when the pod's record
    was finished: a later restart of theirs is no part of the upgrade. `overdue`: the pod's image
    patch is older than progressDeadlineSeconds and its grace periods.
    """

    sighting: Sighting
    now: float
    changed: Mapping[str, Before | None]
    peers: Mapping[str, frozenset[str]] = {}
    verified: frozenset[str] = frozenset()
    overdue: bool = False


NOT_YET = Settlement()


def settled(pod: Pod, name: str, evidence: Evidence) -> Settlement:
    """Whether, and by which rule, container `name` was made from the pod's present spec.

    Cases C1 to C11, C67, C68.
    """
    container = pod.containers[name]
    before = evidence.changed.get(name)
    seen = evidence.sighting.containers.get(name)
    if not container.container_id or seen is None:
        return NOT_YET  # C14: no status yet.
    if name in evidence.verified:
        return Settlement(By.BEFORE)
    if before is None and as_created(pod, container):
        return Settlement(By.NEVER_PATCHED)
    unchanged = before is not None and container.container_id == before.container_id
    if unchanged and not undone(pod, name, before):
        return NOT_YET  # Still the old container, however long it shows running and ready (C68).
    if pod.observed and pod.observed < pod.generation:
        return NOT_YET  # C67: the kubelet has not seen this spec.
    if made_after(container, seen):
        return Settlement(By.NEW_CONTAINER)
    if acknowledged(pod):
        return Settlement(By.ACKNOWLEDGED)
    if shown_by_a_peer(container, before, evidence.peers):
        return Settlement(By.PEER)
    if quoting(pod):
        return Settlement(ambiguous=True)  # Rule b decides, however long the pull takes (C84).
    if evidence.now - begun(seen) >= patience(pod, name, evidence.changed):
        return Settlement(By.TIME)
    return Settlement(ambiguous=True)


def undone(pod: Pod, name: str, before: Before | None) -> bool:
    """Whether another client has set the image back to the recorded container's.

    A kubelet that had not read the patch by then restarts nothing, and the recorded container
    stays. Then rules b and c decide, if the kubelet reports observedGeneration; False if it does
    not.
    """
    return pod.observed > 0 and before is not None and pod.images().get(name) == before.image


def as_created(pod: Pod, container: Container) -> bool:
    """Whether the container's image is unchanged since the pod's creation (protocol 6)."""
    return pod.generation <= 1 or container.writer is Writer.CREATOR


def made_after(container: Container, seen: Seen) -> bool:
    """Rule a: the container appeared after the first status of this generation (C2, C3, C8, C9).

    Every container of an earlier spec is visible in that first status already.
    """
    return seen.first_id is not None and container.container_id != seen.first_id


def acknowledged(pod: Pod) -> bool:
    """Rule b: the kubelet quotes a gate that was rewritten after it had seen this spec (C84)."""
    return (
        pod.gate.message == acknowledgement(pod.generation)
        and pod.observed >= pod.generation
        and pod.observed > 0
        and pod.containers_ready.status == "True"
        and quotes_gate(pod)
    )


def acknowledgement(generation: int) -> str:
    """The message of the gate's condition when it is rewritten for rule b under `generation`."""
    return f"acknowledge generation {generation}"


def quotes_gate(pod: Pod) -> bool:
    """Whether Ready's message quotes the present value of our gate.

    Source: pkg/kubelet/status/generate.go words it `the status of pod readiness gate "G" is not
    "True", but V`. Ready's reason is not read: another node agent may have set it.
    """
    return (
        pod.ready.status == "False"
        and _quote(pod.gate.status).search(pod.ready.message) is not None
    )


@cache
def _quote(value: str) -> re.Pattern[str]:
    """The pattern of Ready's message while our gate has `value`."""
    said = f'readiness gate "{names.IN_SERVICE}" is not "True", but {value}'
    return re.compile(re.escape(said) + r"\b")


def quoting(pod: Pod) -> bool:
    """Whether the kubelet quotes our gate in Ready's message, so that rule b can decide."""
    return (
        pod.gated
        and pod.gate.status in ("False", "Unknown")
        and pod.observed > 0
        and pod.containers_ready.status == "True"
        and f'readiness gate "{names.IN_SERVICE}" is not "True", but ' in pod.ready.message
    )


def shown_by_a_peer(
    container: Container, before: Before | None, peers: Mapping[str, frozenset[str]]
) -> bool:
    """Rule c without its wait: a pod settled by rule a shows this imageID for the image string."""
    return (
        before is not None
        and container.image_id != before.image_id
        and container.image_id in peers.get(container.image, frozenset())
    )


def begun(seen: Seen) -> float:
    """When the wait of rule c begins: the container has its ID and the kubelet has seen the spec.

    In seconds by the monotonic clock.
    """
    return seen.id_since if seen.acted_since is None else max(seen.id_since, seen.acted_since)


def patience(pod: Pod, name: str, changed: Mapping[str, Before | None]) -> float:
    """Rule c: the seconds for which a container's ID must stay unchanged.

    Rule c is the last resort: an image pull that takes longer makes it wrong. Containers are killed
    one after the other (C44), so each adds to the time. The time doubles if the container had the
    same imageID under another image string: the imageID then proves nothing.
    """
    once = (max(float(pod.grace), KILL_FLOOR) + KILL_MARGIN) * max(1, len(changed))
    before, container = changed.get(name), pod.containers[name]
    same_content = (
        before is not None
        and before.image_id == container.image_id
        and before.image != container.image
    )
    return 2 * once if same_content else once


def verifying(pod: Pod, evidence: Evidence) -> float | None:
    """Seconds until rule c settles the pod at the latest; None if nothing is ambiguous.

    0 while the kubelet's acknowledgement is awaited (rule b), which has no time limit.
    """
    waited = []
    for name in _present(pod, evidence):
        if settled(pod, name, evidence).ambiguous:
            end = begun(evidence.sighting.containers[name]) + patience(pod, name, evidence.changed)
            waited.append(0.0 if quoting(pod) else end - evidence.now)
    return max(waited, default=None)


def all_settled(pod: Pod, evidence: Evidence) -> bool:
    """Whether every changed container that the pod's spec still has is settled."""
    return all(settled(pod, name, evidence).by is not None for name in _present(pod, evidence))


def wants_acknowledgement(pod: Pod, evidence: Evidence) -> bool:
    """Whether rewriting the gate would let rule b decide (C84).

    Once it is rewritten and quoted, rule b has decided and nothing is ambiguous.
    """
    return (
        quoting(pod)
        # The present value must be quoted already: otherwise an older quote could be taken for it.
        and quotes_gate(pod)
        and any(settled(pod, name, evidence).ambiguous for name in _present(pod, evidence))
    )


def _present(pod: Pod, evidence: Evidence) -> Iterable[str]:
    return (name for name in evidence.changed if name in pod.containers)


def renewed(pod: Pod, evidence: Evidence) -> list[tuple[str, str]]:
    """(image, imageID) of each changed container that rule a settled, by its new containerID."""
    return [
        (pod.containers[name].image, pod.containers[name].image_id)
        for name in evidence.changed
        if settled(pod, name, evidence).by is By.NEW_CONTAINER
    ]

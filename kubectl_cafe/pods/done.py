"""Whether the upgrade of a pod is done, or stuck, judged by its changed containers (protocol 6)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from kubectl_cafe.pods.model import Container, Pod
from kubectl_cafe.pods.settled import Evidence, all_settled, patience, settled
from kubectl_cafe.pods.sighting import TROUBLE, trouble

PULL = frozenset({"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"})
PROBE_MARGIN = 3.0
"""Seconds beyond one period after which a startupProbe has surely spoken."""
FAILS_AFTER = 30.0
"""Seconds of a pull or configuration error after which the group fails (C34)."""


@dataclass(frozen=True)
class Stuck:
    """A container that does not start by itself. `fails`: its group fails by it."""

    container: str
    reason: str
    message: str
    fails: bool


def done(pod: Pod, evidence: Evidence) -> bool:
    """Every changed container settled, running and ready (C1, C18, C36)."""
    return all_settled(pod, evidence) and all(
        container.running and container.ready and probe_spoke(container, evidence)
        for name, container in pod.containers.items()
        if name in evidence.changed
    )


def probe_spoke(container: Container, evidence: Evidence) -> bool:
    """With a startupProbe, the old container's ready is carried over until its next tick (C69)."""
    if container.startup_period is None:
        return True
    seen = evidence.sighting.containers[container.name]
    if seen.ready_since is None:
        return False
    return evidence.now - seen.ready_since >= container.startup_period + PROBE_MARGIN


def stuck(pod: Pod, evidence: Evidence) -> Iterator[Stuck]:
    """The changed containers that the kubelet says it can't run (C18, C19, C34, C37, C83).

    Verified ones too: without a readinessProbe a version that crashes is ready for a moment (C36).
    """
    if pod.observed and pod.observed < pod.generation:
        return
    judged = evidence.verified.union(evidence.changed)
    for name, container in pod.containers.items():
        if name in judged and (found := _stuck(pod, container, evidence)):
            yield found


def _stuck(pod: Pod, container: Container, evidence: Evidence) -> Stuck | None:
    seen = evidence.sighting.containers[container.name]
    reason = container.waiting or container.terminated
    if not trouble(container) or seen.trouble_since is None:
        return None
    lasted = evidence.now - seen.trouble_since
    if container.waiting in PULL:
        if not names_image(container.message, container.image):
            return None  # A predecessor's pull error (C83).
        return Stuck(container.name, reason, container.message, lasted >= FAILS_AFTER)
    if container.waiting == "CrashLoopBackOff" or container.terminated:
        if settled(pod, container.name, evidence).by is None:
            return None  # A predecessor's crash (C77, C83).
        fails = container.waiting == "CrashLoopBackOff"
        return Stuck(container.name, reason, container.message, fails)
    if container.waiting in TROUBLE:
        stale = trouble(container) == seen.first_trouble
        if stale and lasted < patience(pod, container.name, evidence.changed):
            return None  # Shown before the kubelet acted on this spec (C83).
        return Stuck(container.name, reason, container.message, lasted >= FAILS_AFTER)
    return None


def names_image(message: str, image: str) -> bool:
    """Whether a kubelet's message speaks of `image`, and not of one whose name it is part of.

    The runtime may prefix the default registry and append the default tag.
    """
    tagged = "@" in image or ":" in image.rsplit("/", 1)[-1]
    tail = "" if tagged else r"(?::latest)?"
    return re.search(rf"(?<![\w.-]){re.escape(image)}{tail}(?![\w.:@-])", message) is not None


def digest_contradicts(container: Container) -> bool:
    """Whether the target pins a digest and the container's imageID has another one (C6).

    imageID may carry a scheme (docker-pullable://) and a repository; only digests compare. A
    runtime may name the manifest where the target names its index: shown, never a failure.
    """
    wanted = re.search(r"@(sha256:[0-9a-f]{64})$", container.image)
    got = re.search(r"(sha256:[0-9a-f]{64})$", container.image_id)
    return bool(wanted and got and wanted[1] != got[1])

"""Whether the upgrade of a pod is done, or stuck, judged by its changed containers (protocol 6)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from kubectl_cafe.pods.model import Container, Pod
from kubectl_cafe.pods.observed import TROUBLE, Seen, trouble
from kubectl_cafe.pods.record import Phase
from kubectl_cafe.pods.restarted import Evidence, all_settled, patience, settled

CRASH = "CrashLoopBackOff"
NOT_RUNNING = "NotRunning"
"""The reason of a container that should run by now and does not, where nothing names another."""
PROBE_MARGIN = 3.0
"""Seconds beyond one period after which a startupProbe has surely spoken."""
FAILS_AFTER = 30.0
"""Seconds for which a container does not run after which the group fails (C34)."""
_NAMED = re.compile(
    r'(?:image|reference)(?: (?:tag|name))? "[^"]+"|docker://\S|reading manifest \S+ in \S'
)
"""How kubelet, containerd and CRI-O name an image in a message."""


@dataclass(frozen=True)
class Stuck:
    """A container that does not start by itself. `fails`: its group fails by it.

    `late`: nothing but its deadline says so, and it may start yet.
    """

    container: str
    reason: str
    message: str
    fails: bool
    late: bool = False


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

    Verified ones too: without a readinessProbe a version that crashes is ready for a moment
    (C36). Past its deadline every changed container that does not run is stuck, for any reason.
    """
    seen = not pod.observed or pod.observed >= pod.generation
    judged = evidence.verified.union(evidence.changed)
    for name, container in pod.containers.items():
        if name not in judged:
            continue
        found = _stuck(pod, container, evidence) if seen else None
        if found is None and evidence.overdue and name in evidence.changed:
            found = _overdue(container)
        if found is not None:
            yield found


def _overdue(container: Container) -> Stuck | None:
    """A container that should run by now; its group fails by its deadline, and not by this."""
    if container.running:
        return None
    reason = container.waiting or container.terminated or NOT_RUNNING
    return Stuck(container.name, reason, container.message, fails=False, late=True)


def _stuck(pod: Pod, container: Container, evidence: Evidence) -> Stuck | None:
    """What is known not to pass is stuck at once, any other reason once it has lasted."""
    seen = evidence.sighting.containers[container.name]
    if seen.trouble_since is None:
        return None
    reason = container.waiting or container.terminated
    lasted = evidence.now - seen.trouble_since
    lasting = lasted >= FAILS_AFTER
    if reason == CRASH or container.terminated:
        if settled(pod, container.name, evidence).by is None:
            return None  # A predecessor's crash, or a back-off (C77, C83).
        return Stuck(container.name, reason, container.message, lasting or reason == CRASH)
    if reason not in TROUBLE and not lasting:
        return None
    waits = patience(pod, container.name, evidence.changed)
    if not of_this_spec(container, seen, lasted >= waits):
        return None
    return Stuck(container.name, reason, container.message, lasting)


def of_this_spec(container: Container, seen: Seen, outlasted: bool) -> bool:
    """Whether the reason why the container waits is not its predecessor's (C83).

    The first status under this spec shows the state before the kubelet acted on it. A message
    that names an image tells whose it is; any other is this spec's once it is another one than
    in that first status, or has outlasted the time in which a kubelet acts.
    """
    if names_image(container.message, container.image):
        return True
    if names_another(container):
        return False
    return trouble(container) != seen.first_trouble or outlasted


def backing_off(pod: Pod, container: Container) -> bool:
    """Whether the kubelet waits before it starts the new container: no crash (C90).

    It keeps a back-off for each pod, container and image string, and shows the container of
    before, which it has ended itself, as if that had crashed.
    """
    record = pod.record
    if record is None or record.phase is not Phase.PATCHED or container.name not in record.before:
        return False
    same = container.container_id == record.before[container.name].container_id
    return same and (container.waiting == CRASH or bool(container.terminated))


def names_another(container: Container) -> bool:
    """Whether the message why the container waits names images, and its own is none of them."""
    named = _NAMED.search(container.message) is not None
    return named and not names_image(container.message, container.image)


def names_image(message: str, image: str) -> bool:
    """Whether a kubelet's message speaks of `image`, and not of one whose name it is part of.

    The runtime may prefix the default registry and append the default tag; CRI-O may name tag
    and repository apart.
    """
    repository, tag = _parts(image)
    tail = "" if tag else r"(?::latest)?"
    whole = rf"(?<![\w.-]){re.escape(image)}{tail}(?![\w.@-]|:\w)"
    name = rf"(?:\S+/)?{re.escape(repository)}(?![\w./@-]|:\w)"
    apart = rf"reading manifest {re.escape(tag or 'latest')} in {name}"
    return re.search(rf"{whole}|{apart}", message) is not None


def _parts(image: str) -> tuple[str, str]:
    """The repository, and the digest or else the tag, which is empty where it is left out."""
    name, _, digest = image.partition("@")
    folder, slash, last = name.rpartition("/")
    short, _, tag = last.partition(":")
    return f"{folder}{slash}{short}", digest or tag


def digest_contradicts(container: Container) -> bool:
    """Whether the target pins a digest and the container's imageID has another one (C6).

    imageID may carry a scheme (docker-pullable://) and a repository; only digests compare. A
    runtime may name the manifest where the target names its index: shown, never a failure.
    """
    wanted = re.search(r"@(sha256:[0-9a-f]{64})$", container.image)
    got = re.search(r"(sha256:[0-9a-f]{64})$", container.image_id)
    return bool(wanted and got and wanted[1] != got[1])

"""Whether a pod's upgrade is done or stuck, assessed by its changed containers (protocol 6)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from kubectl_cafe.pods.model import Container, Pod
from kubectl_cafe.pods.observed import TROUBLE, Seen, trouble
from kubectl_cafe.pods.record import Phase
from kubectl_cafe.pods.restarted import Evidence, all_settled, patience, settled

CRASH = "CrashLoopBackOff"
NOT_RUNNING = "NotRunning"
"""The reason of a container that should run by now and does not, if its status names no other."""
PROBE_MARGIN = 3.0
"""Seconds beyond one period after which a startupProbe has certainly reported a result."""
FAILS_AFTER = 30.0
"""Seconds for which a container may be not running before its group fails (C34)."""
_NAMED = re.compile(
    r'(?:image|reference)(?: (?:tag|name))? "[^"]+"|docker://\S|reading manifest \S+ in \S'
)
"""How kubelet, containerd and CRI-O name an image in a message."""


class Stuck(Struct, frozen=True):
    """A container that does not run and won't by itself. `fails`: its group fails because of it.

    `late`: only its deadline has passed, and the container may still start.
    """

    container: str
    reason: str
    message: str
    fails: bool
    late: bool = False


def done(pod: Pod, evidence: Evidence) -> bool:
    """Whether every changed container is settled, running and ready (C1, C18, C36)."""
    return all_settled(pod, evidence) and all(
        container.running and container.ready and probe_spoke(container, evidence)
        for name, container in pod.containers.items()
        if name in evidence.changed
    )


def probe_spoke(container: Container, evidence: Evidence) -> bool:
    """Whether the container's `ready` is its own, not carried over from the old container (C69).

    With a startupProbe, the kubelet carries the old container's ready over until the probe runs
    next. Ready counts after one period and PROBE_MARGIN; without a startupProbe at once.
    """
    if container.startup_period is None:
        return True
    seen = evidence.sighting.containers[container.name]
    if seen.ready_since is None:
        return False
    return evidence.now - seen.ready_since >= container.startup_period + PROBE_MARGIN


def stuck(pod: Pod, evidence: Evidence) -> Iterator[Stuck]:
    """The changed or verified containers that the kubelet can't run (C18, C19, C34, C37, C83).

    Verified ones, because without a readinessProbe a version that crashes is ready for a moment
    (C36). Past the pod's deadline every changed container that does not run is stuck, for any
    reason.
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
    """The Stuck of a container that does not run past the pod's deadline; None if it runs.

    Its `fails` is False: the group fails by its own deadline.
    """
    if container.running:
        return None
    reason = container.waiting or container.terminated or NOT_RUNNING
    return Stuck(container.name, reason, container.message, fails=False, late=True)


def _stuck(pod: Pod, container: Container, evidence: Evidence) -> Stuck | None:
    """The Stuck of a container that the kubelet can't run; None if it may still start.

    A reason of `observed.TROUBLE` counts at once, any other once it has lasted FAILS_AFTER seconds.
    """
    seen = evidence.sighting.containers[container.name]
    if seen.trouble_since is None:
        return None
    reason = container.waiting or container.terminated
    lasted = evidence.now - seen.trouble_since
    lasting = lasted >= FAILS_AFTER
    if reason == CRASH or container.terminated:
        if settled(pod, container.name, evidence).by is None:
            return None  # A crash of the old container, or the kubelet's back-off (C77, C83).
        return Stuck(container.name, reason, container.message, lasting or reason == CRASH)
    if reason not in TROUBLE and not lasting:
        return None
    waits = patience(pod, container.name, evidence.changed)
    if not of_this_spec(container, seen, lasted >= waits):
        return None
    return Stuck(container.name, reason, container.message, lasting)


def of_this_spec(container: Container, seen: Seen, outlasted: bool) -> bool:
    """Whether the container waits for a reason of the present spec, not of an earlier one (C83).

    The first status under a spec shows the state before the kubelet acted on the spec. A message
    that names an image shows which spec it is about. Any other reason is of the present spec once
    it differs from the reason in that first status, or has lasted longer than a kubelet takes to
    act (`outlasted`).
    """
    if names_image(container.message, container.image):
        return True
    if names_another(container):
        return False
    return trouble(container) != seen.first_trouble or outlasted


def backing_off(pod: Pod, container: Container) -> bool:
    """Whether a crash is shown only because the kubelet delays the new container's start (C90).

    The kubelet keeps a back-off for each pod, container and image string. Meanwhile it shows the
    old container, which the kubelet itself has ended, as if that container had crashed.
    """
    record = pod.record
    if record is None or record.phase is not Phase.PATCHED or container.name not in record.before:
        return False
    same = container.container_id == record.before[container.name].container_id
    return same and (container.waiting == CRASH or bool(container.terminated))


def names_another(container: Container) -> bool:
    """Whether the container's waiting message names images, but not the container's own."""
    named = _NAMED.search(container.message) is not None
    return named and not names_image(container.message, container.image)


def names_image(message: str, image: str) -> bool:
    """Whether a kubelet's message names `image`, and not a longer name that contains it.

    The runtime may prefix the default registry and append the default tag; CRI-O may name tag and
    repository separately.
    """
    repository, tag = _parts(image)
    tail = "" if tag else r"(?::latest)?"
    whole = rf"(?<![\w.-]){re.escape(image)}{tail}(?![\w.@-]|:\w)"
    name = rf"(?:\S+/)?{re.escape(repository)}(?![\w./@-]|:\w)"
    apart = rf"reading manifest {re.escape(tag or 'latest')} in {name}"
    return re.search(rf"{whole}|{apart}", message) is not None


def _parts(image: str) -> tuple[str, str]:
    """The repository of `image`, and its digest or else its tag, which is empty if left out."""
    name, _, digest = image.partition("@")
    folder, slash, last = name.rpartition("/")
    short, _, tag = last.partition(":")
    return f"{folder}{slash}{short}", digest or tag


def digest_contradicts(container: Container) -> bool:
    """Whether the target pins a digest and the container's imageID has another one (C6).

    imageID may carry a scheme (docker-pullable://) and a repository, so only digests are compared.
    A runtime may report the digest of a manifest where the target has that of its index: the
    difference is shown, but is never a failure.
    """
    wanted = re.search(r"@(sha256:[0-9a-f]{64})$", container.image)
    got = re.search(r"(sha256:[0-9a-f]{64})$", container.image_id)
    return bool(wanted and got and wanted[1] != got[1])

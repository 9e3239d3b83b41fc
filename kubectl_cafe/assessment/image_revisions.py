"""The revision whose images a pod runs, also if admission rewrote the strings (protocol 6).

A registry mirror or a policy that pins digests rewrites images when pods are created and when they
are patched. No template has the rewritten string. Then the pod's record names the revision or, for
a pod that was never patched, its revision label, as long as no other client has written the pod's
images. An unchanged metadata.generation proves that. If it has changed, by an image or by another
field such as an ephemeral container, a toleration or a resize, managedFields show which client
wrote the images (`pods/managed_fields.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kubectl_cafe import names
from kubectl_cafe.pods.managed_fields import Writer
from kubectl_cafe.pods.model import Pod
from kubectl_cafe.pods.record import Phase
from kubectl_cafe.revisions.revision import Revision

Known = Mapping[str, Revision]
FIRST_GENERATION = 1
"""metadata.generation of a pod whose spec was never changed; servers before 1.33 show 0."""


def lacking(pod: Pod, images: Mapping[str, str], known: Known) -> dict[str, str]:
    """The images of a template, by container, that the pod does not run (C7, C20).

    `images` are the template's, `known` the revisions by name.
    """
    shown = pod.images()
    other = {name: image for name, image in images.items() if shown.get(name) != image}
    own = vouched(pod, known) if other else None
    meant = own.images if own else {}
    return {name: image for name, image in other.items() if meant.get(name) != image}


def runs(pod: Pod, revision: Revision, known: Known) -> bool:
    """Whether the pod's spec has the revision's images."""
    return not lacking(pod, revision.images, known)


def runs_any(pod: Pod, known: Known) -> bool:
    """Whether the pod runs a known revision; otherwise it has drifted (C55)."""
    return _spelled_out(pod, known.values()) or vouched(pod, known) is not None


def shown_revision(pod: Pod, known: Known) -> Revision | None:
    """The revision whose images the pod runs; None: no known one.

    Of several revisions with these images, the one in the pod's label, else the newest.
    """
    label = pod.labels.get(names.REVISION, "")
    found = [revision for revision in known.values() if runs(pod, revision, known)]
    return max(found, key=lambda r: (r.name == label, r.number), default=None)


def vouched(pod: Pod, known: Known) -> Revision | None:
    """The pod's revision by its record or by its revision label, whatever its image strings are.

    None if neither proves it, or if another client has written an image (C55). The label names the
    template from which the pod was created. It is easily edited, so it is only read if no revision
    has these image strings, and never if another client had put other images into that template
    (`pod.edited_template`).
    """
    record, label = pod.record, pod.labels.get(names.REVISION, "")
    if record is not None and record.gen > 0:
        if not unchanged(pod):
            return None
        return known.get(label if record.phase is Phase.DRAINED else record.to)
    if pod.edited_template:
        return None
    if not as_created(pod) or _spelled_out(pod, known.values()):
        return None
    return known.get(label)


def as_created(pod: Pod) -> bool:
    """Whether no image was written since the pod was created."""
    return pod.generation == FIRST_GENERATION or _written_by(pod, Writer.CREATOR)


def unchanged(pod: Pod) -> bool:
    """Whether no other client has changed the pod's images since its record was written.

    Every image patch of this tool writes the record in the same request. So images that only the
    pod's creator and this tool have written are those of the last record.
    """
    record = pod.record
    return record is not None and (
        record.gen == pod.generation
        or without_effect(pod)
        or _written_by(pod, Writer.CREATOR, Writer.OURS)
    )


def without_effect(pod: Pod) -> bool:
    """Whether the image patch changed nothing: admission made old and new image equal.

    `record.gen` is the generation that the patch was expected to make. It is exact, because the
    patch carried the resourceVersion, and a generation never falls. Once the generation has risen
    for another reason, managedFields prove the same: the images are still the pod creator's.
    """
    record = pod.record
    if record is None or record.phase is not Phase.PATCHED:
        return False
    changed = [pod.containers[name] for name in record.before if name in pod.containers]
    as_created = bool(changed) and all(one.writer is Writer.CREATOR for one in changed)
    return as_created or record.gen > pod.generation >= FIRST_GENERATION


def _written_by(pod: Pod, *writers: Writer) -> bool:
    return all(container.writer in writers for container in pod.containers.values())


def _spelled_out(pod: Pod, revisions: Iterable[Revision]) -> bool:
    shown = pod.images()
    return any(
        all(shown.get(name) == image for name, image in revision.images.items())
        for revision in revisions
    )

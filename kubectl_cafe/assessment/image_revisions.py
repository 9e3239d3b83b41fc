"""Whose images a pod runs, whatever admission made of their strings (protocol 6).

A registry mirror or a policy that pins digests rewrites the images of pods as they are born
and as they are patched. Such a string is in no template: the pod's record says what it is, or
its birth does, as long as nobody has written the pod's images since. That metadata.generation
stands still proves it; one that moved is an image or anything else of the spec, an ephemeral
container, a toleration, a resize: then managedFields tell (`pods/managed_fields.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kubectl_cafe import names
from kubectl_cafe.pods.managed_fields import Writer
from kubectl_cafe.pods.model import Pod
from kubectl_cafe.pods.record import Phase
from kubectl_cafe.revisions.revision import Revision

Known = Mapping[str, Revision]
BIRTH = 1
"""metadata.generation of a pod whose spec nobody has changed; servers before 1.33 show 0."""


def lacking(pod: Pod, images: Mapping[str, str], known: Known) -> dict[str, str]:
    """Those of a template's `images`, by container, that the pod does not run (C7, C20)."""
    shown = pod.images()
    other = {name: image for name, image in images.items() if shown.get(name) != image}
    own = vouched(pod, known) if other else None
    meant = own.images if own else {}
    return {name: image for name, image in other.items() if meant.get(name) != image}


def runs(pod: Pod, revision: Revision, known: Known) -> bool:
    """Whether the pod's spec has the revision's images."""
    return not lacking(pod, revision.images, known)


def runs_any(pod: Pod, known: Known) -> bool:
    """Whether the pod runs a known revision; else it has drifted (C55)."""
    return _spelled_out(pod, known.values()) or vouched(pod, known) is not None


def shown_revision(pod: Pod, known: Known) -> Revision | None:
    """The revision whose images the pod has; its label decides among several, then the newest."""
    label = pod.labels.get(names.REVISION, "")
    found = [revision for revision in known.values() if runs(pod, revision, known)]
    return max(found, key=lambda r: (r.name == label, r.number), default=None)


def vouched(pod: Pod, known: Known) -> Revision | None:
    """The revision that the pod's record or its birth vouches for, whatever its strings say.

    A stranger's image ends it (C55). At birth the label says which
    template made the pod; it is only asked where no revision has these very strings, for a
    label is soon edited, and not while somebody has put other images into that template.
    """
    record, label = pod.record, pod.labels.get(names.REVISION, "")
    if record is not None and record.gen > 0:
        if not unchanged(pod):
            return None
        return known.get(label if record.phase is Phase.DRAINED else record.to)
    if pod.stranger:
        return None
    if not as_created(pod) or _spelled_out(pod, known.values()):
        return None
    return known.get(label)


def as_created(pod: Pod) -> bool:
    """Whether no image was written since the pod was created."""
    return pod.generation == BIRTH or _written_by(pod, Writer.BIRTH)


def unchanged(pod: Pod) -> bool:
    """Whether the pod's images are the ones that its record was written for.

    Every image patch of ours writes the record in the same request, so as long as the images
    are its creator's and ours, they are what the last record is about.
    """
    record = pod.record
    return record is not None and (
        record.gen == pod.generation
        or without_effect(pod)
        or _written_by(pod, Writer.BIRTH, Writer.OURS)
    )


def without_effect(pod: Pod) -> bool:
    """Whether the image patch changed nothing: admission made one string of old and new.

    `gen` is exact, for the patch carried the resourceVersion, and a generation never falls;
    once it has moved on, an image that is still as its pod was created tells the same.
    """
    record = pod.record
    if record is None or record.phase is not Phase.PATCHED:
        return False
    changed = [pod.containers[name] for name in record.before if name in pod.containers]
    as_born = bool(changed) and all(one.writer is Writer.BIRTH for one in changed)
    return as_born or record.gen > pod.generation >= BIRTH


def _written_by(pod: Pod, *writers: Writer) -> bool:
    return all(container.writer in writers for container in pod.containers.values())


def _spelled_out(pod: Pod, revisions: Iterable[Revision]) -> bool:
    shown = pod.images()
    return any(
        all(shown.get(name) == image for name, image in revision.images.items())
        for revision in revisions
    )

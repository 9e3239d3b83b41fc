"""The end of a release: it is stored in an object of its own, old ones and revisions are deleted.

After a crash in between, the next command repeats both (protocol 4).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress

from kubectl_cafe import names
from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.cache import direct_reads
from kubectl_cafe.client import paths
from kubectl_cafe.client.errors import Invalid
from kubectl_cafe.client.transport import PatchKind, Transport
from kubectl_cafe.planning.rollback_target import rollback_target
from kubectl_cafe.pods.model import Pod
from kubectl_cafe.podsets import Workload
from kubectl_cafe.record import release_record
from kubectl_cafe.record.release_record import StoredRelease
from kubectl_cafe.revisions import past_releases
from kubectl_cafe.revisions.past_releases import PastRelease, last_good
from kubectl_cafe.revisions.revision import SUPERSEDED, Revision, prunable
from kubectl_cafe.times import rfc3339
from statemachine.lifecycle import RESTING
from statemachine.record import Record

HISTORY_LIMIT = 20
"""The default of `spec.historyLimit`, for an object that has no value from the CRD's default."""


def conclude(
    transport: Transport,
    cafe: CafeDeployment,
    revisions: Iterable[Revision],
    *,
    superseded: bool = False,
) -> None:
    """Store the ended release of `cafe` in an object of its own, once.

    `superseded`: an unfinished release is stored, too, with the outcome Superseded, because another
    one replaces it. Call this before the record of the new release is written. If that write fails,
    the old release continues, and at its end its object is replaced.
    """
    record = cafe.record
    if record is None or not (superseded or record.state in RESTING):
        return
    release = past_releases.present(record)
    ending = release.outcome if release.ended else SUPERSEDED
    ended = release.ended or rfc3339(transport.server_time())
    body = release_record.manifest(cafe, record, ending, ended, revisions)
    path = paths.controllerrevisions(cafe.namespace, body["metadata"]["name"])
    if (obj := transport.get_or_none(path)) is not None:
        stored = release_record.parse(obj)
        if stored.release is not None and stored.release.outcome == ending:
            return
        _delete(transport, cafe, stored)
    with suppress(Invalid):  # Another client has stored it meanwhile: `data` never changes.
        transport.patch(path, body, PatchKind.APPLY, {"force": True})


def _delete(transport: Transport, cafe: CafeDeployment, judged: StoredRelease | Revision) -> None:
    """Delete a release's object or a revision, in the version that was read (preconditions)."""
    conditions = {"uid": judged.uid, "resourceVersion": judged.resource_version}
    path = paths.controllerrevisions(cafe.namespace, judged.name)
    transport.delete(path, {"preconditions": conditions})


def prune(
    transport: Transport,
    cafe: CafeDeployment,
    revisions: tuple[Revision, ...],
    pods: Iterable[Pod],
    workloads: Iterable[Workload],
) -> None:
    """Delete the oldest revisions and records beyond `spec.historyLimit`, after a release's end.

    Records that a rollback to a remaining revision needs are kept (`past_releases.prunable`).
    """
    record = cafe.record
    if record is None or record.state not in RESTING:
        return
    limit = int(cafe.spec.get("historyLimit", HISTORY_LIMIT))
    records = direct_reads.read_records(transport, cafe)
    stored = {one.release.id: one for one in records if one.release is not None}
    releases = past_releases.ordered(release_record.releases(records), revisions)
    gone = prunable(revisions, in_use(record, revisions, releases, pods, workloads), limit)
    for revision in gone:
        _delete(transport, cafe, revision)
    kept = {revision.name for revision in revisions if revision not in gone}
    for release in past_releases.prunable(releases, kept, limit):
        if release.id in stored:  # Version 0.1.0 wrote the others on their revision.
            _delete(transport, cafe, stored[release.id])


def in_use(
    record: Record,
    revisions: tuple[Revision, ...],
    releases: Sequence[PastRelease],
    pods: Iterable[Pod],
    workloads: Iterable[Workload],
) -> set[str]:
    """The names of the revisions that are never pruned (protocol 4).

    These are the record's source and target, the last successful revision, the target of the next
    rollback, the revisions of the workloads' templates, and those that a pod shows by its label,
    record or images.
    """
    living = tuple(pods)
    shown = {frozenset(pod.images().items()) for pod in living}
    known = {revision.name: revision for revision in revisions}
    good = (last_good(releases, known), rollback_target(record, revisions, releases))
    return {
        record.from_revision,
        record.to_revision,
        *(revision.name for revision in good if revision),
        *(workload.revision for workload in workloads),
        *(pod.labels.get(names.REVISION, "") for pod in living),
        *(pod.record.to for pod in living if pod.record),
        *(r.name for r in revisions if any(r.images.items() <= images for images in shown)),
    }

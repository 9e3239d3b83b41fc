"""What remains of an ended release: outcome and journal on its revision; old revisions are deleted.

After a crash in between, the next command repeats both (protocol 4).
"""

from __future__ import annotations

from collections.abc import Iterable

from kubectl_cafe import names
from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.client import paths
from kubectl_cafe.client.transport import PatchKind, Transport
from kubectl_cafe.planning.rollback_target import rollback_target
from kubectl_cafe.pods.model import Pod
from kubectl_cafe.podsets import Workload
from kubectl_cafe.revisions import past_releases
from kubectl_cafe.revisions.revision import SUPERSEDED, Revision, last_good, parse, prunable
from kubectl_cafe.times import rfc3339
from statemachine.lifecycle import RESTING
from statemachine.record import Record

HISTORY_LIMIT = 20
"""The default of `spec.historyLimit`, for an object that has no value from the CRD's default."""


def conclude(
    transport: Transport,
    cafe: CafeDeployment,
    revisions: tuple[Revision, ...],
    *,
    superseded: bool = False,
) -> tuple[Revision, ...]:
    """Copy the ended release of `cafe` to its revision, once; returns the revisions after that.

    `superseded`: an unfinished release counts as ended too, because another one replaces it. Call
    this before the record of the new release is written. If that write fails, the end of the old
    release overwrites the copy.
    """
    record = cafe.record
    if record is None or not (superseded or record.state in RESTING):
        return revisions
    found = next((r for r in revisions if r.name == record.to_revision), None)
    if found is None:
        return revisions
    if record.state in RESTING:
        release = past_releases.past(record, str(record.state), record.since)
    else:
        release = past_releases.past(record, SUPERSEDED, rfc3339(transport.server_time()))
    notes = past_releases.notes_of(found, release)
    if not notes:
        return revisions
    judged = {"uid": found.uid, "resourceVersion": found.resource_version}
    path = paths.controllerrevisions(cafe.namespace, found.name)
    body = {"metadata": {**judged, "annotations": notes}}
    after = parse(transport.patch(path, body, PatchKind.MERGE))
    return tuple(after if r.name == after.name else r for r in revisions)


def prune(
    transport: Transport,
    cafe: CafeDeployment,
    revisions: tuple[Revision, ...],
    pods: Iterable[Pod],
    workloads: Iterable[Workload],
) -> None:
    """Delete the oldest revisions beyond `spec.historyLimit`, once the release has ended."""
    record = cafe.record
    if record is None or record.state not in RESTING:
        return
    limit = int(cafe.spec.get("historyLimit", HISTORY_LIMIT))
    for one in prunable(revisions, in_use(record, revisions, pods, workloads), limit):
        judged = {"uid": one.uid, "resourceVersion": one.resource_version}
        path = paths.controllerrevisions(cafe.namespace, one.name)
        transport.delete(path, {"preconditions": judged})


def in_use(
    record: Record,
    revisions: tuple[Revision, ...],
    pods: Iterable[Pod],
    workloads: Iterable[Workload],
) -> set[str]:
    """The names of the revisions that are never pruned (protocol 4).

    These are the record's source and target, the last good revision, the target of the next
    rollback, the revisions of the workloads' templates, and those that a pod shows by its label,
    record or images.
    """
    living = tuple(pods)
    shown = {frozenset(pod.images().items()) for pod in living}
    good = (last_good(revisions), rollback_target(record, revisions))
    return {
        record.from_revision,
        record.to_revision,
        *(revision.name for revision in good if revision),
        *(workload.revision for workload in workloads),
        *(pod.labels.get(names.REVISION, "") for pod in living),
        *(pod.record.to for pod in living if pod.record),
        *(r.name for r in revisions if any(r.images.items() <= images for images in shown)),
    }

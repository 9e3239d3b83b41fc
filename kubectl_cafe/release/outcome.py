"""What a release leaves behind: its outcome and journal on its revision, and no revision too many.

All of it is repeated by the next verb where a crash came between (protocol 4).
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
"""spec.historyLimit, where the CRD's default is not in the object."""


def conclude(
    transport: Transport,
    cafe: CafeDeployment,
    revisions: tuple[Revision, ...],
    *,
    superseded: bool = False,
) -> tuple[Revision, ...]:
    """Copy the release of `cafe` that is over to its revision, once; the revisions as they are now.

    `superseded`: an unfinished one is over as well, because another takes its place. Write it
    before that one's record; should it not come, the release's own end replaces this.
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
    """Delete the oldest revisions beyond spec.historyLimit, once the release is over."""
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

    From and to; the last good one, and the one that a rollback would go to; those that a
    workload would make pods of; those that any pod shows by its label, record or images.
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

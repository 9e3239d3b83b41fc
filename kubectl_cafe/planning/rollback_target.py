"""The revision that a rollback goes to: the last successful one, or by number (protocol 7)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.errors import CafeError, Refused
from kubectl_cafe.hints import cafe_command
from kubectl_cafe.revisions.past_releases import PastRelease, last_good
from kubectl_cafe.revisions.revision import Revision
from statemachine.lifecycle import RESTING, State
from statemachine.record import Record
from statemachine.steps import Kind


class UnknownRevision(CafeError):
    """There is no revision with that number: it never existed, or it was pruned."""


def rollback_target(
    record: Record, revisions: Iterable[Revision], releases: Sequence[PastRelease]
) -> Revision | None:
    """The last revision that was released successfully before the current one; None without one.

    `releases` are the ended releases, the oldest first. If the last release is a rollback that has
    failed, waits or was aborted, the target is that rollback's own. If it is a rollback that has
    ended, the target is the last successful revision before the one that it restored (protocol 7).
    """
    known = {revision.name: revision for revision in revisions}
    if record.kind is not Kind.ROLLBACK:
        # A release of kind scale has the same revision as source and target.
        scaled = record.from_revision == record.to_revision
        before = None if scaled else known.get(record.from_revision)
        if before is not None and any(r.good and r.to_revision == before.name for r in releases):
            return before
        return last_good(releases, known, record.to_revision) or before
    if record.state is not State.ROLLED_BACK:
        return known.get(record.to_revision)
    return last_good(
        _before_goal(record, releases), known, record.to_revision, record.from_revision
    )


def _before_goal(record: Record, releases: Sequence[PastRelease]) -> Sequence[PastRelease]:
    """The releases before the last one that upgraded the pods to the goal of the rollback `record`.

    An earlier rollback to the same goal does not count: the revision before it was rolled back.
    """
    brought = [
        place
        for place, one in enumerate(releases)
        if one.to_revision == record.to_revision and one.kind is not Kind.ROLLBACK
    ]
    return releases[: brought[-1]] if brought else releases


def chosen(
    cafe: CafeDeployment, record: Record, revisions: Iterable[Revision], number: int
) -> Revision:
    """The revision with that number, as the target of a rollback.

    Raises UnknownRevision, and Refused if the pods are at that revision or on their way to it.
    """
    target = numbered(cafe, revisions, number)
    ended = record.state in RESTING
    goes_back = record.kind in (Kind.ROLLBACK, Kind.SCALE) and not ended
    if target.name != record.to_revision or record.state is State.ABORTED or goes_back:
        return target
    if ended:
        raise Refused(
            f"all pods are already at revision {number}; nothing was written",
            where=cafe.where,
            hint=cafe_command("history", cafe.name, cafe.namespace),
        )
    raise Refused(
        f"revision {number} is the target of the release under way",
        where=cafe.where,
        hint=cafe_command("status", cafe.name, cafe.namespace),
    )


def numbered(cafe: CafeDeployment, revisions: Iterable[Revision], number: int) -> Revision:
    """The revision with that number. Raises UnknownRevision, which lists the known numbers."""
    known = sorted(revisions, key=lambda r: r.number)
    for revision in known:
        if revision.number == number:
            return revision
    shown = ", ".join(str(revision.number) for revision in known) or "none"
    raise UnknownRevision(
        f"revision {number} not found (existing: {shown}). Nothing was written",
        where=cafe.where,
        hint=cafe_command("history", cafe.name, cafe.namespace),
    )

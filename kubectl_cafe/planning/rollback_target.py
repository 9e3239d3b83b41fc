"""The revision that a rollback goes to: the last successful one, or by number (protocol 7)."""

from __future__ import annotations

from collections.abc import Iterable

from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.errors import CafeError, Refused
from kubectl_cafe.hints import cafe_command
from kubectl_cafe.revisions.revision import GOOD, Revision, last_good
from statemachine.lifecycle import RESTING, State
from statemachine.record import Record
from statemachine.steps import Kind


class UnknownRevision(CafeError):
    """There is no revision of that number: it never existed, or it was pruned."""


def rollback_target(record: Record, revisions: Iterable[Revision]) -> Revision | None:
    """The last revision that ended well, other than the one to leave (protocol 7); None if none.

    A rollback that failed, waits or was aborted keeps its goal. After a rollback that ended, its
    goal and the revision that it left are no targets: the target is an older revision.
    """
    known = {revision.name: revision for revision in revisions}
    if record.kind is not Kind.ROLLBACK:
        before = known.get(record.from_revision)
        if before is not None and before.outcome in GOOD:
            return before
        return last_good(known.values(), record.to_revision) or before
    if record.state is not State.ROLLED_BACK:
        return known.get(record.to_revision)
    goal = known.get(record.to_revision)
    older = [r for r in known.values() if goal is None or r.number < goal.number]
    return last_good((r for r in older if r.name != record.from_revision), record.to_revision)


def chosen(
    cafe: CafeDeployment, record: Record, revisions: Iterable[Revision], number: int
) -> Revision:
    """The revision of that number, as the target of a rollback.

    Raises UnknownRevision, and Refused if the pods are at that revision or on their way to it.
    """
    target = numbered(cafe, revisions, number)
    ended, back = record.state in RESTING, record.kind is Kind.ROLLBACK
    if target.name != record.to_revision or record.state is State.ABORTED or (back and not ended):
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
    """The revision of that number. Raises UnknownRevision, which lists the known numbers."""
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

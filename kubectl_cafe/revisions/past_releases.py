"""Releases that have ended, as data: each has a ControllerRevision of its own (protocol 4).

The CafeDeployment has one record, until the next release begins. Auditors need it for months, so
the driver copies it at the end into an object whose `data` is immutable. Version 0.1.0 kept
releases in an annotation of the revision that they went to, which is still read.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from msgspec.structs import replace

from kubectl_cafe.revisions.revision import GOOD, Revision
from kubectl_cafe.times import seconds
from statemachine import versioned
from statemachine.lifecycle import BEGINNINGS, RESTING
from statemachine.record import Entry, Record
from statemachine.steps import Kind
from statemachine.versioned import DecodeError, Integer, Stored

VERSION = 1


class RevisionSummary(Stored, frozen=True):
    """The number and images of a revision, kept with the release: the revision may be deleted."""

    number: Integer
    images: Mapping[str, str]


class PastRelease(Stored, frozen=True):
    """One release, from `from_revision` to `to_revision`; `ended` is empty while it is under way.

    `left` is its first target, if it was rolled back from there. `record` is its last record, None
    where version 0.1.0 kept the release; `revisions` are the release's revisions by name.
    """

    id: str
    kind: Kind
    outcome: str
    started: str
    ended: str
    who: str
    why: str = ""
    from_revision: str = ""
    to_revision: str = ""
    left: str = ""
    journal: tuple[Entry, ...] = ()
    journal_cut: Integer = 0
    revisions: Mapping[str, RevisionSummary] = {}
    record: Record | None = None

    @property
    def good(self) -> bool:
        """Whether every pod was at `to_revision` at the end."""
        return self.outcome in GOOD

    @property
    def began_as(self) -> Kind:
        """The kind with which the release began, also where it was rolled back later.

        A release of kind scale changes no revision.
        """
        if not self.left:
            return self.kind
        return Kind.SCALE if self.from_revision == self.to_revision else Kind.UPGRADE


class Chronicle(Stored, frozen=True):
    """The releases to one revision as version 0.1.0 wrote them; older ones were cut."""

    releases: tuple[PastRelease, ...] = ()
    releases_cut: Integer = 0
    v: Integer = VERSION


def named(record: Record, revisions: Iterable[Revision]) -> dict[str, RevisionSummary]:
    """The summaries of the source and target revisions of `record`, by name."""
    both = (record.from_revision, record.to_revision)
    return {r.name: RevisionSummary(r.number, r.images) for r in revisions if r.name in both}


def past(
    record: Record, outcome: str, ended: str, revisions: Mapping[str, RevisionSummary] | None = None
) -> PastRelease:
    """The release of `record`, which ended as `outcome` at `ended`."""
    first = record.journal[0].trigger if record.journal else None
    turned = record.kind is Kind.ROLLBACK and first in BEGINNINGS
    return PastRelease(
        id=record.id,
        kind=record.kind,
        outcome=outcome,
        started=record.started,
        ended=ended,
        who=record.who,
        why=record.why,
        from_revision=record.from_revision,
        to_revision=record.to_revision,
        left=record.from_revision if turned else "",
        journal=record.journal,
        journal_cut=record.journal_cut,
        revisions=revisions or {},
        record=record,
    )


def present(record: Record, revisions: Mapping[str, RevisionSummary] | None = None) -> PastRelease:
    """The release of the `record` in a CafeDeployment, ended or not."""
    ended = record.since if record.state in RESTING else ""
    return past(record, str(record.state), ended, revisions)


def decode(text: str) -> Chronicle:
    """The chronicle in `text`, an annotation that 0.1.0 wrote; empty for "". Raises DecodeError."""
    if not text:
        return Chronicle()
    found = versioned.decode(Chronicle, text, VERSION)
    for one in found.releases:
        for at in (one.started, one.ended, *(entry.at for entry in one.journal)):
            versioned.check_time(at, ".releases")
    return found


def chronicle(revision: Revision) -> tuple[Chronicle, str]:
    """The chronicle on the revision and ""; or an empty one, and why it can't be read."""
    try:
        return decode(revision.releases), ""
    except DecodeError as error:
        return Chronicle(), f"its releases cannot be read: {error}"


def of_revision(revision: Revision) -> tuple[PastRelease, ...]:
    """The releases that 0.1.0 kept on `revision`.

    If the annotation can't be read or has no successful release, but the revision's own outcome is
    successful, a release without an id and times comes first, in place of the unknown one.
    """
    kept = chronicle(revision)[0].releases
    found = tuple(replace(one, to_revision=revision.name) for one in kept)
    if revision.outcome not in GOOD or any(one.good for one in found):
        return found
    unknown = PastRelease("", Kind.UPGRADE, revision.outcome, "", "", "")
    return (replace(unknown, to_revision=revision.name), *found)


def ordered(
    records: Iterable[PastRelease], revisions: Iterable[Revision]
) -> tuple[PastRelease, ...]:
    """All ended releases in the order of their starts; each release is there once.

    Releases without a time come first, in the order of their revisions' numbers.
    """
    by_number = sorted(revisions, key=lambda revision: revision.number)
    old = [one for revision in by_number for one in of_revision(revision)]
    found = {one.id or f"to {one.to_revision}": one for one in (*old, *records)}
    return tuple(sorted(found.values(), key=lambda one: (seconds(one.started), one.ended)))


def last_good(
    releases: Iterable[PastRelease], revisions: Mapping[str, Revision], *but: str
) -> Revision | None:
    """The revision of the newest successful release to a revision other than those named `but`."""
    good = [one for one in releases if one.good and one.to_revision not in but]
    return next((r for one in reversed(good) if (r := revisions.get(one.to_revision))), None)


def prunable(
    releases: Sequence[PastRelease], kept: Collection[str], limit: int
) -> Sequence[PastRelease]:
    """The oldest of `releases` beyond `limit`, without those that a rollback needs.

    It needs the last successful release and the last successful upgrade to each revision of `kept`.
    """
    needed = set[str]()
    for name in kept:
        to = [one for one in releases if one.to_revision == name]
        good = [one for one in to if one.good]
        upgrades = [one for one in good if one.kind is not Kind.ROLLBACK]
        needed.update(one.id for one in (*good[-1:], *upgrades[-1:]))
    spare = [one for one in releases if one.id not in needed]
    return spare[: max(0, len(spare) - limit)]

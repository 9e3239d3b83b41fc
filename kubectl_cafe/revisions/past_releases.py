"""The last releases to a revision, kept on its ControllerRevision after their end (protocol 4).

The record of a release exists until the next release begins, but auditors need it for months. So
each release is copied once, at its end, into an annotation of the revision: versioned, bounded JSON
as the record itself.
"""

from __future__ import annotations

from msgspec.structs import replace

from kubectl_cafe import annotations as sizes
from kubectl_cafe import names
from kubectl_cafe.revisions.revision import GOOD, Revision
from statemachine import versioned
from statemachine.lifecycle import BEGINNINGS
from statemachine.record import Entry, Record
from statemachine.steps import Kind
from statemachine.versioned import DecodeError, Integer, Stored

VERSION = 1
SIZE_LIMIT = 32 * 1024
"""The most bytes of a chronicle; up to historyLimit revisions are read at once."""
RELEASES_LIMIT = 20


class PastRelease(Stored, frozen=True):
    """One release that is over. `left` is the revision that it began towards and gave up."""

    id: str
    kind: Kind
    outcome: str
    started: str
    ended: str
    who: str
    why: str = ""
    from_revision: str = ""
    left: str = ""
    journal: tuple[Entry, ...] = ()
    journal_cut: Integer = 0


class Chronicle(Stored, frozen=True):
    """The releases to one revision, newest last; `releases_cut` counts older ones not kept."""

    releases: tuple[PastRelease, ...] = ()
    releases_cut: Integer = 0
    v: Integer = VERSION


def past(record: Record, outcome: str, ended: str) -> PastRelease:
    """The entry for the release of `record`, which ended as `outcome` at `ended`."""
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
        left=record.from_revision if turned else "",
        journal=record.journal,
        journal_cut=record.journal_cut,
    )


def notes_of(revision: Revision, release: PastRelease) -> dict[str, str]:
    """The annotations that record `release` on `revision`; none if it has them already (I8).

    A revision with a good outcome keeps it when a later release to it is given up. A chronicle that
    can't be read, damaged or of a newer version, is not changed. If other annotations leave no room
    even for the shortest chronicle, it is not written: no release waits for it.
    """
    notes: dict[str, str] = {}
    stays_good = revision.outcome in GOOD and release.outcome not in GOOD
    if revision.outcome != release.outcome and not stays_good:
        notes[names.OUTCOME] = release.outcome
    try:
        known = decode(revision.releases)
    except DecodeError:
        return notes
    if all((one.id, one.outcome) != (release.id, release.outcome) for one in known.releases):
        room = sizes.room({**revision.annotations, **notes}, names.RELEASES)
        text = encode(with_release(known, release), min(SIZE_LIMIT, room))
        if len(text.encode()) <= room:
            notes[names.RELEASES] = text
    return notes


def with_release(known: Chronicle, release: PastRelease) -> Chronicle:
    """`known` with `release` as the newest; an older entry of the same release is replaced."""
    others = tuple(one for one in known.releases if one.id != release.id)
    return replace(known, releases=(*others, release))


def encode(chronicle: Chronicle, limit: int = SIZE_LIMIT) -> str:
    """The annotation's text, in at most `limit` bytes if possible; what was cut is counted."""
    dropped = max(0, len(chronicle.releases) - RELEASES_LIMIT)
    shown: Chronicle | None = replace(
        chronicle,
        releases=chronicle.releases[dropped:],
        releases_cut=chronicle.releases_cut + dropped,
    )
    text = ""
    while shown is not None:
        text = versioned.encode(shown)
        if len(text.encode()) <= limit:
            break
        shown = _shorter(shown)
    return text


def decode(text: str) -> Chronicle:
    """The chronicle in `text`, as `encode` writes it; an empty one for "". Raises DecodeError."""
    if not text:
        return Chronicle()
    chronicle = versioned.decode(Chronicle, text, VERSION)
    for one in chronicle.releases:
        for at in (one.started, one.ended, *(entry.at for entry in one.journal)):
            versioned.check_time(at, ".releases")
    return chronicle


def _shorter(chronicle: Chronicle) -> Chronicle | None:
    """`chronicle` with one part less; None when nothing more can go.

    Journals of older releases go first, then those releases, oldest first. Of the newest journal
    the first entry stays, which names who started the release, and so does the last.
    """
    *older, newest = chronicle.releases
    for place, one in enumerate(older):
        if one.journal:
            older[place] = replace(one, journal=(), journal_cut=one.journal_cut + len(one.journal))
            return replace(chronicle, releases=(*older, newest))
    if older:
        cut = chronicle.releases_cut + 1
        return replace(chronicle, releases=(*older[1:], newest), releases_cut=cut)
    if len(newest.journal) <= 2:
        return None
    journal = (*newest.journal[:1], *newest.journal[2:])
    kept = replace(newest, journal=journal, journal_cut=newest.journal_cut + 1)
    return replace(chronicle, releases=(kept,))

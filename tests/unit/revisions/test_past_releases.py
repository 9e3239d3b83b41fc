"""What a revision remembers of its releases, and how much of it (protocol 4)."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from kubectl_cafe import names
from kubectl_cafe.annotations import TOTAL
from kubectl_cafe.revisions import past_releases
from kubectl_cafe.revisions.past_releases import (
    Chronicle,
    PastRelease,
    decode,
    encode,
    notes_of,
    past,
)
from statemachine.lifecycle import State, Trigger
from statemachine.record import Entry
from statemachine.steps import Kind
from statemachine.versioned import DecodeError
from tests.unit.builders import release, revision

AT = "2026-01-02T03:04:05Z"


def entry(trigger: Trigger = Trigger.STEP_DONE, why: str = "") -> Entry:
    return Entry(AT, trigger, State.PROGRESSING, "alice", why, host="desk")


def ended(name: str = "r1", outcome: str = "Completed", entries: int = 3) -> PastRelease:
    """A release with a journal of so many entries, its first move a start."""
    journal = (entry(Trigger.START), *(entry() for _ in range(entries - 1)))
    record = release(State.COMPLETED, id=name, journal=journal)
    return past(record, outcome, AT)


def test_what_is_kept_of_a_release_is_who_when_why_and_its_journal() -> None:
    journal = (entry(Trigger.START),)
    record = release(State.COMPLETED, why="CHG-1", journal=journal, journal_cut=2)

    kept = past(record, "Completed", AT)

    assert (kept.id, kept.kind, kept.outcome) == ("r1", Kind.UPGRADE, "Completed")
    assert (kept.who, kept.why, kept.started, kept.ended) == ("alice", "CHG-1", record.started, AT)
    assert (kept.from_revision, kept.journal, kept.journal_cut) == ("v1", journal, 2)


def test_a_release_that_turned_back_names_the_revision_that_it_gave_up() -> None:
    turned = release(
        State.ROLLED_BACK,
        kind=Kind.ROLLBACK,
        from_revision="v2",
        to_revision="v1",
        journal=(entry(Trigger.START), entry(Trigger.ROLLBACK)),
    )
    assert past(turned, "RolledBack", AT).left == "v2"


def test_a_rollback_of_the_morning_after_gave_up_no_release() -> None:
    journal = (entry(Trigger.ROLLBACK),)
    record = release(State.ROLLED_BACK, kind=Kind.ROLLBACK, from_revision="v2", journal=journal)
    assert past(record, "RolledBack", AT).left == ""


def test_what_is_written_is_what_is_read() -> None:
    kept = Chronicle((ended("r1"), ended("r2", "Aborted")), 3)
    assert decode(encode(kept)) == kept


def test_of_a_release_that_does_not_say_how_much_was_cut_nothing_was() -> None:
    text = encode(Chronicle((ended(),))).replace(',"journalCut":0', "")
    assert "journalCut" not in text
    assert decode(text).releases == (ended(),)


@pytest.mark.guard("an-end-is-written-once")
def test_an_end_that_is_written_already_is_not_written_again() -> None:
    text = encode(Chronicle((ended(),)))
    assert notes_of(revision("v2", 2, "Completed", releases=text), ended()) == {}


def test_the_newest_release_stands_last() -> None:
    text = encode(Chronicle((ended("r1"),)))
    notes = notes_of(revision("v2", 2, "Completed", releases=text), ended("r2"))
    assert [one.id for one in decode(notes[names.RELEASES]).releases] == ["r1", "r2"]


def test_another_end_of_the_same_release_replaces_what_was_said_of_it() -> None:
    """It was to be superseded, and was not."""
    text = encode(Chronicle((ended(outcome="Superseded"),)))
    notes = notes_of(revision("v2", 2, "Superseded", releases=text), ended())
    assert notes[names.OUTCOME] == "Completed"
    assert decode(notes[names.RELEASES]).releases == (ended(),)


@pytest.mark.guard("a-good-revision-stays-good")
@pytest.mark.parametrize("outcome", ["Aborted", "Superseded"])
def test_a_good_revision_stays_good_when_a_release_to_it_is_given_up(outcome: str) -> None:
    notes = notes_of(revision("v2", 2, "Completed"), ended(outcome=outcome))
    assert set(notes) == {names.RELEASES}


@pytest.mark.parametrize(
    ("before", "outcome"), [("", "Aborted"), ("Aborted", "Superseded"), ("Completed", "RolledBack")]
)
def test_any_other_revision_has_the_outcome_of_its_last_release(before: str, outcome: str) -> None:
    notes = notes_of(revision("v2", 2, before), ended(outcome=outcome))
    assert notes[names.OUTCOME] == outcome


def test_of_a_revision_s_first_release_none_before_it_are_cut() -> None:
    notes = notes_of(revision("v2", 2), ended())
    assert decode(notes[names.RELEASES]).releases_cut == 0


@pytest.mark.parametrize(("spare", "written"), [(0, True), (-1, False)])
def test_a_chronicle_is_written_as_long_as_there_is_room_for_its_last_byte(
    spare: int, written: bool
) -> None:
    shortest = ended(entries=2)
    left = len(encode(Chronicle((shortest,))).encode()) + spare
    pad = "x" * (TOTAL - left - len("pad") - len(names.RELEASES))
    notes = notes_of(revision("v2", 2, "Completed", annotations={"pad": pad}), shortest)
    assert (names.RELEASES in notes) is written


def test_what_can_t_be_read_is_left_alone() -> None:
    notes = notes_of(revision("v2", 2, releases='{"v":2}'), ended())
    assert notes == {names.OUTCOME: "Completed"}


def test_a_newer_version_is_named_as_such() -> None:
    with pytest.raises(DecodeError, match="newer kubectl-cafe"):
        decode('{"v":2}')


def test_no_text_is_no_release() -> None:
    assert decode("") == Chronicle()


def test_more_releases_than_the_limit_are_counted() -> None:
    many = tuple(ended(f"r{n}") for n in range(past_releases.RELEASES_LIMIT + 2))
    kept = decode(encode(Chronicle(many, 1)))
    assert len(kept.releases) == past_releases.RELEASES_LIMIT
    assert (kept.releases[-1], kept.releases_cut) == (many[-1], 3)


def wordy(name: str, entries: int) -> PastRelease:
    """A release whose entries have 500 characters of reason each."""
    one = ended(name, entries=entries)
    return replace(one, journal=tuple(replace(e, why="x" * 500) for e in one.journal))


def test_journals_of_older_releases_are_cut_first_and_what_is_cut_is_counted() -> None:
    kept = decode(encode(Chronicle((wordy("r1", 35), wordy("r2", 35)))))
    first, second = kept.releases
    assert (first.journal, first.journal_cut) == ((), 35)
    assert second == wordy("r2", 35)


@pytest.mark.guard("a-chronicle-is-bounded")
def test_a_journal_that_is_too_long_by_itself_keeps_its_first_entry_and_its_last() -> None:
    one = wordy("r1", 200)
    text = encode(Chronicle((one,)))
    (kept,) = decode(text).releases
    assert len(text.encode()) <= past_releases.SIZE_LIMIT
    assert (kept.journal[0], kept.journal[-1]) == (one.journal[0], one.journal[-1])
    assert len(kept.journal) + kept.journal_cut == 200


@pytest.mark.parametrize("entries", [2, 3])
def test_the_first_and_the_last_entry_of_the_newest_journal_stay_in_any_room(entries: int) -> None:
    one = ended(entries=entries)
    (kept,) = decode(encode(Chronicle((one,)), limit=1)).releases
    assert kept.journal == (one.journal[0], one.journal[-1])


def test_releases_that_go_for_want_of_room_are_counted() -> None:
    many = tuple(ended(f"r{n}") for n in range(3))
    kept = decode(encode(Chronicle(many, 1), limit=1))
    assert ([one.id for one in kept.releases], kept.releases_cut) == (["r2"], 3)

"""Releases that have ended: what is kept of each, in which order, and how many (protocol 4)."""

from __future__ import annotations

import pytest

from kubectl_cafe.revisions.past_releases import (
    Chronicle,
    PastRelease,
    decode,
    last_good,
    of_revision,
    ordered,
    past,
    prunable,
)
from statemachine.lifecycle import State, Trigger
from statemachine.record import Entry
from statemachine.steps import Kind
from statemachine.versioned import DecodeError
from tests.unit.builders import chronicle, release, revision

AT = "2026-01-02T03:04:05Z"
KNOWN = {name: revision(name, number) for number, name in enumerate(("v1", "v2", "v3"), 1)}


def entry(trigger: Trigger = Trigger.STEP_DONE) -> Entry:
    return Entry(AT, trigger, State.PROGRESSING, "alice", host="desk")


def ended(hour: int, to: str, outcome: str = "Completed", kind: Kind = Kind.UPGRADE) -> PastRelease:
    """A release to `to` that began at this hour."""
    at = f"2026-01-02T{hour:02}:00:00Z"
    return PastRelease(f"r{hour}", kind, outcome, at, at, "alice", to_revision=to)


def test_what_is_kept_of_a_release_is_who_when_why_and_its_journal() -> None:
    journal = (entry(Trigger.START),)
    record = release(State.COMPLETED, why="CHG-1", journal=journal, journal_cut=2)

    kept = past(record, "Completed", AT)

    assert (kept.id, kept.kind, kept.outcome) == ("r1", Kind.UPGRADE, "Completed")
    assert (kept.who, kept.why, kept.started, kept.ended) == ("alice", "CHG-1", record.started, AT)
    assert (kept.from_revision, kept.to_revision) == ("v1", "v2")
    assert (kept.journal, kept.journal_cut, kept.record) == (journal, 2, record)


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


def test_what_0_1_0_kept_on_a_revision_is_read() -> None:
    record = release(State.COMPLETED, journal=(entry(Trigger.START),))
    (kept,) = of_revision(revision("v2", 2, releases=chronicle(record)))
    assert (kept.id, kept.to_revision, kept.journal) == ("r1", "v2", record.journal)


def test_no_text_is_no_release() -> None:
    assert decode("") == Chronicle()


def test_a_newer_version_is_named_as_such() -> None:
    with pytest.raises(DecodeError, match="newer kubectl-cafe"):
        decode('{"v":2}')


@pytest.mark.parametrize("text", ["", "{", '{"v":9}'])
def test_a_revision_that_is_marked_as_good_is_good_though_its_release_is_not_known(
    text: str,
) -> None:
    (kept,) = of_revision(revision("v2", 2, "Completed", releases=text))
    assert (kept.good, kept.started, kept.to_revision) == (True, "", "v2")


def test_releases_stand_in_the_order_of_time_and_each_is_there_once() -> None:
    old = release(State.COMPLETED, id="r5", started="2026-01-02T05:00:00Z")
    of = (revision("v2", 2, releases=chronicle(old)),)
    found = ordered([ended(7, "v3"), ended(3, "v1"), ended(5, "v2")], of)
    assert [one.id for one in found] == ["r3", "r5", "r7"]


def test_the_last_good_revision_is_that_of_the_newest_release_that_ended_well() -> None:
    releases = (ended(1, "v3"), ended(2, "v1"), ended(3, "v2", "Aborted"))
    assert last_good(releases, KNOWN) == KNOWN["v1"]
    assert last_good(releases, KNOWN, "v1") == KNOWN["v3"]


def test_a_revision_that_was_deleted_is_no_last_good_one() -> None:
    assert last_good((ended(1, "v1"), ended(2, "v9")), KNOWN) == KNOWN["v1"]
    assert last_good((ended(2, "v9"),), KNOWN) is None


def test_the_oldest_releases_beyond_the_limit_go() -> None:
    many = [ended(hour, "v1", "Aborted") for hour in range(1, 5)]
    assert [one.id for one in prunable(many, {"v1"}, 3)] == ["r1"]
    assert list(prunable(many, {"v1"}, 4)) == []


@pytest.mark.guard("what-a-rollback-needs-stays")
def test_what_a_rollback_needs_stays_whatever_the_limit() -> None:
    upgrade, back = ended(1, "v1"), ended(2, "v1", "RolledBack", Kind.ROLLBACK)
    many = [upgrade, back, ended(3, "v1", "Aborted"), ended(4, "v2")]
    assert [one.id for one in prunable(many, {"v1"}, 0)] == ["r3", "r4"]

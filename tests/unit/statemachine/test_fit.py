"""A record that has to be smaller loses what only tells, never what decides (protocol 1, 4)."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from statemachine.lifecycle import State, Trigger
from statemachine.record import TEXT_LIMIT, Entry, Failure, Record
from statemachine.record_json import decode, encode, fit
from tests.unit.builders import release

LONG = "x" * TEXT_LIMIT


def entry(number: int, trigger: Trigger = Trigger.STEP_DONE, why: str = "") -> Entry:
    return Entry(f"2026-11-23T12:{number:02}:00Z", trigger, State.PROGRESSING, "alice", why, number)


STEPS = (entry(0, Trigger.START), *map(entry, range(1, 20)))


def places(record: Record) -> list[int | None]:
    return [one.group for one in record.journal]


def made(journal: tuple[Entry, ...] = STEPS, why: str = "") -> Record:
    failure = Failure("ErrImagePull", LONG, "shop-1", "main")
    return release(State.FAILED, journal=journal, why=why, failure=failure, origin=State.PAUSED)


def size(record: Record) -> int:
    return len(encode(record).encode())


def test_what_fits_stays_whole() -> None:
    assert fit(made()) == made()


@pytest.mark.guard("a-record-fits-beside-other-annotations")
def test_the_journals_middle_goes_first_its_oldest_entry_first() -> None:
    kept = fit(made(), size(made()) - 150)
    assert places(kept) == [0, *range(3, 20)]
    assert kept.journal_cut == 2
    assert kept.failure == made().failure


def test_the_first_and_the_last_five_stay_as_long_as_texts_can_be_cut() -> None:
    least = made((STEPS[0], *STEPS[-5:]))
    kept = fit(made(), size(least) - 100)
    assert places(kept) == [0, *range(15, 20)]
    assert kept.failure is not None
    assert kept.failure.message == f"{LONG[: 120 - 20]}... (500 characters)"


def test_in_the_end_the_first_and_the_last_entry_are_left_without_texts() -> None:
    whys = tuple(replace(one, why=LONG) for one in STEPS)
    kept = fit(made(whys, why=LONG), 0)
    assert places(kept) == [0, 19]
    assert {one.why for one in kept.journal} == {kept.why} == {""}


def test_confirmations_of_the_current_leg_stay_and_earlier_ones_go() -> None:
    first = [entry(0, Trigger.START), entry(1, Trigger.CONFIRM), entry(2, Trigger.FAIL)]
    second = [entry(3, Trigger.ROLLBACK), entry(4, Trigger.CONFIRM), *map(entry, range(5, 9))]
    assert places(fit(made((*first, *second)), 0)) == [0, 3, 4, 8]


def test_of_a_journal_in_which_nothing_was_begun_the_first_and_the_last_entry_stay() -> None:
    """A record that repair has rebuilt begins with a pause."""
    assert places(fit(made(STEPS[1:]), 0)) == [1, 19]


def test_what_decides_stays() -> None:
    record = made(why=LONG)
    kept = fit(record, 0)
    told = {"journal": (), "journal_cut": 0, "why": "", "failure": None}
    assert replace(kept, **told) == replace(record, **told)  # type: ignore[arg-type]
    assert decode(encode(kept)) == kept
    assert kept.failure == Failure("ErrImagePull", "", "shop-1", "main")


@pytest.mark.parametrize("limit", [0, 900, 1200, 1600, 2000, 9000])
def test_every_cut_of_the_same_record_has_the_smallest_one_in_common(limit: int) -> None:
    assert fit(fit(made(why=LONG), limit), 0) == fit(made(why=LONG), 0)

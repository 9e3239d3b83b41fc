"""Moves told as Events: each once, from its machine, named by what it is."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.record.events import event, reason
from kubectl_cafe.record.store import new_entry, signed
from statemachine.lifecycle import State, Trigger
from statemachine.record import Entry, Failure, Record, moved
from tests.unit.builders import START, cafe_object, release

CAFE = CafeDeployment(cafe_object())
AT = "2026-01-02T03:04:05Z"
BEGUN = release(journal=(Entry(AT, Trigger.START, State.PROGRESSING, "alice", host="desk"),))


def paused(why: str = "lunch") -> Record:
    return moved(BEGUN, Trigger.PAUSE, at=AT, who="bob", why=why)


def told(record: Record) -> dict[str, Any]:
    return event(CAFE, record, record.journal[-1])


def test_an_event_is_about_the_cafedeployment() -> None:
    made = told(paused())
    about = made["involvedObject"]
    assert (about["kind"], about["name"], about["namespace"], about["uid"]) == (
        "CafeDeployment",
        "shop",
        "stores",
        "uid-cafe",
    )
    assert made["metadata"]["namespace"] == "stores"


def test_an_event_says_what_who_and_why() -> None:
    made = told(paused())
    assert (made["type"], made["reason"]) == ("Normal", "Pause")
    assert made["message"] == "Paused: was Progressing; pods in flight finish, by bob: lunch"


def test_a_failure_is_a_warning_and_said_once() -> None:
    failure = Failure("CrashLoopBackOff", "back-off", "shop-1", "main")
    made = told(moved(BEGUN, Trigger.FAIL, at=AT, who="bob", failure=failure))
    assert (made["type"], made["reason"]) == ("Warning", "Failed")
    assert made["message"] == "Failed: shop-1/main: CrashLoopBackOff: back-off, by bob"


def test_the_journal_says_why_a_release_failed() -> None:
    failure = Failure("CrashLoopBackOff", "back-off", "shop-1", "main")
    failed = moved(BEGUN, Trigger.FAIL, at=AT, who="bob", failure=failure)
    assert failed.journal[-1].why == "shop-1/main: CrashLoopBackOff: back-off"


def test_the_event_of_a_move_has_one_name_and_those_of_one_release_sort_as_they_came() -> None:
    first, second = told(BEGUN), told(paused())
    assert first["metadata"]["name"] == "shop.r1.0001.0001"
    assert second["metadata"]["name"] == "shop.r1.0001.0002"


@pytest.mark.guard("a-rebuilt-journal-is-reported")
def test_c72_the_first_move_of_a_rebuilt_record_is_an_event_of_its_own() -> None:
    rebuilt = release(State.PAUSED, epoch=2, journal=paused().journal[1:])
    names = [told(record)["metadata"]["name"] for record in (BEGUN, paused(), rebuilt)]
    assert names == sorted(set(names))


def test_an_event_s_message_is_bounded() -> None:
    why = "x" * 500
    record = moved(BEGUN, Trigger.PAUSE, at=AT, who="y" * 500, why=why)
    assert len(told(record)["message"]) <= 1000


REASONS = [
    (Trigger.START, State.PROGRESSING, "Start"),
    (Trigger.STEP_DONE, State.PROGRESSING, "StepDone"),
    (Trigger.STEP_DONE, State.ROLLING_BACK, "StepDone"),
    (Trigger.STEP_DONE, State.AWAITING_CONFIRM, "AwaitingConfirm"),
    (Trigger.STEP_DONE, State.COMPLETED, "Completed"),
    (Trigger.STEP_DONE, State.ROLLED_BACK, "RolledBack"),
    (Trigger.CONFIRM, State.PROGRESSING, "Confirm"),
    (Trigger.PAUSE, State.PAUSED, "Pause"),
    (Trigger.RESUME, State.AWAITING_CONFIRM, "Resume"),
    (Trigger.FAIL, State.FAILED, "Failed"),
    (Trigger.RETRY, State.PROGRESSING, "Retry"),
    (Trigger.ROLLBACK, State.ROLLING_BACK, "Rollback"),
    (Trigger.SUPERSEDE, State.PROGRESSING, "Supersede"),
    (Trigger.ABORT, State.ABORTING, "Abort"),
    (Trigger.ABORT, State.FAILED, "Abort"),
    (Trigger.ABORT, State.ABORTED, "Aborted"),
    (Trigger.PODS_SETTLED, State.ABORTED, "Aborted"),
]


@pytest.mark.parametrize(("trigger", "state", "said"), REASONS)
def test_what_people_say_is_named_by_the_verb_and_what_is_found_by_the_state(
    trigger: Trigger, state: State, said: str
) -> None:
    assert reason(Entry(AT, trigger, state, "alice")) == said


def test_a_new_move_is_signed_with_its_machine_and_the_others_stay_as_they_are() -> None:
    after = signed(BEGUN, paused(), "laptop")
    assert [entry.host for entry in after.journal] == ["desk", "laptop"]


def test_a_record_that_only_has_a_new_driver_tells_no_move() -> None:
    driven = release(journal=BEGUN.journal, epoch=2)
    assert new_entry(BEGUN, driven) is None
    assert signed(BEGUN, driven, "laptop").journal == driven.journal


def test_a_new_release_tells_its_first_move() -> None:
    other = release(id="r2", journal=BEGUN.journal)
    assert new_entry(paused(), other) == other.journal[-1]
    assert new_entry(None, BEGUN) == BEGUN.journal[-1]


def test_two_equal_moves_of_one_second_are_two_moves() -> None:
    once = release(journal=BEGUN.journal, since=str(START))
    twice = release(journal=(*BEGUN.journal, BEGUN.journal[-1]))
    assert new_entry(once, twice) == BEGUN.journal[-1]

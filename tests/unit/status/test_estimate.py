"""About how long a release will still take."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_cafe.status.estimate import elapsed, remaining
from kubectl_cafe.times import rfc3339
from statemachine.lifecycle import State, Trigger
from statemachine.record import Entry, Record
from statemachine.steps import Kind, UpgradeType
from tests.unit.builders import START, release

BATCHES = {"": 6}
"""Three groups of two pods."""


def entry(at: float, trigger: Trigger, state: State, group: int | None) -> Entry:
    return Entry(rfc3339(START + at), trigger, state, "alice", group=group)


def told(*entries: Entry, step: int, state: State = State.PROGRESSING, **changes: Any) -> Record:
    of = {"cells": BATCHES, "upgrade_type": UpgradeType.BATCH, "batch_size": 2}
    of |= {"max_unavailable": 2, "since": entries[-1].at}
    return release(state, step=step, journal=entries, **{**of, **changes})


BEGUN = entry(0, Trigger.START, State.PROGRESSING, None)
FIRST_OVER = entry(30, Trigger.STEP_DONE, State.PROGRESSING, 2)


def test_before_a_group_is_over_nothing_is_foreseen() -> None:
    assert remaining(told(BEGUN, step=0), START + 20) is None


def test_the_groups_ahead_take_as_long_as_those_that_are_over() -> None:
    assert remaining(told(BEGUN, FIRST_OVER, step=1), START + 30) == pytest.approx(60)


def test_the_time_of_the_group_at_work_is_taken_off() -> None:
    assert remaining(told(BEGUN, FIRST_OVER, step=1), START + 40) == pytest.approx(50)


def test_a_group_that_is_late_takes_nothing_off_those_after_it() -> None:
    assert remaining(told(BEGUN, FIRST_OVER, step=1), START + 500) == pytest.approx(30)


def test_a_group_of_more_waves_takes_longer() -> None:
    narrow = told(BEGUN, FIRST_OVER, step=1, cells={"": 6}, batch_size=2, max_unavailable=1)
    wide = told(BEGUN, FIRST_OVER, step=1, upgrade_type=UpgradeType.BETA, batch_size=5)
    assert remaining(narrow, START + 30) == pytest.approx(60)
    assert remaining(wide, START + 30) == pytest.approx(90)  # five pods by two


def test_the_time_that_a_person_took_is_not_counted() -> None:
    asked = entry(30, Trigger.STEP_DONE, State.AWAITING_CONFIRM, 2)
    confirmed = entry(1030, Trigger.CONFIRM, State.PROGRESSING, 2)
    assert remaining(told(BEGUN, asked, confirmed, step=1), START + 1030) == pytest.approx(60)


@pytest.mark.parametrize("state", [State.AWAITING_CONFIRM, State.PAUSED, State.FAILED])
def test_while_a_person_is_waited_for_nothing_is_foreseen(state: State) -> None:
    assert remaining(told(BEGUN, FIRST_OVER, step=1, state=state), START + 40) is None


def test_a_rollback_is_judged_by_its_own_groups() -> None:
    back = entry(40, Trigger.ROLLBACK, State.ROLLING_BACK, None)
    over = [
        entry(41, Trigger.STEP_DONE, State.ROLLING_BACK, 1),
        entry(51, Trigger.STEP_DONE, State.ROLLING_BACK, 2),
    ]
    record = told(
        BEGUN, FIRST_OVER, back, *over, step=2, state=State.ROLLING_BACK, kind=Kind.ROLLBACK
    )
    assert remaining(record, START + 51) == pytest.approx(22)


def test_a_gap_in_the_journal_is_not_taken_for_time_at_work() -> None:
    second = entry(1000, Trigger.STEP_DONE, State.PROGRESSING, 2)
    third = entry(1030, Trigger.STEP_DONE, State.PROGRESSING, 3)
    record = told(BEGUN, second, third, step=2, journal_cut=7)
    assert remaining(record, START + 1030) == pytest.approx(30)


def test_what_has_ended_took_until_its_end() -> None:
    over = release(State.COMPLETED, since=rfc3339(START + 90))
    assert elapsed(over, START + 5000) == 90


def test_what_goes_on_has_taken_until_now() -> None:
    assert elapsed(release(since=rfc3339(START + 90)), START + 100) == 100

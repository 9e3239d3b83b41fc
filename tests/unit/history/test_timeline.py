"""A release's journal, read as groups, states and marks."""

from __future__ import annotations

from kubectl_cafe.history.report_model import Mark, Span, What
from kubectl_cafe.history.timeline import Chapter, chapters, marks, states
from kubectl_cafe.times import rfc3339
from statemachine.lifecycle import State, Trigger
from statemachine.record import Entry
from statemachine.steps import Kind

S, T = State, Trigger


def entry(at: float, trigger: Trigger, state: State, group: int | None = None) -> Entry:
    return Entry(rfc3339(at), trigger, state, "bob", group=group)


START = entry(10, T.START, S.PROGRESSING)
WAITS = entry(20, T.STEP_DONE, S.AWAITING_CONFIRM, 2)
CONFIRMED = entry(90, T.CONFIRM, S.PROGRESSING, 2)
COMMIT = entry(100, T.STEP_DONE, S.PROGRESSING, 2)
SWEEP = entry(101, T.STEP_DONE, S.PROGRESSING, 2)
DONE = entry(102, T.STEP_DONE, S.COMPLETED, 2)
UPGRADE = (START, WAITS, CONFIRMED, COMMIT, SWEEP, DONE)


def test_a_group_runs_from_its_confirmation_to_its_last_pod_and_not_to_the_sweep() -> None:
    assert chapters(UPGRADE, Kind.UPGRADE) == (
        Chapter(0, 1, False, 10, 20),
        Chapter(0, 2, False, 90, 100, "confirmed by bob"),
    )


def test_a_group_that_waits_has_not_begun() -> None:
    assert [one.number for one in chapters((START, WAITS), Kind.UPGRADE)] == [1]


def test_a_group_under_way_is_not_over() -> None:
    assert chapters((START,), Kind.UPGRADE) == (Chapter(0, 1, False, 10),)


def test_a_first_release_begins_with_its_commit() -> None:
    journal = (START, entry(11, T.STEP_DONE, S.PROGRESSING, 1), entry(30, T.STEP_DONE, S.COMPLETED))
    assert chapters(journal, Kind.CREATE) == (Chapter(0, 1, False, 11, 30),)


def test_a_rollback_in_the_middle_counts_its_groups_anew() -> None:
    back = (
        START,
        entry(50, T.ROLLBACK, S.ROLLING_BACK),
        entry(51, T.STEP_DONE, S.ROLLING_BACK, 1),
        entry(70, T.STEP_DONE, S.ROLLING_BACK, 2),
        entry(80, T.STEP_DONE, S.ROLLING_BACK, 2),
        entry(81, T.STEP_DONE, S.ROLLED_BACK, 2),
    )
    assert chapters(back, Kind.ROLLBACK) == (
        Chapter(0, 1, False, 10),
        Chapter(1, 1, True, 51, 70),
        Chapter(1, 2, True, 70, 80),
    )


def test_a_rollback_the_morning_after_begins_with_its_commit() -> None:
    back = (
        entry(50, T.ROLLBACK, S.ROLLING_BACK),
        entry(51, T.STEP_DONE, S.ROLLING_BACK, 1),
    )
    assert chapters(back, Kind.ROLLBACK) == (Chapter(0, 1, True, 51),)


def test_a_group_that_failed_and_is_tried_again_is_the_same_group() -> None:
    journal = (
        START,
        entry(15, T.FAIL, S.FAILED, 1),
        entry(40, T.RETRY, S.PROGRESSING, 1),
        WAITS,
    )
    assert chapters(journal, Kind.UPGRADE) == (Chapter(0, 1, False, 10, 20),)


def test_a_journal_that_repair_rebuilt_begins_where_it_was_resumed() -> None:
    journal = (entry(5, T.PAUSE, S.PAUSED), entry(40, T.RESUME, S.PROGRESSING, 2))
    assert chapters(journal, Kind.UPGRADE) == (Chapter(0, 2, False, 40),)


def test_an_empty_journal_tells_nothing() -> None:
    assert (chapters((), Kind.UPGRADE), tuple(states((), 9)), tuple(marks(()))) == ((), (), ())


def test_states_follow_each_other_until_the_release_rests() -> None:
    assert tuple(states(UPGRADE, 999))[:3] == (
        Span(What.RUNNING, 10, 20, "Progressing"),
        Span(What.WAITING, 20, 90, "AwaitingConfirm, group 2"),
        Span(What.RUNNING, 90, 100, "Progressing, group 2"),
    )
    assert tuple(states(UPGRADE, 999))[-1].end == 102


def test_the_state_of_a_release_under_way_lasts_until_now() -> None:
    assert tuple(states((START, WAITS), 500))[-1].end == 500


def test_what_people_did_and_what_went_wrong_is_marked() -> None:
    journal = (START, WAITS, CONFIRMED, entry(95, T.FAIL, S.FAILED, 2))
    assert tuple(marks(journal)) == (
        Mark(90, "group 2 confirmed by bob"),
        Mark(95, "failed", bad=True),
    )

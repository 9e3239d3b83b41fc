"""The release's record: there and back again, bounded, and strict about what it reads."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from statemachine.lifecycle import RESTING, IllegalMove, State, Trigger
from statemachine.record import (
    TEXT_LIMIT,
    Entry,
    Failure,
    Plan,
    Record,
    Strategy,
    cut,
    moved,
    taken_over,
)
from statemachine.record_json import JOURNAL_LIMIT, SIZE_LIMIT, RecordError, decode, encode
from statemachine.steps import Kind, UpgradeType
from tests.unit.builders import release

TEXTS = st.text(max_size=40)
STRATEGIES = st.builds(
    Strategy,
    upgrade_type=st.sampled_from(UpgradeType),
    batch_size=st.none() | st.integers(1, 100),
    need_waiting_for_confirm=st.booleans(),
    min_ready_seconds=st.integers(0, 100),
    max_unavailable=st.integers(1, 100) | st.just("25%"),
)
RECORDS = st.builds(
    Record,
    uid=TEXTS,
    id=TEXTS,
    kind=st.sampled_from([Kind.CREATE, Kind.UPGRADE, Kind.ROLLBACK]),
    state=st.sampled_from(State),
    origin=st.none() | st.sampled_from(State),
    plan=st.builds(
        Plan,
        cells=st.dictionaries(TEXTS, st.integers(0, 20), max_size=3),
        strategy=STRATEGIES,
        algorithm=st.just(1),
    ),
    to_revision=TEXTS,
    from_revision=TEXTS,
    spec_hash=TEXTS,
    since=st.just("2026-11-23T12:00:00Z"),
    started=st.just("2026-11-23T11:00:00Z"),
    who=TEXTS,
    why=TEXTS,
    step=st.integers(0, 1),
    epoch=st.integers(0, 9),
    fenced_epoch=st.integers(0, 9),
    paused_by_field=st.booleans(),
    failure=st.none() | st.builds(Failure, reason=TEXTS, message=TEXTS, pod=TEXTS),
    journal=st.lists(
        st.builds(
            Entry,
            at=st.just("2026-11-23T11:00:00Z"),
            trigger=st.sampled_from(Trigger),
            state=st.sampled_from(State),
            who=TEXTS,
            why=TEXTS,
            group=st.none() | st.integers(1, 9),
        ),
        max_size=4,
    ).map(tuple),
    journal_cut=st.integers(0, 9),
    v=st.just(1),
).filter(lambda record: record.step < len(record.steps) or record.state in RESTING)
GARBAGE = {
    "nothing": ("", "not JSON"),
    "half a record": ('{"v":1,', "not JSON"),
    "a list": ("[]", "not a JSON object"),
    "no version": ("{}", "v: None is not a version of this record"),
    "a version as text": ('{"v":"1"}', "v: '1' is not a version of this record"),
    "version nought": ('{"v":0}', "v: 0 is not a version of this record"),
}


def plain() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(encode(release()))
    return loaded


def minute(number: int) -> str:
    return f"2026-11-23T{number // 60:02}:{number % 60:02}:00Z"


def entry(number: int, why: str = "") -> Entry:
    return Entry(minute(number), Trigger.PAUSE, State.PAUSED, "alice", why)


@given(RECORDS)
def test_a_record_comes_back_as_it_went(record: Record) -> None:
    assert decode(encode(record)) == record


@pytest.mark.parametrize(("text", "message"), GARBAGE.values(), ids=GARBAGE)
def test_garbage_is_refused_with_a_reason(text: str, message: str) -> None:
    with pytest.raises(RecordError, match=message):
        decode(text)


@given(st.text() | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps))
def test_any_text_is_a_record_or_a_record_error(text: str) -> None:
    with pytest.raises(RecordError):
        decode(text)


@pytest.mark.guard("codec-newer-version")
def test_a_record_of_a_newer_version_is_named_as_such() -> None:
    newer = plain() | {"v": 3, "future": True, "client": 5}
    with pytest.raises(RecordError, match="version 3, written by a newer kubectl-cafe"):
        decode(json.dumps(newer))


def test_the_client_that_wrote_a_record_of_a_newer_version_is_named() -> None:
    newer = plain() | {"v": 3, "client": "1.2.3"}
    with pytest.raises(RecordError, match=r"version 3, written by kubectl-cafe 1\.2\.3 \(this"):
        decode(json.dumps(newer))


def test_a_record_of_version_1_is_written_without_the_fields_of_version_2() -> None:
    old = replace(release(), v=1)
    written = json.loads(encode(old))
    assert (written["v"], "client" in written) == (1, False)
    assert decode(encode(old)) == old


def test_a_driver_that_takes_over_is_in_the_journal_and_moves_nothing() -> None:
    started = moved(release(), Trigger.PAUSE, at=minute(1), who="alice")
    after = taken_over(started, at=minute(2), who="bob")
    last = after.journal[-1]
    assert (last.trigger, last.state, last.who) == (Trigger.TAKE_OVER, State.PAUSED, "bob")
    assert (after.position, after.since) == (started.position, started.since)
    assert after.last_move == started.journal[-1]


def test_without_a_move_there_is_no_last_move() -> None:
    assert taken_over(release(), at=minute(1), who="bob").last_move is None


@pytest.mark.parametrize(
    "record", [replace(release(), v=1), release(State.COMPLETED), release(State.IDLE)]
)
def test_a_release_of_version_1_or_at_rest_has_no_takeover_in_its_journal(record: Record) -> None:
    assert taken_over(record, at=minute(1), who="bob") == record


@pytest.mark.guard("codec-unknown-field")
def test_an_unknown_field_is_refused_with_its_path() -> None:
    odd = plain()
    odd["plan"]["strategy"]["batchsize"] = 3
    with pytest.raises(RecordError, match=r"^\.plan\.strategy\.batchsize: unknown field$"):
        decode(json.dumps(odd))


def test_a_value_of_another_type_is_refused_with_its_path() -> None:
    odd = plain()
    odd["plan"]["strategy"]["drainSeconds"] = "ten"
    with pytest.raises(
        RecordError, match=r"^\.plan\.strategy\.drainSeconds: expected int, got str$"
    ):
        decode(json.dumps(odd))


def test_a_truth_value_is_no_number() -> None:
    with pytest.raises(RecordError, match=r"^\.epoch: expected int, got bool$"):
        decode(json.dumps(plain() | {"epoch": True}))


def test_a_missing_field_is_refused_with_its_path() -> None:
    odd = plain()
    del odd["plan"]["cells"]
    with pytest.raises(RecordError, match=r"^\.plan\.cells: missing$"):
        decode(json.dumps(odd))


def test_a_missing_list_element_is_named_by_its_index() -> None:
    odd = plain() | {"journal": [{"at": "t", "trigger": "pause", "state": "Paused"}]}
    with pytest.raises(RecordError, match=r"^\.journal\[0\]\.who: missing$"):
        decode(json.dumps(odd))


def test_an_unknown_state_is_refused_and_names_the_known_ones() -> None:
    with pytest.raises(RecordError, match=r"^\.state: 'Sleeping' is none of Idle, Progressing"):
        decode(json.dumps(plain() | {"state": "Sleeping"}))


def test_a_list_where_an_object_belongs_is_refused() -> None:
    with pytest.raises(RecordError, match=r"^\.plan: expected object, got array$"):
        decode(json.dumps(plain() | {"plan": []}))


def test_an_object_where_a_list_belongs_is_refused() -> None:
    with pytest.raises(RecordError, match=r"^\.journal: expected array, got object$"):
        decode(json.dumps(plain() | {"journal": {}}))


def test_steps_of_another_algorithm_are_refused_not_misread() -> None:
    odd = plain()
    odd["plan"]["algorithm"] = 2
    with pytest.raises(RecordError, match=r"plan\.algorithm: 2, this version has 1"):
        decode(json.dumps(odd))


@pytest.mark.parametrize("step", [-1, 4, 99])
def test_a_step_outside_the_plan_is_refused(step: int) -> None:
    with pytest.raises(RecordError, match=f"step: {step}, the plan has 4 steps"):
        decode(json.dumps(plain() | {"step": step}))


def test_the_journal_is_bounded_keeps_its_first_entry_and_says_how_many_went() -> None:
    record = release(journal=tuple(entry(n) for n in range(JOURNAL_LIMIT + 5)))
    kept = decode(encode(record))
    assert len(kept.journal) == JOURNAL_LIMIT
    assert kept.journal[0].at == minute(0)
    assert kept.journal[1].at == minute(6)
    assert kept.journal_cut == 5


def test_a_text_is_bounded_and_says_how_long_it_was() -> None:
    kept = decode(encode(release(why="x" * 2000)))
    assert len(kept.why) == TEXT_LIMIT
    assert kept.why.endswith("... (2000 characters)")


def test_a_failure_message_is_bounded() -> None:
    kept = decode(encode(release(failure=Failure("ErrImagePull", "x" * 2000))))
    assert kept.failure is not None
    assert len(kept.failure.message) == TEXT_LIMIT


def test_a_short_text_stays_as_it_is() -> None:
    assert cut("x" * TEXT_LIMIT) == "x" * TEXT_LIMIT


def test_the_whole_record_is_bounded_in_bytes_too() -> None:
    wide = "\N{HOT BEVERAGE}" * TEXT_LIMIT
    record = release(journal=tuple(entry(n, wide) for n in range(JOURNAL_LIMIT)))
    text = encode(record)
    kept = decode(text)
    assert len(text.encode()) <= SIZE_LIMIT
    assert kept.journal_cut == JOURNAL_LIMIT - len(kept.journal) > 0
    assert kept.journal[0].at == minute(0)


def test_a_move_is_journalled_with_who_when_and_why() -> None:
    after = moved(release(), Trigger.PAUSE, at="noon", who="bob", why="lunch")
    assert after.journal == (Entry("noon", Trigger.PAUSE, State.PAUSED, "bob", "lunch", 1),)
    assert (after.state, after.origin) == (State.PAUSED, State.PROGRESSING)


@pytest.mark.parametrize("by_field", [True, False])
def test_c79_a_pause_knows_whether_the_field_made_it(by_field: bool) -> None:
    paused = moved(release(), Trigger.PAUSE, at="noon", who="bob", by_field=by_field)
    assert paused.paused_by_field is by_field
    resumed = moved(paused, Trigger.RESUME, at="noon", who="bob", by_field=by_field)
    assert not resumed.paused_by_field


def test_c79_a_pause_of_which_nothing_is_said_was_not_made_by_the_field() -> None:
    assert not moved(release(), Trigger.PAUSE, at="noon", who="bob").paused_by_field


def test_an_illegal_move_leaves_no_record() -> None:
    with pytest.raises(IllegalMove):
        moved(release(), Trigger.RESUME, at="noon", who="bob")


def test_a_step_that_is_done_is_the_next_one() -> None:
    after = moved(release(), Trigger.STEP_DONE, at="noon", who="driver")
    assert (after.state, after.step) == (State.PROGRESSING, 1)


def test_after_a_group_that_another_follows_a_person_is_asked_if_the_strategy_says_so() -> None:
    asking = release(need_waiting_for_confirm=True)
    after = moved(asking, Trigger.STEP_DONE, at="noon", who="driver")
    assert (after.state, after.waiting_group) == (State.AWAITING_CONFIRM, 2)


def test_after_the_last_group_nobody_is_asked() -> None:
    asking = release(need_waiting_for_confirm=True, step=1)
    assert moved(asking, Trigger.STEP_DONE, at="noon", who="d").state is State.PROGRESSING


def test_a_rollback_asks_for_no_confirmation() -> None:
    back = release(State.ROLLING_BACK, kind=Kind.ROLLBACK, need_waiting_for_confirm=True, step=1)
    assert moved(back, Trigger.STEP_DONE, at="noon", who="d").state is State.ROLLING_BACK


def test_the_last_step_completes_the_release() -> None:
    last = release(step=3)
    after = moved(last, Trigger.STEP_DONE, at="noon", who="d")
    assert (after.state, after.current) == (State.COMPLETED, None)


def test_a_move_forgets_the_failure_that_it_leaves() -> None:
    failed = release(State.FAILED, origin=State.PROGRESSING, failure=Failure("Bad"))
    assert moved(failed, Trigger.RETRY, at="noon", who="bob").failure is None


def test_the_group_is_the_last_one_that_was_begun() -> None:
    assert [replace(release(), step=n).group for n in range(5)] == [1, 2, 2, 2, 2]


def test_after_the_last_step_no_group_waits() -> None:
    assert replace(release(), step=4).waiting_group == 0


def test_a_failure_reads_as_place_reason_and_message() -> None:
    shown = str(Failure("ErrImagePull", "no such tag", "shop-1", "main"))
    assert shown == "shop-1/main: ErrImagePull: no such tag"


def test_a_number_is_read_up_to_the_largest_that_kubernetes_writes() -> None:
    most = 2**63 - 1
    assert decode(encode(replace(release(), epoch=most))).epoch == most
    with pytest.raises(RecordError, match=rf"^\.epoch: expected int <= {most}$"):
        decode(encode(replace(release(), epoch=most + 1)))


@pytest.mark.parametrize("before", [{"": -1}, {"other": 1}])
def test_counts_at_the_start_that_do_not_fit_those_at_the_end_are_refused(
    before: dict[str, int],
) -> None:
    plan = replace(release().plan, before=before)
    with pytest.raises(RecordError, match=r"^\.plan\.before\.\w*: -?\d pods, below 0 or of a cell"):
        decode(encode(replace(release(), plan=plan)))


def test_a_release_of_kind_scale_has_the_counts_at_its_start() -> None:
    with pytest.raises(RecordError, match=r"^\.plan\.before: missing$"):
        decode(encode(release(kind=Kind.SCALE)))
    plan = replace(release().plan, before={"": 1})
    kept = release(kind=Kind.SCALE, plan=plan)
    assert decode(encode(kept)) == kept


@pytest.mark.parametrize(
    ("kind", "before", "pods"),
    [(Kind.UPGRADE, None, 4), (Kind.UPGRADE, {"": 1}, 4), (Kind.SCALE, {"": 1}, 3)],
)
def test_the_pods_of_a_plan_are_those_that_it_upgrades_or_creates(
    kind: Kind, before: dict[str, int] | None, pods: int
) -> None:
    plan = replace(release(cells={"": 4}).plan, before=before)
    assert plan.pods(kind) == pods

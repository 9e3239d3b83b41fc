"""The small annotations beside a record, which admission policies read (protocol 4)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from msgspec import structs

from kubectl_cafe import names
from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.api.release_annotations import beside, contradiction
from kubectl_cafe.errors import CafeError
from kubectl_cafe.repair.rebuilt_record import with_record
from statemachine.lifecycle import State
from statemachine.record import Record
from statemachine.record_json import encode
from statemachine.steps import Kind
from tests.unit.builders import cafe_object, release

UID = "uid-cafe"
GROUPS = {"cells": {"a": 2, "b": 2}, "batch_size": 2, "need_waiting_for_confirm": True}


def at(record: Record, before: str = "") -> str:
    return beside(record, {names.RELEASE_AT: before} if before else {}, UID)[names.RELEASE_AT]


def test_the_first_release_of_a_cafedeployment_knows_no_good_revision() -> None:
    assert at(release()) == "uid-cafe/r1/upgrade/Progressing/1//"


def test_a_completed_release_makes_its_target_the_good_revision() -> None:
    done = release(State.COMPLETED, step=3)
    assert at(done, at(release())) == "uid-cafe/r1/upgrade/Completed/2/v2/"


@pytest.mark.parametrize("state", [State.FAILED, State.ABORTED, State.PAUSED])
def test_a_release_that_did_not_end_well_leaves_the_good_revision(state: State) -> None:
    found = at(release(state, origin=State.PROGRESSING), f"{UID}/r1/upgrade/Progressing/1/v1/v0")
    assert found.split("/")[-2:] == ["v1", "v0"]


def test_the_next_release_keeps_the_revision_to_go_back_to() -> None:
    found = at(release(), f"{UID}/r0/upgrade/Completed/2/v1/v0")
    assert found == "uid-cafe/r1/upgrade/Progressing/1/v1/v1"


def test_a_rolled_back_release_makes_the_revision_it_went_to_the_good_one() -> None:
    back = release(State.ROLLED_BACK, kind=Kind.ROLLBACK, to_revision="v1", step=4)
    found = at(back, f"{UID}/r1/rollback/RollingBack/1/v1/v1")
    assert found.split("/")[-2:] == ["v1", "v1"]


@pytest.mark.parametrize("before", ["uid-other/r0/upgrade/Completed/2/v1/v0", "nonsense", "a/b"])
def test_the_annotation_of_another_object_or_nonsense_counts_as_none(before: str) -> None:
    assert at(release(), before).endswith("/1//")


@pytest.mark.parametrize(
    ("state", "origin", "step", "begun"),
    [
        (State.PROGRESSING, None, 0, 1),
        (State.AWAITING_CONFIRM, None, 1, 1),
        (State.PAUSED, State.AWAITING_CONFIRM, 1, 1),
        (State.PROGRESSING, None, 1, 2),
        (State.PAUSED, State.PROGRESSING, 1, 2),
    ],
)
def test_a_group_that_waits_for_its_confirmation_is_not_begun(
    state: State, origin: State | None, step: int, begun: int
) -> None:
    found = at(release(state, origin=origin, step=step, **GROUPS))
    assert found.split("/")[4] == str(begun)


def test_the_plan_begins_with_what_a_policy_reads() -> None:
    text = beside(release(**GROUPS), {}, UID)[names.RELEASE_PLAN]
    begin = '{"to":"v2","groups":2,"upgradeType":"Beta","needWaitingForConfirm":true,"cells":'
    assert text.startswith(begin)
    assert json.loads(text)["batchSize"] == 2


def test_the_user_who_started_is_named() -> None:
    assert beside(release(), {}, UID)[names.STARTED_BY] == "alice"


def test_a_release_of_version_1_has_no_annotations_beside_it() -> None:
    old = structs.replace(release(), v=1)
    assert beside(old, {}, UID) == {}
    assert contradiction(old, {names.STARTED_BY: "mallory"}) is None


def carrying(record: Record, changes: Mapping[str, str | None]) -> CafeDeployment:
    notes: dict[str, Any] = {**beside(record, {}, UID), names.RELEASE: encode(record), **changes}
    obj = cafe_object()
    obj["metadata"]["annotations"] = {k: v for k, v in notes.items() if v is not None}
    return CafeDeployment(obj)


@pytest.mark.guard("a-changed-annotation-makes-the-record-unreadable")
@pytest.mark.parametrize(
    ("name", "text"),
    [
        (names.STARTED_BY, "mallory"),
        (names.RELEASE_AT, "uid-cafe/r1/upgrade/Completed/2//"),
        (names.RELEASE_AT, "uid-cafe/r1"),
        (names.RELEASE_PLAN, '{"to":"v3"}'),
    ],
)
def test_an_annotation_that_contradicts_the_record_makes_it_unreadable(
    name: str, text: str
) -> None:
    with pytest.raises(CafeError, match="contradicts the release's record") as raised:
        _ = carrying(release(), {name: text}).record
    assert name in raised.value.where
    assert f"kubectl annotate cafed shop -n stores {name}-" in raised.value.hint


@pytest.mark.parametrize("name", [names.STARTED_BY, names.RELEASE_AT, names.RELEASE_PLAN])
def test_a_missing_annotation_contradicts_nothing(name: str) -> None:
    assert carrying(release(), {name: None}).record == release()


def test_the_good_revisions_are_the_annotations_own() -> None:
    text = f"{UID}/r1/upgrade/Progressing/1/v1/v0"
    assert carrying(release(), {names.RELEASE_AT: text}).record == release()


def test_a_copy_of_another_objects_position_contradicts_nothing() -> None:
    text = "uid-other/r9/upgrade/Progressing/1/v1/v0"
    assert carrying(release(), {names.RELEASE_AT: text}).record == release()


@pytest.mark.guard("a-rebuilt-record-has-its-own-annotations")
def test_a_rebuilt_record_does_not_contradict_what_the_lost_one_had_beside_it() -> None:
    lost = carrying(release(), {names.RELEASE: None})
    rebuilt = release(State.PAUSED, origin=State.PROGRESSING, id="r2", who="unknown")
    assert with_record(lost, rebuilt).record == rebuilt

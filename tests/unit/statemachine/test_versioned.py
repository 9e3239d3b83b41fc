"""What a record refuses to read, and by which path it is named; what it lacks has its default."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from statemachine.lifecycle import State
from statemachine.record_json import RecordError, decode, encode
from statemachine.versioned import LATEST, DecodeError, check_time, key_shown
from tests.unit.builders import release

AT = "2026-11-23T12:00:00Z"
ENTRY = {"at": AT, "trigger": "pause", "state": "Paused", "who": "alice"}
MOST = 2**63 - 1
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "a list for cells": ({"plan": {"cells": []}}, ".plan.cells: expected object, got array"),
    "a number for a plan": ({"plan": 1}, ".plan: expected object, got int"),
    "a mapping for a journal": ({"journal": {}}, ".journal: expected array, got object"),
    "text for a number": ({"epoch": "1"}, ".epoch: expected int, got str"),
    "a number that is too large": ({"epoch": MOST + 1}, f".epoch: expected int <= {MOST}"),
    "a number that is too small": (
        {"epoch": -MOST - 2},
        f".epoch: expected int >= {-MOST - 1}",
    ),
    "what may be missing": (
        {"journal": [{**ENTRY, "group": "x"}]},
        ".journal[0].group: expected int | null, got str",
    ),
    "a state that may be missing": (
        {"origin": "Lost"},
        f".origin: 'Lost' is none of {', '.join(State)}",
    ),
    "an object that may be": ({"failure": 1}, ".failure: expected object | null, got int"),
}


def read(**changes: Any) -> None:
    """Read a record with these fields instead."""
    decode(json.dumps(json.loads(encode(release())) | changes))


@pytest.mark.parametrize(("changes", "said"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused_is_named_by_its_path(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(RecordError) as refusal:
        read(**changes)
    assert str(refusal.value) == said


def test_of_what_may_be_of_two_types_both_are_told() -> None:
    plan = json.loads(encode(release()))["plan"]
    plan["strategy"]["maxUnavailable"] = []
    with pytest.raises(RecordError) as refusal:
        read(plan=plan)
    assert str(refusal.value) == ".plan.strategy.maxUnavailable: expected int | str, got array"


@pytest.mark.parametrize("value", [None, {"reason": "Bad"}])
def test_what_may_be_missing_is_read_as_null_and_as_itself(value: object) -> None:
    read(failure=value)


@pytest.mark.parametrize(("length", "whole"), [(63, True), (64, False)])
def test_a_key_as_long_as_a_name_may_be_stands_whole_in_a_path(length: int, whole: bool) -> None:
    key = "x" * length
    assert (key_shown(key) == key) is whole


def second(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("1970-01-01T00:00:00Z", True),
        ("1969-12-31T23:59:59Z", False),
        (second(LATEST - 1), True),
        (second(LATEST), False),
    ],
)
def test_times_begin_with_the_epoch_and_end_before_the_latest_one(text: str, good: bool) -> None:
    try:
        check_time(text, ".since")
    except DecodeError:
        assert not good
    else:
        assert good


def test_a_cell_of_fewer_than_no_pods_is_refused() -> None:
    plan = json.loads(encode(release()))["plan"]
    with pytest.raises(RecordError, match=r"^\.plan\.cells: "):
        read(plan={**plan, "cells": {"": -1}})


def test_a_record_that_names_no_epoch_is_older_than_that_of_any_driver() -> None:
    old = json.loads(encode(release()))
    del old["epoch"]
    assert decode(json.dumps(old)).epoch == 0


def test_who_and_why_stand_in_a_record_in_their_own_letters() -> None:
    """People read it in the annotation, and its size is counted in bytes."""
    text = encode(release(who="Zoë", why="ошибка"))
    assert "Zoë" in text
    assert "ошибка" in text


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"CellA": 1, "CellB": "2"}, ".plan.cells.CellB: expected int, got str"),
        ({"x" * 64: "2"}, f".plan.cells.'{'x' * 12}...{'x' * 13}': expected int, got str"),
    ],
)
def test_a_value_of_a_mapping_is_named_by_its_key(cells: dict[str, Any], said: str) -> None:
    plan = json.loads(encode(release()))["plan"]
    with pytest.raises(RecordError) as refusal:
        read(plan={**plan, "cells": cells})
    assert str(refusal.value) == said


def test_of_a_text_with_a_key_twice_the_path_is_told_as_far_as_it_is_known() -> None:
    whole = encode(release())
    twice = whole.replace('"cells":{', '"cells":{"a":"x"},"cells":{', 1)
    with pytest.raises(RecordError, match=r"^\.plan\.cells\[\.\.\.\]: expected int, got str$"):
        decode(twice)

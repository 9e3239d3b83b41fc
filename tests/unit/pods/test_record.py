"""The times in a pod's record: read from old ones, refused where they are none, and few."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kubectl_cafe.pods.record import VERSION, Phase, PodRecordError, decode, encode, newer
from tests.unit.builders import pod_record

NOON = "2026-11-23T12:00:00Z"


def plain(**changes: Any) -> str:
    """A finished record's text with these fields instead."""
    return json.dumps(json.loads(encode(pod_record(Phase.FINISHED))) | changes)


def test_a_record_of_version_1_is_read_and_knows_no_times_of_earlier_phases() -> None:
    old = json.loads(plain(v=1))
    del old["passed"], old["restarts"]
    record = decode(json.dumps(old))
    assert (record.phase, record.passed, record.v) == (Phase.FINISHED, {}, VERSION)


def test_a_record_of_version_2_is_read_and_knows_no_restarts() -> None:
    old = json.loads(plain(v=2))
    del old["restarts"]
    record = decode(json.dumps(old))
    assert (record.phase, record.restarts, record.v) == (Phase.FINISHED, {}, VERSION)


def test_a_record_says_the_version_by_which_older_ones_know_that_they_can_t_read_it() -> None:
    assert json.loads(encode(pod_record()))["v"] == 3


def test_a_version_that_never_was_is_refused() -> None:
    with pytest.raises(PodRecordError, match="v: 0 is not a version of this record"):
        decode(plain(v=0))


def test_only_a_record_of_a_later_version_is_newer() -> None:
    assert newer(plain(v=VERSION + 1))
    assert not newer(plain(v=VERSION, passed="damaged"))
    assert not newer("{}")
    assert not newer("damaged")


def test_a_record_says_when_each_phase_was_written_the_present_one_last() -> None:
    record = pod_record(Phase.FINISHED, passed={"drained": NOON}, since="2026-11-23T12:00:05Z")
    assert record.written == {"drained": NOON, "finished": "2026-11-23T12:00:05Z"}


def test_a_patch_over_a_patch_is_told_apart_from_the_first_one() -> None:
    passed = {"drained": NOON, "patched": "2026-11-23T12:00:05Z"}
    record = pod_record(passed=passed, since="2026-11-23T12:01:00Z")
    assert record.written == {**passed, "again": "2026-11-23T12:01:00Z"}
    third = pod_record(passed=record.written, since="2026-11-23T12:02:00Z")
    assert third.written == {**passed, "again": "2026-11-23T12:02:00Z"}


def test_a_passed_phase_that_is_none_is_refused_by_name() -> None:
    with pytest.raises(PodRecordError, match=r"^\.passed\.thinking: unknown phase$"):
        decode(plain(passed={"thinking": NOON}))


def test_of_two_passed_phases_that_are_none_the_first_by_name_is_told() -> None:
    with pytest.raises(PodRecordError, match=r"^\.passed\.dreaming: unknown phase$"):
        decode(plain(passed={"thinking": NOON, "dreaming": NOON}))


def test_a_record_that_names_no_group_and_no_generation_is_of_none() -> None:
    bare = json.loads(plain())
    del bare["group"], bare["gen"]
    record = decode(json.dumps(bare))
    assert (record.group, record.gen) == (0, 0)


def test_a_passed_time_that_is_none_is_refused_by_name() -> None:
    with pytest.raises(PodRecordError, match=r"^\.drained: 'soon' is not an RFC 3339 time$"):
        decode(plain(passed={"drained": "soon"}))


def test_all_the_times_add_little_more_than_a_hundred_bytes() -> None:
    passed = {"drained": NOON, "patched": NOON, "again": NOON}
    most = pod_record(Phase.FINISHED, passed=passed)
    assert len(encode(most)) - len(encode(pod_record(Phase.FINISHED))) < 110

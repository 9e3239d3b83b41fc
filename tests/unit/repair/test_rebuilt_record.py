"""The record of a release, rebuilt from what its pods say (C72)."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_cafe import names
from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.planning.around import Around
from kubectl_cafe.pods.model import Pod
from kubectl_cafe.pods.record import Mode, Phase
from kubectl_cafe.repair.rebuilt_record import REPAIR, Rebuilt, rebuild, with_record
from kubectl_cafe.times import rfc3339
from statemachine.lifecycle import State
from statemachine.record import Record
from tests.unit.builders import (
    START,
    cafe_object,
    drained,
    patched,
    pod,
    pod_record,
    release,
    revision,
    template,
    upgraded,
    workload,
)

AT = rfc3339(START + 100)
KNOWN = tuple(revision(f"v{number}", number) for number in (1, 2, 3))
SPEC = {"replicas": 4, "strategy": {"batchSize": 1}, "template": template("app:v2")}


def rebuilt(*pods: Pod, spec: dict[str, Any] | None = None, at_revision: str = "v1") -> Rebuilt:
    cafe = CafeDeployment(cafe_object(**{**SPEC, **(spec or {})}))
    around = Around(KNOWN, (workload(4, revision=at_revision),), pods)
    found = rebuild(cafe, around, at=AT, who="bob", epoch=9)
    assert found is not None
    return found


def lost(*pods: Pod, known: tuple[Any, ...] = KNOWN, record: Record | None = None) -> bool:
    cafe = CafeDeployment(cafe_object(**SPEC))
    if record is not None:
        cafe = with_record(cafe, record)
    return rebuild(cafe, Around(known, (), pods), at=AT, who="bob", epoch=9) is not None


def test_c72_the_record_says_what_the_pods_say() -> None:
    record = rebuilt(pod("a"), drained("b"), upgraded("c")).record
    assert (record.id, record.to_revision, record.from_revision) == ("r1", "v2", "v1")
    assert (record.uid, record.epoch, record.started) == ("uid-cafe", 9, rfc3339(START))


@pytest.mark.guard("a-rebuilt-record-waits-for-a-person")
def test_c72_it_is_paused_so_that_nothing_moves_before_a_person_has_looked() -> None:
    record = rebuilt(drained("b")).record
    assert (record.state, record.origin) == (State.PAUSED, State.PROGRESSING)
    assert (record.journal[0].who, record.who) == ("bob", "unknown, see the audit log")


def test_it_is_not_fenced_for_its_driver_may_still_live() -> None:
    assert rebuilt(drained("b")).record.fenced_epoch == 0


@pytest.mark.guard("a-repair-that-was-interrupted-is-no-lost-release")
def test_pods_that_a_repair_has_left_unfinished_are_no_release() -> None:
    repaired = pod_record(Phase.DRAINED, release=REPAIR, to="v1")
    assert not lost(drained("a", record=repaired))
    assert rebuilt(drained("a", record=repaired), drained("b")).record.to_revision == "v2"


def test_c72_it_stands_in_the_group_that_took_the_last_pod() -> None:
    second = pod_record(Phase.DRAINED, group=2)
    assert rebuilt(drained("a"), drained("b", record=second)).record.group == 2


def test_a_group_that_the_plan_has_no_more_is_its_last_one() -> None:
    beyond = pod_record(Phase.DRAINED, group=9)
    record = rebuilt(drained("a", record=beyond)).record
    assert record.group == max(step.group for step in record.steps)


def test_a_pod_that_the_sweep_took_means_that_all_groups_are_over() -> None:
    record = rebuilt(drained("a", record=pod_record(Phase.DRAINED, group=0))).record
    assert record.step == len(record.steps) - 1


def test_the_sweep_comes_after_every_group_that_took_pods() -> None:
    swept = drained("a", record=pod_record(Phase.DRAINED, group=0))
    record = rebuilt(swept, drained("b", record=pod_record(Phase.DRAINED, group=2))).record
    assert record.step == len(record.steps) - 1


def test_a_plan_without_groups_begins_with_its_first_step() -> None:
    record = rebuilt(drained("a"), spec={"replicas": 0}).record
    assert (record.step, [step.group for step in record.steps]) == (0, [0, 0])


def test_after_the_commit_no_workload_shows_where_it_came_from() -> None:
    assert rebuilt(drained("a"), at_revision="v2").record.from_revision == ""


def test_of_several_targets_the_newest_is_taken_and_said() -> None:
    found = rebuilt(drained("a"), patched("b", record=pod_record(to="v3", release="r2", epoch=2)))
    assert (found.record.to_revision, found.record.id) == ("v3", "r2")
    assert "2 revisions" in found.doubts[0]


def test_a_spec_that_is_not_the_targets_is_said_and_stays_as_it_is() -> None:
    found = rebuilt(drained("a"), spec={"template": template("app:v1")})
    assert "the spec differs from that revision" in found.doubts[0]
    same = rebuilt(drained("a"))
    assert (same.doubts, same.record.spec_hash) == ((), found.record.spec_hash)


@pytest.mark.parametrize("notes", [None, {"example.com/note": "kept"}], ids=["without", "with"])
def test_a_record_is_added_to_the_annotations_that_there_are(notes: dict[str, str] | None) -> None:
    obj = cafe_object()
    del obj["metadata"]["annotations"]
    if notes:
        obj["metadata"]["annotations"] = notes
    after = with_record(CafeDeployment(obj), release())
    assert after.record == release()
    assert after.obj["metadata"]["annotations"].keys() >= {names.RELEASE, *(notes or ())}


def test_nothing_is_lost_while_there_is_a_record() -> None:
    assert lost(drained("a"))
    assert not lost(drained("a"), record=release())


def test_nothing_is_lost_where_no_pod_is_in_flight() -> None:
    assert not lost(pod("a"), upgraded("b"), patched("c", record=pod_record(mode=Mode.NONE)))


def test_nothing_can_be_rebuilt_of_a_revision_that_is_gone() -> None:
    assert not lost(drained("a"), known=KNOWN[:1])

"""What is done with a pod in flight (protocol 5, 7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from msgspec import structs

from kubectl_cafe import names
from kubectl_cafe.assessment.pod import assess
from kubectl_cafe.assessment.snapshot import Snapshot
from kubectl_cafe.pods.model import ABSENT, Condition, Pod
from kubectl_cafe.pods.observed import look
from kubectl_cafe.pods.record import Mode, Phase, decode
from kubectl_cafe.reconcile.decide import can_rest, decide
from statemachine.lifecycle import State
from statemachine.steps import UpgradeType
from tests.unit.builders import (
    container,
    drained,
    patched,
    pod,
    pod_record,
    quoted,
    release,
    renewed,
    snapshot,
    upgraded,
    writes,
)

OFF: Mapping[str, Any] = {"off_since": {"uid-a": 59.0}}
PULLING: Mapping[str, Any] = {
    "ready": False,
    "running": False,
    "waiting": "ErrImagePull",
    "message": '"app:v2"',
}


# One pod's way


def test_a_candidate_is_taken_out_of_traffic_first() -> None:
    assert writes(snapshot(pod("a"))) == ["off a"]


def test_a_candidate_of_mode_none_has_only_its_image_patched() -> None:
    assert writes(snapshot(pod("a", gated=False, gate=ABSENT))) == ["image a"]


@pytest.mark.guard("image-only-after-seen-off")
def test_c22_a_drained_pod_that_was_not_seen_off_is_not_patched() -> None:
    assert writes(snapshot(drained("a"))) == []


def test_a_drained_pod_that_was_seen_off_gets_its_image() -> None:
    assert writes(snapshot(drained("a"), **OFF)) == ["image a"]


@pytest.mark.guard("drain-seconds-are-waited")
def test_c33_drain_seconds_count_from_the_moment_the_pod_was_seen_off() -> None:
    of = snapshot(drained("a"), record=release(drain_seconds=10), off_since={"uid-a": 50.1})
    assert writes(of) == []
    assert writes(replace(of, off_since={"uid-a": 50.0})) == ["image a"]


def test_a_patched_pod_is_waited_for() -> None:
    assert writes(snapshot(patched("a"))) == []


def test_a_done_pod_is_let_back_into_traffic() -> None:
    assert writes(renewed()) == ["on a"]


def test_c84_an_ambiguous_pod_has_its_gate_rewritten_for_the_kubelet_to_quote() -> None:
    assert writes(snapshot(patched("a", container("C2", "app:v2"), observed=2))) == [
        "acknowledge a"
    ]


def test_in_mode_none_a_done_pod_needs_no_write() -> None:
    record = pod_record(mode=Mode.NONE)
    shown = patched("a", container("C2", "app:v2"), observed=2, gated=False, record=record)
    assert writes(snapshot(structs.replace(shown, gate=ABSENT))) == []


def test_c27_a_new_pod_is_opened_once_its_containers_are_ready() -> None:
    assert writes(snapshot(pod("a", gate=ABSENT))) == ["open a"]


def test_c27_a_new_pod_whose_containers_are_not_ready_is_waited_for() -> None:
    assert writes(snapshot(pod("a", gate=ABSENT, containers_ready=Condition("False")))) == []


def test_i8_a_pod_that_is_at_the_goal_and_available_is_not_written() -> None:
    assert writes(snapshot(upgraded("a"), upgraded("b"))) == []


def test_c55_drift_is_left_alone() -> None:
    assert writes(snapshot(pod("a", container("C1", "app:hotfix"), generation=2))) == []


def test_only_repair_opens_an_orphan() -> None:
    assert writes(snapshot(pod("a", gate=Condition("False"), ready=quoted()))) == []


def test_a_pod_whose_record_cannot_be_read_is_left_alone() -> None:
    assert writes(snapshot(pod("a", record_problem="newer"))) == []


def test_a_pod_with_a_write_under_way_is_not_written_again() -> None:
    assert writes(replace(snapshot(drained("a"), **OFF), busy=frozenset({"uid-a"}))) == []


# Drained: where it goes from there


def test_c58_in_a_pause_a_drained_pod_goes_on() -> None:
    of = snapshot(drained("a"), record=release(State.PAUSED, origin=State.PROGRESSING), **OFF)
    assert writes(of) == ["image a"]


@pytest.mark.guard("nothing-is-taken-in-a-pause")
@pytest.mark.parametrize("state", [State.PAUSED, State.FAILED, State.AWAITING_CONFIRM])
def test_c58_i9_no_new_pod_is_taken_in(state: State) -> None:
    assert writes(snapshot(pod("a"), record=release(state))) == []


def test_i9_no_new_pod_is_taken_once_the_driver_is_told_to_stop() -> None:
    assert writes(snapshot(pod("a"), stopping=True)) == []


@pytest.mark.guard("failed-reopens-the-drained")
@pytest.mark.parametrize("state", [State.FAILED, State.ABORTING])
def test_c59_a_pod_that_was_only_drained_is_reopened_without_a_restart_in(state: State) -> None:
    assert writes(snapshot(drained("a"), record=release(state), **OFF)) == ["on a"]


def test_c59_a_reopened_pods_record_is_finished_and_keeps_its_revision() -> None:
    body = decide(snapshot(drained("a"), record=release(State.FAILED))).patches[0].body
    record = decode(body["metadata"]["annotations"][names.IN_PLACE])
    assert (record.phase, record.to) == (Phase.FINISHED, "v1")


def test_c59_in_a_rollback_a_drained_pod_that_is_at_the_goal_is_reopened() -> None:
    of = snapshot(drained("a"), record=release(State.ROLLING_BACK, to_revision="v1"), **OFF)
    assert writes(of) == ["on a"]


def test_c48_a_drained_pod_that_the_group_no_longer_needs_is_reopened() -> None:
    assert writes(snapshot(drained("a"), upgraded("b"), **OFF)) == ["on a"]


@pytest.mark.guard("another-clients-patch-is-not-reopened")
@pytest.mark.parametrize("state", [State.FAILED, State.ABORTING, State.PROGRESSING])
def test_c55_a_drained_pod_that_another_client_patched_is_not_reopened_before_its_restart(
    state: State,
) -> None:
    stays = {"generation": 2, "observed": 1, "record": pod_record(Phase.DRAINED, gen=1)}
    shown = {"main": container("C1", "app:v2")}
    patched_by_another = drained("a", containers=shown, **stays)
    assert writes(snapshot(patched_by_another, record=release(state), **OFF)) == []


def test_c55_its_kubelet_is_asked_to_acknowledge_that_it_is_through() -> None:
    stays = {"generation": 2, "observed": 2, "record": pod_record(Phase.DRAINED, gen=1)}
    shown = {"main": container("C2", "app:v2")}
    patched_by_another = drained("a", containers=shown, **stays)
    of = snapshot(patched_by_another, record=release(State.ABORTING), **OFF)
    assert writes(of) == ["acknowledge a"]


def test_a_drain_says_which_generation_was_drained() -> None:
    body = decide(snapshot(pod("a", generation=4, observed=4))).patches[0].body
    assert decode(body["metadata"]["annotations"][names.IN_PLACE]).gen == 4


# A change of mind


def going_back(shown: Pod, **changes: Any) -> Snapshot:
    return snapshot(shown, record=release(State.ROLLING_BACK, to_revision="v1"), **changes)


@pytest.mark.guard("changed-again-only-when-settled")
def test_c9_an_image_is_not_changed_again_before_its_last_change_is_settled_or_stuck() -> None:
    assert writes(going_back(patched("a", observed=2), **OFF)) == []


def test_c59_a_patched_pod_that_is_settled_is_patched_back_under_the_same_drain() -> None:
    of = renewed()
    back = replace(of, record=release(State.ROLLING_BACK, to_revision="v1"), **OFF)
    assert writes(back) == ["image a"]


def test_c35_a_pod_that_is_stuck_on_its_pull_is_patched_back() -> None:
    stuck = container("C1", "app:v2", **PULLING)
    assert writes(going_back(patched("a", stuck, observed=2), **OFF)) == ["image a"]


def test_c60_traffic_off_is_seen_again_before_a_pod_is_patched_back() -> None:
    of = renewed()
    back = replace(of, record=release(State.ROLLING_BACK, to_revision="v1"))
    assert writes(back) == []


def test_in_mode_none_a_pod_is_patched_back_although_it_never_left_traffic() -> None:
    stuck = container("C1", "app:v2", **PULLING)
    unswitched = {"gated": False, "gate": ABSENT, "record": pod_record(mode=Mode.NONE)}
    assert writes(going_back(patched("a", stuck, observed=2, **unswitched))) == ["image a"]


BOTH = release(max_unavailable=2, upgrade_type=UpgradeType.BATCH, cells={"": 2})


def test_a_pod_whose_write_is_under_way_holds_up_none_of_the_others() -> None:
    of = snapshot(drained("a"), drained("b"), record=BOTH, off_since={"uid-a": 0.0, "uid-b": 0.0})
    assert writes(replace(of, busy=frozenset({"uid-a"}))) == ["image b"]
    assert writes(replace(of, barred=frozenset({"uid-a"}))) == ["image b"]


def test_c58_no_drained_pod_is_patched_in_the_turn_that_fails_the_release() -> None:
    """It would restart to a version that has just failed, instead of being reopened."""
    shown = patched("a", container("C1", "app:v2", **PULLING), observed=2)
    off = drained("b")
    sightings = {one.uid: look(None, one, 0.0) for one in (shown, off)}
    of = snapshot(shown, off, record=BOTH, off_since={"uid-b": 0.0}, sightings=sightings)

    move = decide(of).move

    assert move is not None
    assert move.failure is not None
    assert (move.failure.pod, writes(of)) == ("a", [])


def test_a_pod_that_is_done_goes_into_traffic_in_the_turn_that_fails_the_release() -> None:
    stuck = patched("b", container("C1", "app:v2", **PULLING), observed=2)
    done = renewed("a")
    sightings = {**done.sightings, stuck.uid: look(None, stuck, 0.0)}
    of = snapshot(*done.pods.values(), stuck, record=BOTH, sightings=sightings)

    move = decide(of).move

    assert move is not None
    assert move.failure is not None
    assert (move.failure.pod, writes(of)) == ("b", ["on a"])


@pytest.mark.parametrize("reopening", [True, False])
def test_a_settled_pod_that_is_unready_rests_once_the_driver_only_reopens(reopening: bool) -> None:
    first = patched("a", observed=2)
    shown = patched("a", container("C2", "app:v2", ready=False), observed=2)
    seen = {shown.uid: look(look(None, first, 0), shown, 5)}
    of = snapshot(shown, sightings=seen, reopening=reopening)
    found = assess(shown, of)
    assert found.settled
    assert can_rest(found, of) is reopening

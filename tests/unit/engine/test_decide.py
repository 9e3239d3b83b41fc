"""What is done with a pod in flight, and when a step is over (protocol 5 to 7, 9, 10)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from kubectl_cafe import names
from kubectl_cafe.engine.decide import decide, seen_off
from kubectl_cafe.engine.standing import stand
from kubectl_cafe.engine.view import View, Wanted
from kubectl_cafe.pods.model import ABSENT, Condition, Pod
from kubectl_cafe.pods.record import Mode, Phase, decode
from kubectl_cafe.pods.sighting import look
from kubectl_cafe.podsets import Workload
from statemachine.lifecycle import State, Trigger
from statemachine.record import Record
from tests.unit.builders import (
    START,
    container,
    drained,
    patched,
    pod,
    pod_record,
    quoted,
    release,
    upgraded,
    view,
    workload,
)

OFF: Mapping[str, Any] = {"off_since": {"uid-a": 59.0}}


def writes(of: View) -> list[str]:
    """What is written, as `what pod`."""
    return [f"{patch.what} {patch.pod}" for patch in decide(of).patches]


def renewed(name: str = "a") -> View:
    """A patched pod whose new container was seen to appear, still off."""
    first = patched(name, observed=2)
    shown = patched(name, container("C2", "app:v2"), observed=2)
    return view(shown, sightings={shown.uid: look(look(None, first, 0), shown, 5)})


def in_state(of: View, state: State, **changes: Any) -> View:
    return replace(of, record=replace(of.record, state=state, **changes))


def at_step(step: int, *pods: Pod, workloads: tuple[Workload, ...] = (), **changes: Any) -> View:
    of = view(*pods, record=release(step=step), **changes)
    return replace(of, workloads=workloads) if workloads else of


# One pod's way


def test_a_candidate_is_taken_out_of_traffic_first() -> None:
    assert writes(view(pod("a"))) == ["off a"]


def test_a_candidate_of_mode_none_has_only_its_image_patched() -> None:
    assert writes(view(pod("a", gated=False, gate=ABSENT))) == ["image a"]


@pytest.mark.guard("image-only-after-seen-off")
def test_c22_a_drained_pod_that_was_not_seen_off_is_not_patched() -> None:
    assert writes(view(drained("a"))) == []


def test_a_drained_pod_that_was_seen_off_gets_its_image() -> None:
    assert writes(view(drained("a"), **OFF)) == ["image a"]


@pytest.mark.guard("drain-seconds-are-waited")
def test_c33_drain_seconds_count_from_the_moment_the_pod_was_seen_off() -> None:
    of = view(drained("a"), record=release(drain_seconds=10), off_since={"uid-a": 50.1})
    assert writes(of) == []
    assert writes(replace(of, off_since={"uid-a": 50.0})) == ["image a"]


def test_a_patched_pod_is_waited_for() -> None:
    assert writes(view(patched("a"))) == []


def test_a_done_pod_is_let_back_into_traffic() -> None:
    assert writes(renewed()) == ["on a"]


def test_c84_an_ambiguous_pod_has_its_gate_rewritten_for_the_kubelet_to_quote() -> None:
    assert writes(view(patched("a", container("C2", "app:v2"), observed=2))) == ["acknowledge a"]


def test_in_mode_none_a_done_pod_needs_no_write() -> None:
    record = pod_record(mode=Mode.NONE)
    shown = patched("a", container("C2", "app:v2"), observed=2, gated=False, record=record)
    assert writes(view(replace(shown, gate=ABSENT))) == []


def test_c27_a_newborn_is_opened_once_its_containers_are_ready() -> None:
    assert writes(view(pod("a", gate=ABSENT))) == ["open a"]


def test_c27_a_newborn_whose_containers_are_not_ready_is_waited_for() -> None:
    assert writes(view(pod("a", gate=ABSENT, containers_ready=Condition("False")))) == []


def test_i8_a_pod_that_is_at_the_goal_and_available_is_not_written() -> None:
    assert writes(view(upgraded("a"), upgraded("b"))) == []


def test_c55_drift_is_left_alone() -> None:
    assert writes(view(pod("a", container("C1", "app:hotfix")))) == []


def test_only_repair_opens_an_orphan() -> None:
    assert writes(view(pod("a", gate=Condition("False"), ready=quoted()))) == []


def test_a_pod_whose_record_cannot_be_read_is_left_alone() -> None:
    assert writes(view(pod("a", record_problem="newer"))) == []


def test_a_pod_with_a_write_under_way_is_not_written_again() -> None:
    assert writes(replace(view(drained("a"), **OFF), busy=frozenset({"uid-a"}))) == []


# Drained: where it goes from there


def test_c58_in_a_pause_a_drained_pod_goes_on() -> None:
    of = view(drained("a"), record=release(State.PAUSED, origin=State.PROGRESSING), **OFF)
    assert writes(of) == ["image a"]


@pytest.mark.guard("nothing-is-taken-in-a-pause")
@pytest.mark.parametrize("state", [State.PAUSED, State.FAILED, State.AWAITING_CONFIRM])
def test_c58_i9_no_new_pod_is_taken_in(state: State) -> None:
    assert writes(view(pod("a"), record=release(state))) == []


def test_i9_no_new_pod_is_taken_once_the_driver_is_told_to_stop() -> None:
    assert writes(view(pod("a"), stopping=True)) == []


@pytest.mark.guard("failed-reopens-the-drained")
@pytest.mark.parametrize("state", [State.FAILED, State.ABORTING])
def test_c59_a_pod_that_was_only_drained_is_reopened_without_a_restart_in(state: State) -> None:
    assert writes(view(drained("a"), record=release(state), **OFF)) == ["on a"]


def test_c59_a_reopened_pods_record_is_finished_and_keeps_its_revision() -> None:
    body = decide(view(drained("a"), record=release(State.FAILED))).patches[0].body
    record = decode(body["metadata"]["annotations"][names.IN_PLACE])
    assert (record.phase, record.to) == (Phase.FINISHED, "v1")


def test_c59_in_a_rollback_a_drained_pod_that_is_at_the_goal_is_reopened() -> None:
    of = view(drained("a"), record=release(State.ROLLING_BACK, to_revision="v1"), **OFF)
    assert writes(of) == ["on a"]


def test_c48_a_drained_pod_that_the_group_no_longer_needs_is_reopened() -> None:
    assert writes(view(drained("a"), upgraded("b"), **OFF)) == ["on a"]


# A change of mind


def going_back(shown: Pod, **changes: Any) -> View:
    return view(shown, record=release(State.ROLLING_BACK, to_revision="v1"), **changes)


@pytest.mark.guard("changed-again-only-when-settled")
def test_c9_an_image_is_not_changed_again_before_its_last_change_is_settled_or_stuck() -> None:
    assert writes(going_back(patched("a", observed=2), **OFF)) == []


def test_c59_a_patched_pod_that_is_settled_is_patched_back_under_the_same_drain() -> None:
    of = renewed()
    back = replace(of, record=release(State.ROLLING_BACK, to_revision="v1"), **OFF)
    assert writes(back) == ["image a"]


def test_c35_a_pod_that_is_stuck_on_its_pull_is_patched_back() -> None:
    stuck = container(
        "C1", "app:v2", ready=False, running=False, waiting="ErrImagePull", message='"app:v2"'
    )
    assert writes(going_back(patched("a", stuck, observed=2), **OFF)) == ["image a"]


def test_c60_traffic_off_is_seen_again_before_a_pod_is_patched_back() -> None:
    of = renewed()
    back = replace(of, record=release(State.ROLLING_BACK, to_revision="v1"))
    assert writes(back) == []


# Seen off


def is_seen_off(shown: Pod, *, before: bool = False, **changes: Any) -> bool:
    of = view(shown, **changes)
    return seen_off(stand(shown, of), of, before=before)


def test_a_drained_pod_that_its_kubelet_and_the_endpoints_show_off_is_seen_off() -> None:
    assert is_seen_off(drained("a"))


@pytest.mark.guard("no-endpoint-shows-it-ready")
def test_a_pod_that_an_endpoint_slice_still_shows_ready_is_not_seen_off() -> None:
    assert not is_seen_off(drained("a"), endpoints=frozenset({"uid-a"}))


def test_c23_a_pod_that_is_still_ready_is_not_seen_off() -> None:
    assert not is_seen_off(drained("a", ready=Condition("True")))


CRASHING = Condition("False", "ContainersNotReady", "containers with unready status: [main]")


@pytest.mark.guard("seen-off-is-not-forgotten")
def test_c77_a_pod_that_was_seen_off_stays_so_while_it_crashes_in_a_loop() -> None:
    assert is_seen_off(drained("a", ready=CRASHING), before=True)


def test_c77_a_pod_that_only_crashes_was_not_seen_off_by_that() -> None:
    assert not is_seen_off(drained("a", ready=CRASHING))


def test_c23_a_pod_that_was_seen_off_and_is_ready_again_is_not_off() -> None:
    assert not is_seen_off(drained("a", ready=Condition("True")), before=True)


def test_c85_a_pod_without_an_unfinished_record_is_not_seen_off() -> None:
    assert not is_seen_off(pod("a", gate=Condition("False"), ready=quoted()))


# Steps


def done() -> Wanted:
    return Wanted(Trigger.STEP_DONE)


def test_a_group_is_over_when_every_cell_has_its_count() -> None:
    assert decide(view(upgraded("a"), pod("b"))).move == done()


def test_a_group_is_not_over_while_a_pod_of_it_is_in_flight() -> None:
    assert decide(view(upgraded("a"), patched("b"))).move is None


def test_c82_a_group_is_not_over_inside_min_ready_seconds() -> None:
    of = view(upgraded("a"), pod("b"), record=release(min_ready_seconds=2000))
    assert decide(of).move is None


def test_the_commit_replaces_the_template_of_every_workload_that_has_another() -> None:
    found = decide(at_step(2, upgraded("a"), workloads=(workload(2),)))
    assert [write.what for write in found.workloads] == ["commit v2"]
    assert found.move is None


@pytest.mark.guard("commit-is-seen-by-the-controller")
def test_the_commit_waits_until_the_controller_has_seen_the_template() -> None:
    unseen = workload(2, revision="v2", generation=2, observed=1)
    found = decide(at_step(2, upgraded("a"), workloads=(unseen,)))
    assert (found.move, found.workloads) == (None, ())
    assert found.waits == ("the new template to be seen by set",)


def test_the_commit_is_over_when_every_controller_has_seen_it() -> None:
    assert decide(at_step(2, upgraded("a"), workloads=(workload(2, revision="v2"),))).move == done()


def test_c54_a_cell_without_a_workload_gets_one_at_the_commit() -> None:
    of = view(record=release(step=1, cells={"A": 0}), workloads=())
    of = replace(of, record=replace(of.record, step=0), workloads=())
    assert [(write.create, write.name) for write in decide(of).workloads] == [(True, "shop-a")]


def test_until_the_commit_no_workload_is_written() -> None:
    assert decide(view(pod("a"))).workloads == ()


def test_the_sweep_asks_for_a_consistent_list_before_it_ends() -> None:
    found = decide(at_step(3, upgraded("a"), upgraded("b")))
    assert (found.sweep, found.move) == (True, None)


def test_the_sweep_ends_when_a_consistent_list_shows_every_pod_at_the_goal() -> None:
    assert decide(at_step(3, upgraded("a"), upgraded("b"), swept=True)).move == done()


@pytest.mark.guard("sweep-takes-what-was-born-old")
def test_c46_c89_the_sweep_takes_a_pod_that_was_born_from_the_other_template() -> None:
    assert writes(at_step(3, upgraded("a"), pod("b"), swept=True)) == ["off b"]


# Failing and aborting


def test_a_group_fails_with_the_reason_of_its_stuck_pod() -> None:
    waiting = container(
        "C1", "app:v2", ready=False, running=False, waiting="ErrImagePull", message='"app:v2"'
    )
    first = patched("a", waiting, observed=2)
    of = view(first, sightings={first.uid: look(None, first, 0.0)})
    move = decide(of).move
    assert move is not None
    assert str(move.failure) == 'a/main: ErrImagePull: "app:v2"'


def test_an_abort_is_over_once_no_pod_is_in_flight() -> None:
    of = view(pod("a"), upgraded("b"), record=release(State.ABORTING))
    assert decide(of).move == Wanted(Trigger.PODS_SETTLED)


def test_an_abort_waits_for_a_pod_that_may_yet_be_done() -> None:
    assert decide(view(patched("a"), record=release(State.ABORTING))).move is None


def test_an_abort_finishes_a_pod_that_is_done() -> None:
    assert writes(in_state(renewed(), State.ABORTING)) == ["on a"]


def test_an_abort_gives_a_pod_up_at_its_deadline() -> None:
    record: Record = release(State.ABORTING, progress_deadline_seconds=600)
    of = view(patched("a"), record=record)
    late = replace(of, time=START + 600 + 30 + 1)
    assert decide(late).move == Wanted(Trigger.PODS_SETTLED)


def test_a_release_that_waits_is_at_rest_when_no_pod_is_in_flight() -> None:
    assert decide(view(pod("a"), record=release(State.AWAITING_CONFIRM))).at_rest


def test_a_paused_release_is_not_at_rest_while_a_pod_restarts() -> None:
    assert not decide(view(patched("a"), record=release(State.PAUSED))).at_rest

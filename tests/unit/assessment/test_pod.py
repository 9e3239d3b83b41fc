"""Each row of protocol 10's table, by name."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from msgspec import structs

from kubectl_cafe import names
from kubectl_cafe.assessment.node_clocks import ready_since
from kubectl_cafe.assessment.pod import Assessment, PodState, assess
from kubectl_cafe.assessment.snapshot import Snapshot
from kubectl_cafe.pods.model import ABSENT, Condition, Pod
from kubectl_cafe.pods.observed import look
from kubectl_cafe.pods.record import Mode, Phase
from kubectl_cafe.times import rfc3339
from statemachine.lifecycle import State
from statemachine.steps import Kind
from tests.unit.builders import (
    START,
    before,
    container,
    drained,
    patched,
    pod,
    pod_record,
    quoted,
    release,
    snapshot,
    upgraded,
)


def assessment(shown: Pod, of: Snapshot | None = None, **changes: object) -> Assessment:
    """Where `shown` stands, alone."""
    seen = of or snapshot(shown)
    return assess(shown, replace(seen, **changes))  # type: ignore[arg-type]


def row(shown: Pod, state: State = State.PROGRESSING, **changes: object) -> PodState:
    """Its row in a release to v2 in `state`."""
    return assessment(shown, snapshot(shown, record=release(state, **changes))).row


def just_done(**changes: object) -> Snapshot:
    """A patched pod whose new container was seen to appear."""
    first = patched(observed=2)
    shown = structs.replace(
        patched("a", container("C2", "app:v2"), observed=2, ready=quoted()),
        **changes,  # type: ignore[arg-type]
    )
    sighting = look(look(None, first, 0), shown, 5)
    return snapshot(shown, sightings={shown.uid: sighting})


def none_mode(phase: Phase = Phase.PATCHED, **changes: object) -> Pod:
    """A pod of mode None after its only write, done as far as it shows."""
    record = pod_record(phase, mode=Mode.NONE, **changes)
    return pod(
        "a",
        container("C2", "app:v2"),
        gated=False,
        gate=ABSENT,
        generation=2,
        observed=2,
        record=record,
        labels={names.REVISION: "v2"},
    )


@pytest.mark.guard("mode-none-was-seen-done")
def test_a_pod_of_mode_none_is_available_to_whoever_looks_after_its_release_was_over() -> None:
    shown = none_mode()
    assert assessment(shown, snapshot(shown, record=release(State.COMPLETED))).available


def test_a_pod_of_mode_none_is_available_once_its_group_is_over() -> None:
    shown = none_mode()
    waits = release(State.AWAITING_CONFIRM, step=1)
    assert assessment(shown, snapshot(shown, record=waits)).available


LEFT = [
    (State.PROGRESSING, {}, {}, "its group is not over"),
    (State.PROGRESSING, {"step": 3}, {"group": 0}, "the sweep takes it"),
    (State.COMPLETED, {"id": "r2"}, {}, "another release left it"),
    (State.ABORTED, {}, {}, "its release was aborted"),
]


@pytest.mark.guard("mode-none-was-seen-done-by-its-own-driver")
@pytest.mark.parametrize(
    ("state", "of_release", "of_record", "why"), LEFT, ids=[row[-1] for row in LEFT]
)
def test_a_pod_of_mode_none_that_nobody_saw_done_waits_for_its_time(
    state: State, of_release: dict[str, Any], of_record: dict[str, Any], why: str
) -> None:
    shown = none_mode(**of_record)
    assert not assessment(shown, snapshot(shown, record=release(state, **of_release))).available


def test_a_pod_of_a_known_revision_that_is_not_the_goal_is_a_candidate() -> None:
    assert row(pod()) is PodState.CANDIDATE


def test_a_pod_at_the_goal_with_a_finished_record_is_at_the_goal() -> None:
    assert row(upgraded()) is PodState.AT_GOAL


def test_a_replacement_at_the_goal_without_a_record_is_adopted() -> None:
    shown = pod("a", container("C9", "app:v2"), labels={names.REVISION: "v2"})
    found = assessment(shown)
    assert (found.row, found.settled, found.available) == (PodState.AT_GOAL, True, True)


@pytest.mark.guard("another-clients-patch-is-verified")
def test_c55_another_clients_patch_to_the_goal_is_not_available_before_it_is_settled() -> None:
    shown = pod(
        "a",
        container("C1", "app:v2", image_id="D1"),
        generation=2,
        observed=2,
        labels={names.REVISION: "v2"},
    )
    assert not assessment(shown).available


def test_c27_a_pod_whose_gate_is_absent_is_newborn() -> None:
    assert row(pod(gate=ABSENT)) is PodState.NEW


def test_a_drained_pod_is_drained() -> None:
    assert row(drained()) is PodState.DRAINED


def test_a_drained_pod_of_an_earlier_release_is_drained_under_this_one() -> None:
    assert row(drained(record=pod_record(Phase.DRAINED, release="r0", to="v0"))) is PodState.DRAINED


def test_a_patched_pod_whose_to_is_the_goal_is_patched() -> None:
    assert row(patched()) is PodState.PATCHED


def test_c60_a_patched_pod_whose_to_is_not_the_goal_is_patched_elsewhere() -> None:
    assert row(patched(), to_revision="v1") is PodState.PATCHED_ELSEWHERE


def test_while_aborting_every_patched_pod_only_finishes() -> None:
    assert row(patched(record=pod_record(to="v1")), State.ABORTING) is PodState.PATCHED


def test_in_a_pause_of_nothing_but_an_abort_that_failed_there_is_no_goal_either() -> None:
    failed = release(State.FAILED, origin=State.ABORTING)
    assert snapshot(record=failed).goal is None


def test_c55_an_image_of_no_known_revision_is_drift() -> None:
    assert row(pod("a", container("C1", "app:hotfix"), generation=2)) is PodState.DRIFT


def test_a_pod_out_of_traffic_without_a_record_is_an_orphan() -> None:
    assert row(pod(gate=Condition("False"), ready=quoted())) is PodState.ORPHAN


def test_a_pod_whose_traffic_label_is_off_without_a_record_is_an_orphan() -> None:
    shown = pod(gated=False, gate=ABSENT, labels={names.TRAFFIC: "off"})
    assert row(shown) is PodState.ORPHAN


@pytest.mark.parametrize(
    "shown",
    [pod(terminating=True), pod(phase="Failed"), drained(phase="Succeeded")],
    ids=["C49 terminating", "C50 Failed", "C50 Succeeded"],
)
def test_a_pod_that_is_on_its_way_out_is_forgotten(shown: Pod) -> None:
    assert row(shown) is PodState.FORGOTTEN


def test_a_pod_whose_record_cannot_be_read_is_left_alone() -> None:
    assert row(pod(record_problem="not JSON")) is PodState.UNREADABLE


def test_c78_a_pod_with_the_goals_images_and_another_label_is_unlabelled() -> None:
    assert row(pod("a", container("C1", "app:v2"))) is PodState.UNLABELLED


def test_images_alone_say_nothing_about_a_pod_in_flight() -> None:
    at_v2 = drained("a", containers={"main": container("C1", "app:v2")})
    assert row(at_v2) is PodState.DRAINED


def test_an_image_that_admission_rewrote_is_what_the_record_says() -> None:
    rewritten = upgraded("a", container("C2", "mirror/app:v2"))
    assert row(rewritten) is PodState.AT_GOAL


def test_an_image_that_another_client_wrote_after_ours_is_drift() -> None:
    changed = upgraded("a", container("C3", "app:hotfix"), generation=3, observed=3)
    assert row(changed) is PodState.DRIFT


def test_a_patched_pod_is_done_when_its_new_container_was_seen_to_appear() -> None:
    of = just_done()
    assert assessment(of.pods["uid-a"], of).done


@pytest.mark.guard("another-clients-image-is-never-done")
def test_c55_a_patched_pod_that_another_client_patched_again_is_never_done() -> None:
    first = patched(generation=3, observed=3)
    shown = patched("a", container("C3", "app:hotfix"), generation=3, observed=3)
    sighting = look(look(None, first, 0), shown, 5)
    assert not assessment(shown, snapshot(shown, sightings={shown.uid: sighting})).done


# Mode None writes no third time: when its record counts as finished.


def test_in_mode_none_a_record_is_finished_once_the_pod_is_done() -> None:
    first = none_mode()
    old = structs.replace(first, containers={"main": container("C1", "app:v2", image_id="D1")})
    of = snapshot(first, sightings={first.uid: look(look(None, old, 0), first, 5)})
    assert assessment(first, of).row is PodState.AT_GOAL


def test_in_mode_none_an_ambiguous_pod_of_the_current_group_is_patched() -> None:
    assert row(none_mode()) is PodState.PATCHED


def test_in_mode_none_a_record_of_a_group_that_is_over_counts_as_finished() -> None:
    assert row(none_mode(), step=1) is PodState.AT_GOAL


def test_in_mode_none_the_recorded_container_is_not_finished_although_the_group_is_over() -> None:
    shown = none_mode(before={"main": before("C2")})
    assert row(shown, step=1) is PodState.PATCHED


@pytest.mark.guard("a-first-container-finishes-no-record")
def test_c14_in_mode_none_the_first_container_that_is_shown_does_not_finish_a_record() -> None:
    """The kubelet may have started it from the image of before the patch."""
    shown = none_mode(before={"main": before("")})
    assert row(shown, step=1) is PodState.PATCHED
    back = row(shown, State.ROLLING_BACK, kind=Kind.ROLLBACK, to_revision="v1")
    assert back is PodState.PATCHED_ELSEWHERE


def test_in_mode_none_a_drained_record_is_not_finished() -> None:
    assert row(none_mode(Phase.DRAINED), step=1) is PodState.DRAINED


# Available


def test_a_ready_pod_in_traffic_is_available() -> None:
    assert assessment(pod()).available


@pytest.mark.parametrize(
    "shown",
    [
        pod(ready=Condition("False")),
        pod(ready=ABSENT),
        pod(gate=ABSENT),
        drained(),
        patched(),
        pod(terminating=True),
    ],
    ids=["not Ready", "no Ready", "newborn", "drained", "patched", "terminating"],
)
def test_a_pod_is_not_available_if(shown: Pod) -> None:
    assert not assessment(shown).available


@pytest.mark.guard("restart-outstanding-is-unavailable")
def test_a_ready_pod_whose_kubelet_has_not_seen_its_spec_is_unavailable() -> None:
    assert not assessment(pod(generation=2, observed=1)).available


def test_a_patched_pod_is_unavailable_whatever_its_ready_says() -> None:
    lying = patched(gate=Condition("True"), ready=Condition("True"))
    assert not assessment(lying).available


@pytest.mark.guard("min-ready-seconds-for-the-new-version")
def test_c63_a_new_version_is_available_only_after_min_ready_seconds() -> None:
    record = pod_record(Phase.FINISHED, gen=2, since=rfc3339(START + 40))
    shown = upgraded(record=record)
    of = snapshot(shown, record=release(min_ready_seconds=30))
    assert [assessment(shown, of, time=START + t).available for t in (69, 70)] == [False, True]


def test_min_ready_seconds_are_not_asked_of_the_old_version() -> None:
    shown = pod(ready=Condition("True", since=START + 59))
    assert assessment(shown, snapshot(shown, record=release(min_ready_seconds=30))).available


def test_c39_min_ready_seconds_begin_anew_with_a_restart_of_the_container() -> None:
    shown = upgraded("a", container("C3", "app:v2", started_at=START + 50))
    assert ready_since(shown, snapshot(shown)) == START + 50


def test_c42_min_ready_seconds_begin_anew_with_ready() -> None:
    shown = pod(ready=Condition("True", since=START + 7))
    assert ready_since(shown, snapshot(shown)) == START + 7


def test_the_mode_of_a_pod_in_flight_is_the_one_in_its_record() -> None:
    shown = drained(gated=False, record=pod_record(Phase.DRAINED, mode=Mode.LABEL))
    assert assessment(shown).mode is Mode.LABEL

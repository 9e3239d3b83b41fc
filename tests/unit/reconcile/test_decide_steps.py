"""When a step is over, and how a failure and an abort end (protocol 9, 10)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from msgspec import structs

from kubectl_cafe.assessment.snapshot import Snapshot, Wanted
from kubectl_cafe.pods.model import ABSENT, Pod
from kubectl_cafe.pods.observed import look
from kubectl_cafe.podsets import Workload
from kubectl_cafe.reconcile.decide import decide
from kubectl_cafe.waits import texts
from statemachine.lifecycle import State, Trigger
from tests.unit.builders import (
    START,
    container,
    patched,
    pod,
    quoted,
    release,
    renewed,
    snapshot,
    upgraded,
    workload,
    writes,
)


def in_state(of: Snapshot, state: State, **changes: Any) -> Snapshot:
    return replace(of, record=structs.replace(of.record, state=state, **changes))


def at_step(
    step: int, *pods: Pod, workloads: tuple[Workload, ...] = (), **changes: Any
) -> Snapshot:
    of = snapshot(*pods, record=release(step=step), **changes)
    return replace(of, workloads=workloads) if workloads else of


@pytest.mark.parametrize("busy", [(), ("uid-a",)], ids=["nothing under way", "a write under way"])
def test_an_abort_by_force_reads_nothing_more(busy: tuple[str, ...]) -> None:
    forced = release(State.ABORTING, forced=True)
    found = decide(snapshot(patched("a"), record=forced, busy=frozenset(busy)))
    assert (found.sweep, found.nodes, found.others) == (False, False, False)


# Steps


def done() -> Wanted:
    return Wanted(Trigger.STEP_DONE)


def test_a_group_is_over_when_every_cell_has_its_count() -> None:
    assert decide(snapshot(upgraded("a"), pod("b"))).move == done()


def test_a_group_is_not_over_while_a_pod_of_it_is_in_flight() -> None:
    assert decide(snapshot(upgraded("a"), patched("b"))).move is None


def test_a_group_is_not_over_while_a_write_is_on_its_way() -> None:
    of = snapshot(upgraded("a"), pod("b"), busy=frozenset({"uid-b"}))
    assert decide(of).move is None


def test_c82_a_group_is_not_over_inside_min_ready_seconds() -> None:
    of = snapshot(upgraded("a"), pod("b"), record=release(min_ready_seconds=2000))
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
    assert texts(found.waits) == ("set to observe the new template",)


def test_the_commit_is_over_when_every_controller_has_seen_it() -> None:
    assert decide(at_step(2, upgraded("a"), workloads=(workload(2, revision="v2"),))).move == done()


def test_c54_a_cell_without_a_workload_gets_one_at_the_commit() -> None:
    of = snapshot(record=release(step=1, cells={"A": 0}), workloads=())
    of = replace(of, record=structs.replace(of.record, step=0), workloads=())
    assert [(write.create, write.name) for write in decide(of).workloads] == [(True, "shop-a")]


def test_until_the_commit_no_workload_is_written() -> None:
    assert decide(snapshot(pod("a"))).workloads == ()


def test_the_sweep_asks_for_a_consistent_list_before_it_ends() -> None:
    found = decide(at_step(3, upgraded("a"), upgraded("b")))
    assert (found.sweep, found.move) == (True, None)


def test_the_sweep_ends_when_a_consistent_list_shows_every_pod_at_the_goal() -> None:
    assert decide(at_step(3, upgraded("a"), upgraded("b"), swept=True)).move == done()


@pytest.mark.guard("the-sweep-takes-pods-created-old")
def test_c46_c89_the_sweep_takes_a_pod_that_was_born_from_the_other_template() -> None:
    assert writes(at_step(3, upgraded("a"), pod("b"), swept=True)) == ["off b"]


# Failing and aborting


def test_a_group_fails_with_the_reason_of_its_stuck_pod() -> None:
    waiting = container(
        "C1", "app:v2", ready=False, running=False, waiting="ErrImagePull", message='"app:v2"'
    )
    first = patched("a", waiting, observed=2)
    of = snapshot(first, sightings={first.uid: look(None, first, 0.0)})
    move = decide(of).move
    assert move is not None
    assert str(move.failure) == 'a/main: ErrImagePull: "app:v2"'


def test_an_abort_is_over_once_no_pod_is_in_flight() -> None:
    of = snapshot(pod("a"), upgraded("b"), record=release(State.ABORTING))
    assert decide(of).move == Wanted(Trigger.PODS_SETTLED)


def test_an_abort_waits_for_a_pod_that_may_yet_be_done() -> None:
    assert decide(snapshot(patched("a"), record=release(State.ABORTING))).move is None


def test_an_abort_finishes_a_pod_that_is_done() -> None:
    assert writes(in_state(renewed(), State.ABORTING)) == ["on a"]


@pytest.mark.guard("an-abort-knows-what-becomes-of-its-pods")
def test_an_abort_fails_at_the_deadline_of_a_restart_that_may_yet_come() -> None:
    """Its end is not known: nothing says that this pod will come back as it is."""
    of = snapshot(patched("a"), record=release(State.ABORTING, progress_deadline_seconds=600))
    move = decide(replace(of, time=START + 600 + 30 + 1)).move
    assert move is not None
    assert str(move.failure) == "ProgressDeadlineExceeded: 1 restart unfinished after 10m: a"


def test_an_abort_leaves_behind_a_pod_whose_image_cannot_be_pulled() -> None:
    waiting = container(
        "C1", "app:v2", ready=False, running=False, waiting="ErrImagePull", message='"app:v2"'
    )
    of = snapshot(patched("a", waiting, observed=2), record=release(State.ABORTING))
    assert decide(of).move == Wanted(Trigger.PODS_SETTLED)


def test_an_abort_leaves_behind_what_is_settled_and_not_ready_at_its_deadline() -> None:
    first = patched("a", observed=2)
    unready = container("C2", "app:v2", ready=False)
    shown = patched("a", unready, observed=2)
    sightings = {shown.uid: look(look(None, first, 0), shown, 5)}
    record = release(State.ABORTING, progress_deadline_seconds=600)
    of = snapshot(shown, record=record, sightings=sightings)
    assert decide(of).move is None
    assert decide(replace(of, time=START + 600 + 30 + 1)).move == Wanted(Trigger.PODS_SETTLED)


def test_a_release_that_waits_is_at_rest_when_no_pod_is_in_flight() -> None:
    assert decide(snapshot(pod("a"), record=release(State.AWAITING_CONFIRM))).at_rest


def test_a_paused_release_is_not_at_rest_while_a_pod_restarts() -> None:
    assert not decide(snapshot(patched("a"), record=release(State.PAUSED))).at_rest


def test_a_group_is_not_over_in_the_moment_in_which_a_new_pods_gate_is_opened() -> None:
    born = pod("b", gate=ABSENT, ready=quoted())
    found = decide(snapshot(upgraded("a"), born))
    assert ([patch.what for patch in found.patches], found.move) == (["open"], None)

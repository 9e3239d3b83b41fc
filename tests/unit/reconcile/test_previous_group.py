"""The next group begins over available pods of the one before (protocol 7)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from msgspec import structs

from kubectl_cafe.assessment.snapshot import Snapshot
from kubectl_cafe.pods.model import Condition, Pod
from kubectl_cafe.pods.record import Phase
from kubectl_cafe.reconcile.decide import decide
from kubectl_cafe.reconcile.previous_group import REASON, TOLERANCE
from kubectl_cafe.times import rfc3339
from statemachine.lifecycle import State, Trigger
from statemachine.record import Entry, Failure, Record
from statemachine.steps import Kind
from tests.unit.builders import (
    START,
    container,
    drained,
    pod,
    pod_record,
    release,
    snapshot,
    upgraded,
    writes,
)

NOT_READY: dict[str, Any] = {
    "ready": Condition("False", "ContainersNotReady"),
    "containers_ready": Condition("False"),
}


def unready(name: str = "canary", **changes: Any) -> Pod:
    """At the goal since the first group, and not ready any more."""
    restarted = container("C2", "app:v2", ready=False, restart_count=3)
    return upgraded(name, restarted, **{**NOT_READY, **changes})


def confirmed(*pods: Pod, ago: float = 1.0, **changes: Any) -> Snapshot:
    """Groups of one, all within the budget; the second one was let go `ago` seconds before."""
    record: Record = release(
        step=1, cells={"": len(pods)}, batch_size=1, max_unavailable=9, **changes
    )
    record = structs.replace(record, since=rfc3339(START + 60 - ago))
    return snapshot(*pods, record=record)


@pytest.mark.guard("the-next-group-begins-over-available-pods")
def test_over_a_canary_that_is_unready_no_pod_of_the_next_group_is_taken() -> None:
    of = confirmed(unready(), pod("b"), pod("c"))
    assert writes(of) == []
    assert decide(of).move is None
    assert decide(of).waits


def test_over_a_canary_that_is_available_the_next_group_begins() -> None:
    assert writes(confirmed(upgraded("canary"), pod("b"), pod("c"))) == ["off b"]


@pytest.mark.guard("an-unready-canary-fails-the-next-group")
def test_a_canary_that_stays_unready_fails_the_group_and_is_named_with_what_is_wrong() -> None:
    move = decide(confirmed(unready(), pod("b"), pod("c"), ago=TOLERANCE)).move

    assert move is not None
    assert move.failure is not None
    assert (move.trigger, move.failure.reason, move.failure.pod) == (
        Trigger.FAIL,
        REASON,
        "canary",
    )
    assert move.failure.message == (
        "the pod became unready after group 1 ended: container main: not ready, restarted 3 times"
    )


@pytest.mark.parametrize(
    ("state", "said"),
    [({"waiting": "ContainerCreating"}, "ContainerCreating"), ({"terminated": "Error"}, "Error")],
    ids=["waiting", "terminated"],
)
def test_what_the_container_of_an_unready_canary_waits_for_or_ended_with_is_said(
    state: dict[str, str], said: str
) -> None:
    down = container("C2", "app:v2", ready=False, **state)
    canary = upgraded("canary", down, **NOT_READY)
    move = decide(confirmed(canary, pod("b"), pod("c"), ago=TOLERANCE)).move
    assert move is not None
    assert str(move.failure).endswith(f": container main: {said}")


def test_a_canary_that_is_ready_again_and_within_min_ready_seconds_is_waited_for() -> None:
    back = upgraded("canary", ready=Condition("True", since=START + 55))
    of = confirmed(back, pod("b"), pod("c"), ago=TOLERANCE, min_ready_seconds=60)
    assert (writes(of), decide(of).move) == ([], None)


def test_a_pod_that_replaced_the_canary_is_upgraded_before_the_next_group() -> None:
    born = pod("born", created=START + 30)
    assert writes(confirmed(born, pod("b"), pod("c"), ago=TOLERANCE)) == ["off born"]


@pytest.mark.parametrize("phase", [Phase.DRAINED, Phase.PATCHED])
def test_once_the_group_has_taken_a_pod_its_own_count_and_the_budget_hold(phase: Phase) -> None:
    taken = drained("b", record=pod_record(phase, group=2))
    of = confirmed(unready(), taken, pod("c"), ago=TOLERANCE)
    assert decide(of).move is None


def test_a_pod_whose_write_is_on_its_way_is_taken_by_the_group_already() -> None:
    of = confirmed(unready(), pod("b"), pod("c"), ago=TOLERANCE)
    assert decide(replace(of, busy=frozenset({"uid-b"}))).move is None


def test_an_unready_pod_that_replaced_the_canary_is_no_pod_of_its_group_yet() -> None:
    born = pod("born", created=START + 30, **NOT_READY)
    assert decide(confirmed(born, pod("b"), pod("c"), ago=TOLERANCE)).move is None


def test_an_unready_pod_that_another_release_brought_to_the_goal_fails_no_group() -> None:
    there = unready(record=pod_record(Phase.FINISHED, release="r0", gen=2))
    assert decide(confirmed(there, pod("b"), pod("c"), ago=TOLERANCE)).move is None


def test_a_release_whose_steps_are_all_over_has_no_group_to_look_back_at() -> None:
    move = decide(snapshot(unready(), upgraded("b"), record=release(step=4))).move
    assert move is not None
    assert move.trigger is Trigger.STEP_DONE


def test_a_rollback_waits_for_nothing() -> None:
    back = confirmed(unready(), pod("b"), pod("c"), kind=Kind.ROLLBACK, ago=TOLERANCE)
    of = replace(back, record=structs.replace(back.record, state=State.ROLLING_BACK))
    move = decide(of).move
    assert move is None or move.failure is None or move.failure.reason != REASON


def restarted(times: int) -> Pod:
    """At the goal and Ready; its container had restarted once when its record was finished."""
    canary = upgraded("canary", container("C3", "app:v2", restart_count=times))
    assert canary.record is not None
    return structs.replace(canary, record=structs.replace(canary.record, restarts={"main": 1}))


@pytest.mark.guard("a-canary-that-has-restarted-fails-the-next-group")
@pytest.mark.parametrize(("times", "said"), [(2, "once"), (4, "3 times")])
def test_a_canary_that_has_restarted_since_its_group_was_over_fails_the_next_one(
    times: int, said: str
) -> None:
    of = confirmed(restarted(times), pod("b"), pod("c"))
    move = decide(of).move
    assert (move and move.failure) == Failure(
        REASON,
        f"container main has restarted {said} since group 1 ended",
        "canary",
    )
    assert writes(of) == []


def test_the_restart_of_the_upgrade_itself_is_no_new_one() -> None:
    assert writes(confirmed(restarted(1), pod("b"), pod("c"))) == ["off b"]


def test_a_record_that_knows_no_restarts_tells_of_none() -> None:
    old = upgraded("canary", container("C3", "app:v2", restart_count=9))
    assert writes(confirmed(old, pod("b"), pod("c"))) == ["off b"]


def entry(trigger: Trigger) -> Entry:
    return Entry(rfc3339(START), trigger, State.PROGRESSING, "ann")


@pytest.mark.guard("a-retry-takes-restarted-pods-as-they-are")
@pytest.mark.parametrize("before", [(), (Trigger.START,)])
def test_a_retry_goes_on_over_a_canary_that_has_restarted(before: tuple[Trigger, ...]) -> None:
    journal = tuple(map(entry, (*before, Trigger.RETRY)))
    assert writes(confirmed(restarted(2), pod("b"), pod("c"), journal=journal)) == ["off b"]


@pytest.mark.parametrize("last", [Trigger.STEP_DONE, Trigger.CONFIRM])
def test_a_retry_of_an_earlier_group_takes_no_restarted_pod_as_it_is(last: Trigger) -> None:
    journal = tuple(map(entry, (Trigger.RETRY, last)))
    move = decide(confirmed(restarted(2), pod("b"), pod("c"), journal=journal)).move
    assert move is not None
    assert (move.failure and move.failure.reason) == REASON

"""Whatever is waited for comes to an end, whatever lies about the time (protocol 7)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from msgspec import structs

from kubectl_cafe.assessment.disruption_budgets import DisruptionBudget
from kubectl_cafe.assessment.snapshot import Snapshot
from kubectl_cafe.pods.model import ABSENT, Condition
from kubectl_cafe.reconcile.decide import decide
from kubectl_cafe.reconcile.group_progress import DEADLINE
from kubectl_cafe.times import rfc3339
from kubectl_cafe.traffic import Service
from kubectl_cafe.traffic.endpoints import Slice
from statemachine.lifecycle import State, Trigger
from statemachine.steps import Kind
from tests.unit.builders import (
    START,
    container,
    drained,
    patched,
    pod,
    pod_record,
    release,
    snapshot,
    upgraded,
    workload,
)

LATER = 10 * 86_400.0
"""Seconds after everything: ten days."""
AHEAD = rfc3339(START + 20 * 86_400)
"""A time that is yet to come, by every clock but the one that wrote it."""
LATE = Condition("True", since=START + 20 * 86_400)
SHOP = Service("shop", {"app": "shop"})
BALANCER = "example.com/balancer"
EVERYTHING = DisruptionBudget("all", (), desired=9, allowed=0, healthy=2, expected=9, observed=True)


def budget() -> Snapshot:
    return snapshot(pod("a"), pod("b"), budgets=(EVERYTHING,))


def leaving() -> Snapshot:
    return snapshot(drained("a", ready=Condition("True")), pod("b"))


def lingering() -> Snapshot:
    shown = drained("a", labels={"app": "shop"})
    slices = (Slice("shop-x", "shop", frozenset({shown.uid})),)
    return snapshot(
        shown, pod("b"), services=(SHOP,), slices=slices, endpoints=frozenset({shown.uid})
    )


def held() -> Snapshot:
    record = release(traffic_finalizers=(BALANCER,))
    return snapshot(drained("a", finalizers={BALANCER: 1.0}), pod("b"), record=record)


def restarting() -> Snapshot:
    return snapshot(patched("a"), pod("b"))


def stopping_elsewhere() -> Snapshot:
    record = release(State.ROLLING_BACK, kind=Kind.ROLLBACK, step=1, to_revision="v1")
    return snapshot(patched("a"), record=structs.replace(record, plan=release(cells={"": 1}).plan))


def verifying() -> Snapshot:
    return snapshot(patched("a", container("C2", "app:v2"), observed=2), pod("b"))


def unready() -> Snapshot:
    return snapshot(upgraded("a", ready=Condition("False", "ContainersNotReady")), pod("b"))


def maturing() -> Snapshot:
    return snapshot(upgraded("a", ready=LATE), pod("b"), record=release(min_ready_seconds=60))


def joining() -> Snapshot:
    shown = pod("a", labels={"app": "shop"}, ip="10.0.0.1")
    return snapshot(shown, record=release(cells={"": 1}), services=(SHOP,))


def lost() -> Snapshot:
    gone = {"ready": Condition("False"), "containers_ready": Condition("True")}
    return snapshot(pod("a", **gone), record=release(cells={"": 1}))


def missing() -> Snapshot:
    return snapshot(upgraded("a"), workloads=(workload(2),), record=release(step=1))


def unopened() -> Snapshot:
    return snapshot(pod("a", gate=ABSENT, ready=Condition("False")), record=release(cells={"": 1}))


def drifted() -> Snapshot:
    return snapshot(pod("a", container("C1", "app:strange")), record=release(cells={"": 1}))


def unseen_commit() -> Snapshot:
    unseen = workload(2, revision="v2", generation=2, observed=1)
    return snapshot(upgraded("a"), upgraded("b"), record=release(step=2), workloads=(unseen,))


def unborn() -> Snapshot:
    record = release(kind=Kind.CREATE, cells={"A": 1}, step=1)
    return snapshot(record=record, workloads=(workload(1, "A"),))


def busy() -> Snapshot:
    return replace(snapshot(pod("a"), pod("b")), busy=frozenset({"uid-a", "uid-b"}))


def unseen_takes() -> Snapshot:
    return replace(snapshot(pod("a"), pod("b")), unseen_takes=True)


def terminating() -> Snapshot:
    return snapshot(
        pod("a", terminating=True), record=release(cells={"": 1}), workloads=(workload(1),)
    )


WAITS: tuple[Callable[[], Snapshot], ...] = (
    budget,
    leaving,
    lingering,
    held,
    restarting,
    stopping_elsewhere,
    verifying,
    unready,
    maturing,
    joining,
    lost,
    missing,
    unopened,
    drifted,
    unseen_commit,
    unborn,
    busy,
    unseen_takes,
    terminating,
)


def lying(of: Snapshot) -> Snapshot:
    """The same, where every record says a time that is yet to come."""
    record = structs.replace(of.record, since=AHEAD, started=AHEAD)
    pods = {
        uid: structs.replace(one, record=structs.replace(one.record, since=AHEAD))
        if one.record
        else one
        for uid, one in of.pods.items()
    }
    return replace(of, record=record, pods=pods, heard_at=of.time, driven_since=of.time)


@pytest.mark.parametrize("lies", [False, True], ids=["true times", "times yet to come"])
@pytest.mark.parametrize("waits", WAITS, ids=[one.__name__ for one in WAITS])
def test_what_is_waited_for_goes_on_or_fails_the_release_by_its_deadline(
    waits: Callable[[], Snapshot], lies: bool
) -> None:
    of = lying(waits()) if lies else waits()
    first, much_later = decide(of), decide(replace(of, time=of.time + LATER, now=of.now + LATER))
    if not lies:
        assert first.move is None, "something is waited for"
    goes_on = bool(much_later.patches or much_later.workloads)
    fails = much_later.move is not None and much_later.move.trigger is Trigger.FAIL
    done = much_later.move is not None and much_later.move.trigger is Trigger.STEP_DONE
    assert goes_on or fails or done
    if fails:
        assert much_later.move is not None
        assert much_later.move.failure is not None
        assert much_later.move.failure.reason == DEADLINE


@pytest.mark.guard("a-time-yet-to-come-is-not-believed")
def test_a_pods_record_of_a_time_yet_to_come_does_not_keep_a_group_from_failing() -> None:
    ahead = pod_record(since=AHEAD)
    of = replace(snapshot(patched("a", record=ahead), pod("b")), driven_since=START)
    move = decide(replace(of, time=START + 700)).move
    assert move is not None
    assert move.trigger is Trigger.FAIL


def test_a_record_of_a_time_yet_to_come_counts_from_when_the_driver_heard_of_it() -> None:
    of = replace(snapshot(pod("a"), pod("b"), budgets=(EVERYTHING,)), heard_at=START + 100)
    of = replace(of, record=structs.replace(of.record, since=AHEAD))
    moves = [decide(replace(of, time=START + 100 + after)).move for after in (590, 640)]
    assert [move is not None for move in moves] == [False, True]

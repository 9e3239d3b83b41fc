"""When a group has failed, and what is awaited (protocol 7)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from msgspec import structs

from kubectl_cafe.assessment.desired_replicas import revision_now
from kubectl_cafe.assessment.snapshot import Snapshot
from kubectl_cafe.pods.model import ABSENT, Condition
from kubectl_cafe.pods.observed import look
from kubectl_cafe.pods.record import Phase
from kubectl_cafe.reconcile.group_progress import (
    DEADLINE,
    GONE,
    deadline,
    failure,
    pod_deadline,
    workload_gone,
)
from kubectl_cafe.reconcile.group_waits import waits
from kubectl_cafe.times import rfc3339
from kubectl_cafe.waits import texts
from statemachine.lifecycle import State
from statemachine.steps import Kind
from tests.unit.builders import (
    START,
    assessments,
    before,
    container,
    patched,
    pod,
    pod_record,
    release,
    snapshot,
    upgraded,
    workload,
)

PULLING = container(
    "C1", "app:v2", ready=False, running=False, waiting="ErrImagePull", message='"app:v2"'
)


def due(of: Snapshot) -> float:
    """Seconds after the start at which the group fails."""
    return deadline(of, assessments(of)) - START


def failed(of: Snapshot) -> str:
    return str(failure(of, assessments(of)) or "")


def test_a_group_without_progress_fails_at_its_deadline() -> None:
    of = snapshot(upgraded("a"))
    assert [failed(replace(of, time=START + t)) for t in (599, 600)] == [
        "",
        f"{DEADLINE}: no progress for 10m, waiting for: no pods",
    ]


@pytest.mark.guard("grace-is-added-to-the-deadline")
def test_c43_the_longest_grace_period_of_a_pod_that_restarts_is_added() -> None:
    assert due(snapshot(patched(grace=600), patched("b", grace=30))) == 1200


def test_c44_two_containers_are_killed_one_after_the_other() -> None:
    both = {"main": before(), "side": before("S1", "side:v1", "S")}
    assert due(snapshot(patched(grace=30, record=pod_record(before=both)))) == 660


@pytest.mark.guard("progress-moves-the-deadline")
def test_c82_the_deadline_is_counted_from_the_last_progress_of_any_pod() -> None:
    record = pod_record(since=rfc3339(START + 50))
    assert due(snapshot(patched(record=record, grace=30))) == 680


def test_c82_the_record_of_an_earlier_release_is_no_progress() -> None:
    record = pod_record(Phase.DRAINED, release="r0", since=rfc3339(START + 500))
    of = snapshot(pod("a", gate=Condition("False"), record=record), revisions={}, now=550.0)
    assert due(of) == 600


def test_an_old_pod_that_becomes_ready_is_no_progress() -> None:
    old = pod("b", ready=Condition("True", since=START + 50), grace=0)
    assert due(snapshot(upgraded("a", grace=0), old)) == 600


def test_a_retry_starts_the_deadline_anew() -> None:
    of = snapshot(upgraded("a"), record=release(since=rfc3339(START + 300)))
    assert due(of) == 900


def test_min_ready_seconds_are_no_lack_of_progress() -> None:
    shown = upgraded(ready=Condition("True", since=START + 50))
    assert due(snapshot(shown, record=release(min_ready_seconds=1000))) == 1650


def test_c34_a_pull_error_of_the_new_image_fails_the_group_with_its_reason() -> None:
    shown = patched("a", PULLING, observed=2)
    of = snapshot(shown, sightings={shown.uid: look(None, shown, 0.0)})
    assert failed(of) == 'a/main: ErrImagePull: "app:v2"'


def test_c34_a_pod_that_is_yet_to_be_taken_does_not_hide_the_trouble_of_another() -> None:
    shown = patched("b", PULLING, observed=2)
    of = snapshot(pod("a"), shown)
    seen = {**of.sightings, shown.uid: look(None, shown, 0.0)}
    assert failed(replace(of, sightings=seen)) == 'b/main: ErrImagePull: "app:v2"'


def test_c77_trouble_of_a_pod_that_is_to_be_changed_again_fails_nothing() -> None:
    shown = patched("a", PULLING, observed=2)
    back = release(State.ROLLING_BACK, to_revision="v1")
    of = snapshot(shown, record=back, sightings={shown.uid: look(None, shown, 0.0)})
    assert failed(of) == ""


def test_a_pod_that_restarts_is_named_as_awaited() -> None:
    of = snapshot(patched("a"))
    assert texts(waits(of, assessments(of))) == ("restarting: a",)


def test_c80_a_pod_on_a_lost_node_is_named_as_awaited() -> None:
    of = snapshot(pod("a", ready=Condition("False"), gated=False, gate=ABSENT))
    assert "pods on a lost node: a" in texts(waits(of, assessments(of)))


def test_of_many_pods_the_first_are_named_and_the_rest_counted() -> None:
    of = snapshot(*(patched(f"p{n}") for n in range(5)))
    assert texts(waits(of, assessments(of))) == ("restarting: p0, p1, p2 and 2 more",)


def test_as_many_pods_as_are_named_leave_no_rest() -> None:
    of = snapshot(*(patched(f"p{n}") for n in range(3)))
    assert texts(waits(of, assessments(of))) == ("restarting: p0, p1, p2",)


def test_what_a_stuck_pod_says_comes_first() -> None:
    of = snapshot(patched("a", PULLING, observed=2))
    assert texts(waits(of, assessments(of)))[0] == 'pod a: container main: ErrImagePull: "app:v2"'


def test_stuck_pods_with_the_same_message_are_awaited_together() -> None:
    of = snapshot(*(patched(f"p{n}", PULLING, observed=2) for n in range(5)))
    found = [text for text in texts(waits(of, assessments(of))) if "container" in text]
    assert found == ['pods p0, p1, p2 and 2 more: container main: ErrImagePull: "app:v2"']


def test_of_many_different_messages_of_pods_the_first_are_given() -> None:
    pulling = (structs.replace(PULLING, message=f"message {n}") for n in range(8))
    of = snapshot(*(patched(f"p{n}", one, observed=2) for n, one in enumerate(pulling)))
    found = texts(waits(of, assessments(of)))
    assert [text.rpartition(": ")[2] for text in found[:5]] == [f"message {n}" for n in range(5)]
    assert found[5] == "pods with other messages: p5, p6, p7"


def test_where_nothing_is_under_way_the_missing_pods_are_awaited() -> None:
    of = snapshot(pod("a"))
    assert texts(waits(of, assessments(of))) == ("pods to become available (all: 1)",)


def test_a_pod_in_flight_is_given_up_after_its_grace_period_and_the_deadline() -> None:
    shown = patched("a", grace=45)
    assert pod_deadline(snapshot(shown), shown) == START + 600 + 45


@pytest.mark.parametrize(("cell", "named"), [("", "cell all "), ("A", "cell A ")])
def test_the_cell_of_a_workload_that_is_gone_is_named(cell: str, named: str) -> None:
    found = workload_gone(snapshot(record=release(cells={cell: 2}, from_revision=""), workloads=()))
    assert found is not None
    assert (found.reason, named in found.message) == (GONE, True)


def test_where_no_workload_is_missing_its_template_need_not_be_known() -> None:
    two = (workload(), workload(revision="v2"))
    of = snapshot(record=release(from_revision=""), workloads=two)
    assert revision_now(of) is None
    assert workload_gone(of) is None


def crashed(name: str, **changes: object) -> Snapshot:
    """A rollback to v1 with one pod at v1, in a crash loop."""
    shown = container("C1", "app:v1", ready=False, running=False, waiting="CrashLoopBackOff")
    record = release(State.ROLLING_BACK, kind=Kind.ROLLBACK, to_revision="v1", from_revision="v2")
    return snapshot(pod(name, shown, ready=Condition("False"), **changes), record=record)


@pytest.mark.guard("an-untouched-pod-fails-nothing")
def test_c74_an_old_pod_that_crashes_does_not_fail_the_rollback_to_its_version() -> None:
    of = crashed("a")
    assert failure(of, assessments(of)) is None


def test_c77_a_pod_born_under_the_rollback_that_crashes_fails_it() -> None:
    of = crashed("a", created=START + 1)
    found = failure(of, assessments(of))
    assert found is not None
    assert found.reason == "CrashLoopBackOff"


@pytest.mark.guard("time-without-a-driver-fails-nothing")
def test_the_time_in_which_nobody_drove_fails_nothing() -> None:
    of = snapshot(patched("a"))
    assert due(replace(of, driven_since=START + 5000)) > 5000

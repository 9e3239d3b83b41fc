"""After the deadline each verb reaches a pod whose changed container does not run (protocol 10)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from msgspec import structs

from kubectl_cafe.assessment.snapshot import Snapshot
from kubectl_cafe.pods.model import Condition, Container, Pod
from kubectl_cafe.pods.observed import look
from kubectl_cafe.reconcile.decide import decide
from kubectl_cafe.waits import texts
from statemachine.lifecycle import State, Trigger
from tests.unit.builders import container, patched, pod_record, release, snapshot, writes

CREATING = container("C1", "app:v2", ready=False, running=False, waiting="ContainerCreating")
BACKING_OFF = structs.replace(CREATING, waiting="CrashLoopBackOff")


def broken(main: Container, observed: int = 2) -> Pod:
    """A pod whose new container does not start, for a reason that would pass by itself."""
    unready = Condition("False", "ContainersNotReady")
    return patched("a", main, observed=observed, ready=unready, grace=30)


def at(now: float, shown: Pod, state: State, **changes: object) -> Snapshot:
    """A driver that has just come, and sees the pod for the first time."""
    record = release(state, progress_deadline_seconds=40, **changes)
    sightings = {shown.uid: look(None, shown, now)}
    of = snapshot(
        shown, record=record, now=now, driven_since=now + 1_000_000.0, sightings=sightings
    )
    return replace(of, off_since={shown.uid: now - 60})


BACK = {"to_revision": "v1", "from_revision": "v2"}


@pytest.mark.guard("overdue-by-the-records-own-time")
@pytest.mark.parametrize("main", [CREATING, BACKING_OFF], ids=["being created", "backing off"])
def test_a_rollback_reaches_it_at_once(main: Container) -> None:
    ways = [at(t, broken(main), State.ROLLING_BACK, **BACK) for t in (69, 71)]
    assert [writes(of) for of in ways] == [[], ["image a"]]


def test_a_release_that_supersedes_reaches_it() -> None:
    assert writes(at(71, broken(CREATING), State.PROGRESSING, **BACK)) == ["image a"]


def test_a_rollback_reaches_it_although_its_kubelet_is_silent() -> None:
    assert writes(at(71, broken(CREATING, observed=1), State.ROLLING_BACK, **BACK)) == ["image a"]


@pytest.mark.guard("a-late-start-is-no-end-of-an-abort")
def test_an_abort_fails_for_it_may_start_yet() -> None:
    aborts = [decide(at(t, broken(CREATING), State.ABORTING)) for t in (69, 71)]
    moves = [abort.move and abort.move.trigger for abort in aborts]
    assert moves == [None, Trigger.FAIL]


def test_a_container_that_runs_is_waited_for_after_the_deadline_too() -> None:
    """The recorded one: a slow pull looks like that, and it is never settled (C68)."""
    runs = container("C1", "app:v2", image_id="D1")
    assert writes(at(71, broken(runs), State.ROLLING_BACK, **BACK)) == []


def test_a_retry_says_what_it_waits_for() -> None:
    of = at(71, broken(CREATING), State.PROGRESSING)
    assert texts(decide(of).waits)[0] == "pod a: container main: ContainerCreating: "


def test_an_earlier_releases_record_counts_by_its_own_time() -> None:
    shown = broken(CREATING)
    old = structs.replace(shown, record=pod_record(release="r0"))
    assert writes(at(71, old, State.PROGRESSING, **BACK)) == ["image a"]

"""An assessment is kept while nothing changes that it was made from, and never for longer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from kubectl_cafe.assessment.assessed import lasts
from kubectl_cafe.assessment.snapshot import Snapshot
from kubectl_cafe.pods.model import ABSENT, Pod
from kubectl_cafe.pods.observed import look
from kubectl_cafe.pods.record import Phase
from kubectl_cafe.times import rfc3339
from kubectl_cafe.traffic import Service
from statemachine.lifecycle import State
from tests.unit.builders import (
    START,
    container,
    drained,
    patched,
    pod,
    pod_record,
    release,
    revision,
    snapshot,
    upgraded,
)

KEPT = [pod("a"), upgraded("a")]
CHANGES: dict[str, dict[str, Any]] = {
    "the release's step": {"record": release(step=2)},
    "the release's state": {"record": release(State.PAUSED)},
    "the strategy": {"record": release(min_ready_seconds=7)},
    "the goal": {"record": release(to_revision="v1")},
    "the revisions": {"revisions": {"v2": revision("v2", 2)}},
    "the Services": {"services": (Service("web", {"app": "shop"}),)},
    "since when it is driven": {"driven_since": START + 1},
}


def after(first: Snapshot, **changes: Any) -> Snapshot:
    """The snapshot a second later, by the same process."""
    later = {"now": first.now + 1, "time": first.time + 1, "last": first.assessed, **changes}
    return replace(first, **later)


def is_kept(first: Snapshot, **changes: Any) -> bool:
    found = after(first, **changes).assessed
    return found.by_uid["uid-a"] is first.assessed.by_uid["uid-a"]


def ends(shown: Pod, **changes: Any) -> bool:
    """Whether the first assessment of `shown` holds for the next turn only."""
    of = snapshot(shown, **changes)
    return not lasts(of.assessed.by_uid["uid-a"], of.time)


@pytest.mark.parametrize("shown", KEPT, ids=["a candidate", "at the goal"])
def test_a_healthy_pod_of_which_nothing_changes_is_assessed_once(shown: Pod) -> None:
    first = snapshot(shown)
    assert is_kept(first)
    assert is_kept(after(first))


@pytest.mark.parametrize("changes", CHANGES.values(), ids=list(CHANGES))
def test_a_change_of_what_all_assessments_read_makes_all_anew(changes: dict[str, Any]) -> None:
    assert not is_kept(snapshot(upgraded("a")), **changes)


def test_a_pod_that_is_shown_anew_is_assessed_anew_and_the_others_are_kept() -> None:
    first = snapshot(upgraded("a"), pod("b"))
    ill = replace(first.pods["uid-a"], ready=ABSENT)
    second = after(first, pods={"uid-a": ill, "uid-b": first.pods["uid-b"]})
    assert not second.assessed.by_uid["uid-a"].available
    assert second.assessed.by_uid["uid-b"] is first.assessed.by_uid["uid-b"]


def test_what_is_newly_seen_of_a_pod_has_it_assessed_anew() -> None:
    first = snapshot(shown := upgraded("a"))
    assert not is_kept(first, sightings={"uid-a": look(None, shown, first.now)})


def test_a_pod_that_is_gone_is_kept_no_longer() -> None:
    first = snapshot(upgraded("a"), pod("b"))
    second = after(first, pods={"uid-b": first.pods["uid-b"]})
    assert set(second.assessed.by_uid) == set(second.assessed.lasting) == {"uid-b"}


@pytest.mark.parametrize("shown", [drained("a"), patched("a")], ids=["drained", "patched"])
def test_a_pod_in_flight_is_assessed_at_every_turn(shown: Pod) -> None:
    assert ends(shown)


@pytest.mark.guard("minReadySeconds-end-an-assessment")
def test_a_pod_within_its_min_ready_seconds_is_assessed_until_they_have_passed() -> None:
    record = release(min_ready_seconds=100)
    young = upgraded("a", record=pod_record(Phase.FINISHED, gen=2, since=rfc3339(START)))
    first = snapshot(young, record=record)
    assert not first.assessed.by_uid["uid-a"].available
    second = after(first, now=first.now + 100, time=first.time + 100)
    assert second.assessed.by_uid["uid-a"].available


def test_a_pod_that_another_client_patched_is_assessed_until_its_restart_is_sure() -> None:
    assert ends(pod("a", generation=2, observed=2))


@pytest.mark.guard("a-waiting-container-ends-an-assessment")
def test_a_container_that_waits_beside_a_ready_pod_has_it_assessed_at_every_turn() -> None:
    beside = container("", "log:v1", "log", waiting="ImagePullBackOff")
    assert ends(upgraded("a", container("C2", "app:v2"), beside))


@pytest.mark.guard("a-record-of-the-future-ends-an-assessment")
def test_a_record_of_a_time_to_come_has_its_pod_assessed_at_every_turn() -> None:
    to_come = pod_record(Phase.FINISHED, gen=2, since=rfc3339(START + 3600))
    assert ends(upgraded("a", record=to_come))

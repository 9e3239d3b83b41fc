"""An assessment is kept while nothing changes that it was made from, and never for longer."""

from __future__ import annotations

from dataclasses import replace
from math import inf
from typing import Any

import pytest
from msgspec import structs

from kubectl_cafe.assessment.assessed import limits
from kubectl_cafe.assessment.node_clocks import NOISE
from kubectl_cafe.assessment.snapshot import Snapshot
from kubectl_cafe.pods.done import FAILS_AFTER, PROBE_MARGIN
from kubectl_cafe.pods.model import ABSENT, Pod
from kubectl_cafe.pods.observed import look
from kubectl_cafe.pods.record import Phase
from kubectl_cafe.pods.restarted import KILL_FLOOR, KILL_MARGIN, verifying
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
    found = after(first, **changes)
    return found.assessment("uid-a") is first.assessment("uid-a")


def limit(shown: Pod, **changes: Any) -> tuple[float, float]:
    """How many seconds the first assessment of `shown` holds: by its own clock, by the server's."""
    of = snapshot(shown, **changes)
    own, servers = limits(of.assessment("uid-a"), of)
    return own - of.now, servers - of.time


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
    ill = structs.replace(first.pods["uid-a"], ready=ABSENT)
    second = after(first, pods={"uid-a": ill, "uid-b": first.pods["uid-b"]})
    assert not second.assessment("uid-a").available
    assert second.assessment("uid-b") is first.assessment("uid-b")


def test_what_is_newly_seen_of_a_pod_has_it_assessed_anew() -> None:
    first = snapshot(shown := upgraded("a"))
    assert not is_kept(first, sightings={"uid-a": look(None, shown, first.now)})


def test_a_pod_that_is_gone_is_kept_no_longer() -> None:
    first = snapshot(upgraded("a"), pod("b"))
    second = after(first, pods={"uid-b": first.pods["uid-b"]})
    assert {one.pod.uid for one in second.assessments} == set(second.assessed.kept) == {"uid-b"}


def test_a_drained_pod_is_assessed_again_when_it_is_shown_anew() -> None:
    assert is_kept(snapshot(drained("a")))
    assert limit(drained("a")) == (inf, inf)


@pytest.mark.guard("rule-c-ends-an-assessment")
def test_a_restart_that_time_alone_proves_is_looked_at_when_that_time_is_over() -> None:
    shown = patched("a", container("C2", "app:v2"), observed=2, gated=False)
    allowed = release().plan.strategy.progress_deadline_seconds
    own, servers = limit(shown)
    assert own == pytest.approx(KILL_FLOOR + KILL_MARGIN + 28)
    assert servers == pytest.approx(allowed - 60 + 30)
    first = snapshot(shown)
    assert not first.assessments[0].settled
    assert not is_kept(first, now=first.now + own, time=first.time + own)
    assert after(first, now=first.now + own, time=first.time + own).assessments[0].settled


def test_of_a_pod_that_is_being_verified_the_seconds_that_are_left_go_on_counting() -> None:
    first = snapshot(patched("a", container("C2", "app:v2"), observed=2, gated=False))
    left = [
        verifying(of.assessments[0].pod, of.assessments[0].evidence) for of in (first, after(first))
    ]
    assert left[0] == pytest.approx((left[1] or 0) + 1)


@pytest.mark.guard("what-peers-prove-ends-an-assessment")
def test_what_a_peer_proves_settles_a_pod_at_once() -> None:
    first = snapshot(patched("a", container("C2", "app:v2"), observed=2, gated=False))
    second = after(first, peers={"app:v2": frozenset({"D2"})})
    assert (first.assessments[0].settled, second.assessments[0].settled) == (False, True)


@pytest.mark.guard("minReadySeconds-end-an-assessment")
def test_a_pod_within_its_min_ready_seconds_is_available_once_they_have_passed() -> None:
    record = release(min_ready_seconds=100)
    young = upgraded("a", record=pod_record(Phase.FINISHED, gen=2, since=rfc3339(START)))
    first = snapshot(young, record=record)
    assert not first.assessments[0].available
    assert limit(young, record=record) == (inf, 40)
    second = after(first, now=first.now + 40, time=first.time + 40)
    assert second.assessments[0].available


@pytest.mark.guard("a-waiting-container-ends-an-assessment")
def test_a_container_that_waits_is_looked_at_when_its_reason_has_lasted() -> None:
    shown = patched("a", container("", "app:v2", waiting="Unheard"), observed=2)
    assert limit(shown)[0] == pytest.approx(FAILS_AFTER)


@pytest.mark.guard("a-startup-probe-ends-an-assessment")
def test_c69_a_container_with_a_startup_probe_is_looked_at_after_its_next_tick() -> None:
    shown = patched("a", container("C2", "app:v2", startup_period=7.0), observed=2, gated=False)
    assert limit(shown)[0] == pytest.approx(7.0 + PROBE_MARGIN)


@pytest.mark.guard("an-overdue-patch-ends-an-assessment")
def test_an_image_patch_is_looked_at_when_it_is_overdue() -> None:
    shown = patched("a")
    allowed = release().plan.strategy.progress_deadline_seconds
    assert limit(shown)[1] == pytest.approx(allowed + shown.grace - 60)


@pytest.mark.guard("a-record-of-the-future-ends-an-assessment")
def test_a_record_of_a_time_to_come_has_its_pod_looked_at_at_that_time() -> None:
    to_come = pod_record(Phase.FINISHED, gen=2, since=rfc3339(START + 3600))
    assert limit(upgraded("a", record=to_come))[1] == pytest.approx(3600 - 60 - NOISE)

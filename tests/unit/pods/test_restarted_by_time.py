"""Time settles as the last resort, and a peer at once (protocol 6, rule c)."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from kubectl_cafe.pods.model import ABSENT, Condition
from kubectl_cafe.pods.observed import look
from kubectl_cafe.pods.restarted import By, Settlement, patience
from tests.unit.builders import before, container
from tests.unit.timelines import Timeline, judged, shown, status, taken_over


def by_label(seen: Timeline) -> Timeline:
    """The same, of a pod without our gate: no acknowledgement can be had."""
    assert seen.pod is not None
    seen.pod = replace(seen.pod, gated=False, gate=ABSENT)
    return seen


def test_without_an_acknowledgement_an_id_that_stays_for_t_is_settled() -> None:
    seen = by_label(taken_over())
    seen.now = 100 + 12.0  # grace 1 s: the kubelet's floor of 2 s, and 10 s.
    assert judged(seen) == Settlement(By.TIME)


@pytest.mark.guard("time-rule-waits")
def test_an_id_that_stays_for_less_than_t_is_not_settled() -> None:
    seen = by_label(taken_over())
    seen.now = 100 + 11.9
    assert judged(seen) == Settlement(ambiguous=True)


@pytest.mark.guard("same-content-waits-twice")
def test_an_image_id_that_the_pod_had_under_another_string_takes_two_t() -> None:
    seen = by_label(taken_over("C2", "D1"))
    said = []
    for seen.now in (100 + 23.9, 100 + 24.0):
        said.append(judged(seen).by)
    assert said == [None, By.TIME]


@pytest.mark.guard("time-counts-from-what-the-kubelet-saw")
def test_c67_the_time_before_the_kubelet_saw_the_spec_does_not_count() -> None:
    seen = Timeline()
    seen.show(0, shown(2, 1, "C1x", "D1x", "app:v2"))
    seen.show(60, shown(2, 2, "C1x", "D1x", "app:v2"))
    assert judged(by_label(seen)) == Settlement(ambiguous=True)


def test_c67_what_the_kubelet_saw_at_the_clocks_zero_counts_from_there() -> None:
    seen = Timeline()
    seen.show(-60, shown(2, 1, "C1x", "D1x", "app:v2"))
    seen.show(0, shown(2, 2, "C1x", "D1x", "app:v2"))
    assert judged(by_label(seen)) == Settlement(ambiguous=True)


@pytest.mark.guard("a-reason-is-older-than-the-gate")
def test_c85_a_reason_that_stood_before_the_gate_was_written_counts_from_then() -> None:
    unready = Condition("False", "ContainersNotReady")
    pod = status(1, 1, ready=unready)
    before_w1 = look(None, replace(pod, gate=Condition("True")), 0.0)
    after_w1 = look(before_w1, replace(pod, gate=Condition("False")), 60.0)
    assert after_w1.ready_reason_since == 60.0


def test_c44_each_changed_container_adds_its_own_t() -> None:
    both = {"main": before(), "side": before("S1", "side:v1", "S")}
    pod = status(2, 2, container("C2", "app:v2"), container("S2", "side:v2", "side"), grace=30)
    assert patience(pod, "main", both) == 80.0


def test_a_change_of_the_spec_starts_the_time_anew() -> None:
    seen = Timeline()
    seen.show(0, shown(2, 2, "C2", "D2", "app:v2"))
    seen.show(50, shown(3, 3, "C2", "D2", "app:v3"))
    seen.now = 61.0
    assert judged(seen) == Settlement(ambiguous=True)


def test_a_change_of_the_spec_starts_the_time_anew_where_no_kubelet_says_what_it_saw() -> None:
    seen = Timeline()
    seen.show(0, shown(2, 0, "C2", "D2", "app:v2"))
    seen.show(50, shown(3, 0, "C2", "D2", "app:v3"))
    said = []
    for seen.now in (61.9, 62.0):
        said.append(judged(seen).by)
    assert said == [None, By.TIME]


def test_a_peer_that_rule_a_settled_proves_the_image_at_once() -> None:
    seen = taken_over()
    seen.peers = {"app:v2": frozenset({"D2"})}
    assert judged(seen) == Settlement(By.PEER)


def test_c12_a_peer_of_another_architecture_proves_nothing_and_breaks_nothing() -> None:
    seen = taken_over()
    seen.peers = {"app:v2": frozenset({"D2-arm"})}
    assert judged(seen) == Settlement(ambiguous=True)


@pytest.mark.guard("peer-needs-another-image-id")
def test_a_peer_proves_nothing_about_an_image_id_that_the_pod_had_before() -> None:
    seen = taken_over("C2", "D1")
    seen.peers = {"app:v2": frozenset({"D1"})}
    assert judged(seen) == Settlement(ambiguous=True)


def test_a_kubelet_that_reports_no_generation_is_judged_by_time() -> None:
    seen = Timeline()
    seen.show(0, shown(2, 0, "C1", "D1", "app:v2"))
    seen.show(5, shown(2, 0, "C2", "D2", "app:v2"))
    said = []
    for seen.now in (16.9, 17.0):
        said.append(judged(seen).by)
    assert said == [None, By.TIME]


def test_of_a_server_that_counts_no_generations_a_new_container_is_judged_by_time() -> None:
    """Its status may still be of the spec before: no status says which one it is of."""
    seen = Timeline()
    seen.show(0, shown(0, 0, "C1", "D1", "app:v2"))
    seen.show(5, shown(0, 0, "C2", "D2", "app:v2"))
    said = []
    for seen.now in (16.9, 17.0):
        said.append(judged(seen).by)
    assert said == [None, By.TIME]

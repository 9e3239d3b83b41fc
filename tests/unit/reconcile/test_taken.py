"""Which pods count as taken already, and which are left alone (protocol 7)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kubectl_cafe.assessment.snapshot import Snapshot
from kubectl_cafe.pods.model import ABSENT, Condition
from kubectl_cafe.reconcile.availability import budget
from kubectl_cafe.reconcile.candidates import choose, surplus
from kubectl_cafe.traffic import Service
from statemachine.steps import UpgradeType
from tests.unit.builders import (
    assessments,
    drained,
    patched,
    pod,
    pod_record,
    release,
    snapshot,
    upgraded,
    workload,
)


def chosen(of: Snapshot) -> list[str]:
    return [s.pod.name for s in choose(of, assessments(of))]


def test_more_pods_than_are_desired_leave_no_more_room_than_max_unavailable() -> None:
    """A scale-down is under way: three live, two are desired."""
    record = release(upgrade_type=UpgradeType.BATCH, max_unavailable=1)
    of = snapshot(pod("a"), pod("b"), pod("c"), record=record, workloads=(workload(2),))
    assert budget(of, assessments(of)).unavailable == 0
    assert chosen(of) == ["a"]


def test_c48_a_pod_on_its_way_to_an_earlier_goal_counts_for_the_group() -> None:
    elsewhere = patched("a", record=pod_record(to="v3"))
    of = snapshot(elsewhere, drained("b"))
    assert surplus(of, assessments(of)) == {"uid-b"}


def test_a_pod_with_a_write_under_way_counts_for_the_group() -> None:
    of = snapshot(pod("a"), pod("b"), record=release(max_unavailable=2))
    assert chosen(of) == ["a"]
    assert chosen(replace(of, busy=frozenset({"uid-a"}))) == []


@pytest.mark.parametrize(("node_ready", "taken"), [(False, []), (True, ["a"])])
def test_c80_a_pod_is_not_taken_where_its_node_itself_says_that_it_is_not_ready(
    node_ready: bool, taken: list[str]
) -> None:
    """Its Ready is False for a reason that the node controller does not give."""
    down = Condition("False", "Other")
    shown = pod("a", ready=down, gated=False, gate=ABSENT, node_ready=node_ready)
    assert chosen(snapshot(shown)) == taken


def test_without_a_switch_no_endpoint_slice_is_waited_for() -> None:
    label = {"app": "shop"}
    shown = pod("a", gated=False, gate=ABSENT, ip="10.0.0.1", labels=label)
    assert chosen(snapshot(shown, services=(Service("shop", label),))) == ["a"]


def test_a_group_that_has_more_pods_than_its_count_takes_no_further_one() -> None:
    record = release(batch_size=1, max_unavailable=4, cells={"": 4})
    there = upgraded("a"), upgraded("b")
    assert chosen(snapshot(*there, pod("c"), pod("d"), record=record)) == []

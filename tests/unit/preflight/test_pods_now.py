"""Pods, nodes, budgets, clock and driver as they are before a release."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_cafe import names
from kubectl_cafe.assessment.disruption_budgets import DisruptionBudget
from kubectl_cafe.client.lease_view import LeaseView
from kubectl_cafe.pods.model import ABSENT, Condition
from kubectl_cafe.pods.record import Phase
from kubectl_cafe.preflight import lease_and_clock, pods
from kubectl_cafe.preflight.answers import Answers, Node
from statemachine.lifecycle import State
from statemachine.record_json import encode
from tests.unit.builders import container, drained, pod, pod_record, release
from tests.unit.preflight.cases import AT_V1, MAY_NOT, create, said, shop, upgrade

DOWN = Condition("False", "ContainersNotReady")
LOST: dict[str, Any] = {
    "gated": False,
    "gate": ABSENT,
    "ready": Condition("False", "NodeStatusUnknown"),
    "node": "n1",
}
WELL = pod("well", labels=AT_V1, node="n2")


def broken(**changes: Any) -> Any:
    crash = container("C1", ready=False, running=False, waiting="CrashLoopBackOff")
    return pod("bad", crash, labels=AT_V1, ready=DOWN, containers_ready=DOWN, **changes)


def test_pods_that_are_all_available_are_well() -> None:
    assert said(pods.health(upgrade())) == ["ok: 2 of 2 pods available"]


@pytest.mark.guard("an-unhealthy-pod-is-reported")
def test_an_unhealthy_pod_is_told_with_its_reason() -> None:
    found = said(pods.health(upgrade(broken(), WELL, pod("c", labels=AT_V1))))
    assert found[0] == "warning: 1 of 3 pods unavailable: bad (main: CrashLoopBackOff)"


def test_a_pod_that_an_earlier_release_left_is_told_with_its_phase() -> None:
    left = drained("left", labels=AT_V1, record=pod_record(Phase.DRAINED))
    assert "left (drained by release r1)" in said(pods.health(upgrade(left, WELL)))[0]


def test_a_budget_that_is_used_up_already_is_told() -> None:
    found = said(pods.health(upgrade(broken(), WELL)))
    assert "1 pod missing or unavailable, maxUnavailable is 1" in found[1]


def budget(allowed: int) -> DisruptionBudget:
    status = {"desired": 2 - allowed, "allowed": allowed, "healthy": 2, "expected": 3}
    return DisruptionBudget("keep", selector=(), observed=True, **status)


@pytest.mark.guard("a-budget-without-room-now-is-reported")
def test_c64_a_disruption_budget_without_room_now_is_told() -> None:
    (found,) = said(pods.room(upgrade(budgets=(budget(0),))))
    assert found.startswith(
        "warning: PodDisruptionBudget keep (2 healthy, 2 desired, 0 disruptions"
    )


def test_one_with_room_is_well() -> None:
    (found,) = said(pods.room(upgrade(budgets=(budget(1),))))
    assert found.startswith("ok: ")


def test_c80_a_lost_node_is_told_with_its_cell_and_pods() -> None:
    lost = pod("x", labels={**AT_V1, names.CELL: "A"}, containers_ready=Condition("True"), **LOST)
    of = upgrade(lost, topology={"unitType": "Cell", "values": ["A"]})
    (found,) = said(pods.nodes(of, Answers()))
    assert found.startswith("warning: node n1 of cell A is lost with x: ")


def test_a_node_of_its_pods_that_is_not_ready_is_told() -> None:
    answers = Answers(nodes=(Node("n2", "", False, True), Node("other", "", False, True)))
    assert said(pods.nodes(upgrade(WELL), answers)) == ["warning: node n2 is not Ready"]


def test_nodes_that_are_ready_are_well() -> None:
    answers = Answers(nodes=(Node("n2", "", True, True),))
    assert said(pods.nodes(upgrade(WELL), answers)) == ["ok: the nodes of the pods are Ready"]


def test_nodes_that_may_not_be_read_are_no_pass() -> None:
    (found,) = said(pods.nodes(upgrade(), Answers(nodes=MAY_NOT)))
    assert found.startswith("not checked: the nodes' condition")


@pytest.mark.parametrize(
    "nodes", [(), (Node("n", "A", True, False),), (Node("n", "B", True, True),)]
)
def test_a_cell_without_a_node_for_newborn_pods_is_told(nodes: tuple[Node, ...]) -> None:
    of = create(topology={"unitType": "Cell", "values": ["A"]})
    (found,) = said(pods.nodes(of, Answers(nodes=nodes)))
    assert found.startswith("warning: no node in cell A is Ready and schedulable")


def test_a_set_that_takes_long_to_touch_is_told() -> None:
    (found,) = said(pods.size(create(replicas=11_000)))
    assert found.startswith("warning: 11000 pods: ")
    assert found.endswith("takes about 50s")


def test_a_small_set_is_not() -> None:
    assert said(pods.size(upgrade())) == []


@pytest.mark.guard("a-skewed-clock-is-reported")
def test_c63_a_clock_that_is_minutes_off_is_told() -> None:
    (ahead,), (behind,) = (said(lease_and_clock.clock(Answers(skew=s))) for s in (93.0, -93.0))
    assert ahead.startswith("warning: this workstation's clock is 93s ahead of the API server's")
    assert "93s behind the API server's" in behind


def test_a_clock_that_is_a_second_off_is_well() -> None:
    assert said(lease_and_clock.clock(Answers(skew=1.2)))[0].startswith("ok: ")


def test_a_clock_that_nobody_asked_for_is_no_finding() -> None:
    assert said(lease_and_clock.clock(Answers())) == []


def test_a_driver_that_is_alive_is_told() -> None:
    held = Answers(lease=LeaseView("ann@desk", True, 1, 20.0))
    (found,) = said(lease_and_clock.lease(upgrade(), held))
    assert found.startswith("warning: driven by ann@desk")


def test_a_driver_that_may_be_alive_on_another_servers_clock_is_told() -> None:
    held = Answers(lease=LeaseView("ann@desk", False, 1, 0.0, age=72.0))
    (found,) = said(lease_and_clock.lease(upgrade(), held))
    assert found.startswith("warning: ann@desk has not renewed its lease for 72s")


@pytest.mark.parametrize(
    "lease", [LeaseView(None, False, 0, 0.0), LeaseView("dead", False, 1, 0.0, expired=True)]
)
def test_a_lease_that_is_free_or_has_run_out_is_well(lease: LeaseView) -> None:
    assert said(lease_and_clock.lease(upgrade(), Answers(lease=lease))) == ["ok: no other driver"]


def test_a_lease_that_may_not_be_read_is_no_pass() -> None:
    assert said(lease_and_clock.lease(upgrade(), Answers(lease=MAY_NOT)))[0].startswith(
        "not checked: "
    )


@pytest.mark.guard("a-refusal-names-the-release-that-is-under-way")
def test_a_release_that_is_under_way_is_told_with_what_is_legal() -> None:
    cafe = shop({"annotations": {names.RELEASE: encode(release(State.PAUSED))}})
    (found,) = said(lease_and_clock.unfinished(upgrade(of=cafe)))
    assert "upgrade is not allowed while the release is Paused (" in found
    assert "started by alice at " in found
    assert "; allowed now: " in found

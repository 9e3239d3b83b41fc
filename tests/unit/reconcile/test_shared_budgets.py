"""A PodDisruptionBudget that covers pods of others: how many of them count (protocol 7, C64)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from kubectl_cafe import names
from kubectl_cafe.assessment.snapshot import Snapshot
from kubectl_cafe.pods.model import ABSENT, Condition, Pod
from kubectl_cafe.pods.record import Mode, Phase
from kubectl_cafe.reconcile.decide import decide
from kubectl_cafe.traffic import Service
from kubectl_cafe.waits import texts
from statemachine.steps import UpgradeType
from tests.unit.assessment.test_disruption_budgets import pdb
from tests.unit.builders import (
    container,
    pod,
    pod_record,
    release,
    snapshot,
    workload,
    writes,
)

APP = {"app": "shop"}
ON = {**APP, names.TRAFFIC: "on"}
OFF = {**APP, names.TRAFFIC: "off"}
OURS = pod_record(Phase.DRAINED, mode=Mode.LABEL, gen=1)


def labelled(name: str, **changes: Any) -> Pod:
    """A pod in Label mode; it stays Ready whatever its label says."""
    return pod(name, **{"gated": False, "gate": ABSENT, "labels": ON, **changes})


def theirs(name: str = "x", **changes: Any) -> Pod:
    return labelled(name, owner="uid-others", **changes)


def two(*ours: Pod, others: tuple[Pod, ...] | None, desired: int = 3, **changes: Any) -> Snapshot:
    """Pods of ours and two of others under one budget of four that wants `desired`."""
    shown = ours or (labelled("a"), labelled("b"))
    counted = {"currentHealthy": 4, "expectedPods": 4, "desiredHealthy": desired}
    return snapshot(
        *shown,
        record=release(max_unavailable="100%", upgrade_type=UpgradeType.BATCH),
        workloads=(workload(len(shown)),),
        budgets=(pdb(disruptionsAllowed=4 - desired, **counted),),
        services=(Service("web", ON),),
        endpoints=frozenset(p.uid for p in shown if p.labels == ON),
        others=others,
        **changes,
    )


HEALTHY = (theirs("x"), theirs("y"))
IN_TRAFFIC: dict[str, Any] = {"record": pod_record(mode=Mode.NONE), "generation": 2}
OUT: dict[str, dict[str, Any]] = {
    "out of traffic by its label": {"labels": OFF},
    "drained": {"record": OURS, "labels": OFF},
    "restarting": {"record": pod_record(mode=Mode.LABEL)},
    "out of traffic by its gate": {"gated": True, "gate": Condition("False")},
    "not Ready": {"ready": Condition("False")},
    "terminating": {"terminating": True},
    "restarting in mode None": IN_TRAFFIC,
    "patched in mode None, its kubelet acts": {**IN_TRAFFIC, "observed": 2},
    "patched in mode None, its kubelet does not say what it saw": {**IN_TRAFFIC, "observed": 0},
    "crashed in mode None before its kubelet saw the patch": {
        **IN_TRAFFIC,
        "observed": 1,
        "containers": {"main": container("C2")},
    },
}


def test_a_budget_lets_go_what_it_can_spare_while_the_pods_of_others_are_healthy() -> None:
    assert len(writes(two(others=HEALTHY))) == 1


@pytest.mark.guard("others-out-of-traffic-are-not-healthy")
@pytest.mark.parametrize("changes", OUT.values(), ids=OUT)
def test_c64_a_pod_of_others_that_is_out_of_traffic_is_no_healthy_one(
    changes: dict[str, Any],
) -> None:
    """The budget's own status says four healthy: in Label mode a pod stays Ready."""
    of = two(others=(theirs("x"), theirs("y", **changes)))
    assert writes(of) == []
    assert any("PodDisruptionBudget keep" in said for said in texts(decide(of).waits))


@pytest.mark.parametrize(
    "observed", [2, 0], ids=["as its kubelet says", "its kubelet says nothing"]
)
def test_a_pod_of_others_that_was_restarted_in_mode_none_is_healthy_again(observed: int) -> None:
    """Kubelets before 1.34 do not say which generation they have seen: its containers tell."""
    renewed = {"main": container("C2")}
    back = theirs("y", **{**IN_TRAFFIC, "observed": observed, "containers": renewed})
    assert len(writes(two(others=(theirs("x"), back)))) == 1


def test_a_pod_of_others_that_is_in_traffic_by_its_gate_is_healthy() -> None:
    gated = theirs("y", gated=True, gate=Condition("True"))
    assert len(writes(two(others=(theirs("x"), gated)))) == 1


@pytest.mark.guard("others-are-read-before-a-pod-is-taken")
def test_c64_no_pod_is_taken_before_the_pods_of_others_have_been_read() -> None:
    of = two(others=None)
    assert (decide(of).others, writes(of)) == (True, [])


def test_a_budget_of_our_pods_alone_needs_no_others() -> None:
    of = replace(
        two(others=None), budgets=(pdb(expectedPods=2, currentHealthy=2, desiredHealthy=1),)
    )
    assert (decide(of).others, len(writes(of))) == (False, 1)


def test_pods_that_are_unavailable_anyway_ask_nobody() -> None:
    down = Condition("False", "ContainersNotReady")
    broken = labelled("a", ready=down, containers_ready=down)
    assert "off a" in writes(two(broken, labelled("b"), others=None))


# Two drivers in the same moment


def drained(name: str, **changes: Any) -> Pod:
    return labelled(name, labels=OFF, record=OURS, **changes)


def racing(**changes: Any) -> Snapshot:
    """We have taken `a`; that `others` have taken one as well is not known yet."""
    given = {"others": HEALTHY, "off_since": {"uid-a": 0.0}, **changes}
    return two(drained("a"), labelled("b"), **given)


@pytest.mark.guard("others-are-read-again-after-a-pod-was-taken")
def test_c64_no_image_is_changed_before_a_list_was_read_that_is_later_than_its_drain() -> None:
    assert (decide(racing()).others, writes(racing())) == (True, [])


def test_with_room_for_it_the_pod_goes_on_after_that_list() -> None:
    of = racing(cleared=frozenset({"uid-a"}))
    assert (decide(of).others, writes(of)) == (False, ["image a"])


def test_c64_pods_that_are_in_traffic_are_none_of_those_that_go_back() -> None:
    of = two(
        labelled("a"),
        drained("b"),
        others=(theirs("x"), theirs("y", labels=OFF)),
        cleared=frozenset({"uid-b"}),
        off_since={"uid-b": 0.0},
    )
    assert writes(of) == ["on b"]


@pytest.mark.guard("an-overdrawn-budget-takes-the-pod-back")
def test_c64_a_pod_that_overdrew_the_budget_goes_back_into_traffic() -> None:
    of = racing(others=(theirs("x"), theirs("y", labels=OFF)), cleared=frozenset({"uid-a"}))
    assert writes(of) == ["on a"]


def test_c64_a_pod_of_ours_whose_taking_is_on_its_way_overdraws_it_as_well() -> None:
    of = racing(cleared=frozenset({"uid-a"}), busy=frozenset({"uid-b"}))
    assert writes(of) == ["on a"]


def test_c64_only_as_many_go_back_as_the_budget_lacks() -> None:
    of = two(drained("a"), drained("b"), others=HEALTHY, cleared=frozenset({"uid-a", "uid-b"}))
    assert writes(of) == ["on a"]


def test_c74_a_pod_that_was_unavailable_before_it_was_taken_does_not_go_back() -> None:
    """It asked no budget, so it would be taken again at once, for ever."""
    down = Condition("False", "ContainersNotReady")
    of = two(
        drained("a", ready=down, containers_ready=down),
        labelled("b"),
        others=(theirs("x"), theirs("y", labels=OFF)),
        cleared=frozenset({"uid-a"}),
        off_since={"uid-a": 0.0},
    )
    assert writes(of) == ["image a"]


def test_in_gate_mode_a_healthy_pod_is_known_by_this_process_having_taken_it() -> None:
    record = pod_record(Phase.DRAINED, gen=1)
    gated = pod("a", labels=APP, record=record, gate=Condition("False"), ready=Condition("False"))
    of = two(gated, labelled("b"), others=(theirs("x"), theirs("y", labels=OFF)))
    known = replace(of, cleared=frozenset({"uid-a"}))
    assert writes(known) == []
    assert writes(replace(known, took=frozenset({"uid-a"}))) == ["on a"]

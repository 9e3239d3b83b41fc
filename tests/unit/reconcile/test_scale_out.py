"""The groups of a first release: its pods are born, group by group (protocol 7)."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_cafe import names
from kubectl_cafe.assessment.snapshot import Snapshot, Wanted
from kubectl_cafe.pods.model import Condition, Pod
from kubectl_cafe.reconcile.decide import decide
from statemachine.lifecycle import Trigger
from statemachine.record import Plan, Strategy
from statemachine.steps import Kind
from tests.unit.builders import container, pod, release, snapshot, workload

UNREADY: dict[str, Any] = {
    "ready": Condition("False", "ContainersNotReady"),
    "containers_ready": Condition("False"),
}


def born(name: str, **changes: Any) -> Pod:
    """A pod as its ReplicaSet made it, at the goal."""
    made = {"main": container("C1", "app:v2")}
    return pod(name, containers=made, labels={names.REVISION: "v2"}, **changes)


def scaling(*pods: Pod, group: int, size: int) -> Snapshot:
    """A first release of three pods in groups of one, whose workload has `size`."""
    record = release(kind=Kind.CREATE, cells={"": 3}, batch_size=1, step=group)
    return snapshot(*pods, record=record, workloads=(workload(size),))


def sizes(of: Snapshot) -> list[int]:
    """The sizes to which workloads are scaled."""
    return [write.body["spec"]["replicas"] for write in decide(of).workloads]


def test_a_workload_is_scaled_to_its_group_and_the_group_is_not_over_by_that() -> None:
    of = scaling(group=1, size=0)
    assert (sizes(of), decide(of).move) == ([1], None)


def test_a_workload_of_its_groups_size_is_left_and_its_pods_are_waited_for() -> None:
    of = scaling(born("a", **UNREADY), group=1, size=1)
    assert (sizes(of), decide(of).move) == ([], None)


def test_a_group_is_over_once_its_pods_are_available() -> None:
    of = scaling(born("a"), group=1, size=1)
    assert (sizes(of), decide(of).move) == ([], Wanted(Trigger.STEP_DONE))


@pytest.mark.parametrize(("changes", "expected"), [({}, [2]), (UNREADY, [])])
def test_the_next_group_is_born_once_the_one_before_is_available(
    changes: dict[str, Any], expected: list[int]
) -> None:
    of = scaling(born("a", **changes), group=2, size=1)
    assert (sizes(of), decide(of).move) == (expected, None)


def test_a_workload_that_somebody_made_larger_is_not_made_smaller() -> None:
    assert sizes(scaling(born("a"), born("b"), group=1, size=2)) == []


@pytest.mark.guard("only-cells-that-grow-are-raised")
def test_c51_a_workload_whose_cell_does_not_grow_is_not_raised() -> None:
    """An autoscaler has lowered cell b to one of two; the release adds a pod in cell a alone."""
    plan = Plan({"a": 2, "b": 2}, Strategy(), before={"a": 1, "b": 2})
    record = release(kind=Kind.SCALE, plan=plan)
    sets = (
        workload(1, "a", uid="uid-a", name="shop-a", revision="v2"),
        workload(1, "b", uid="uid-b", name="shop-b", revision="v2"),
    )
    found = decide(snapshot(record=record, workloads=sets))
    assert [(one.name, one.body["spec"]["replicas"]) for one in found.workloads] == [("shop-a", 2)]

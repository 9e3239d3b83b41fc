"""How many pods are desired, and what becomes of a workload that is gone (protocol 7)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from msgspec import structs

from kubectl_cafe import names
from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.assessment import desired_replicas
from kubectl_cafe.assessment.snapshot import Snapshot
from kubectl_cafe.pods.model import Pod
from kubectl_cafe.reconcile.availability import budget
from kubectl_cafe.reconcile.candidates import missing
from kubectl_cafe.reconcile.decide import decide
from kubectl_cafe.release.status_subresource import status
from kubectl_cafe.waits import texts
from statemachine.lifecycle import State, Trigger
from statemachine.steps import Kind
from tests.unit.builders import assessments, pod, release, snapshot, upgraded, workload, writes

TWO_CELLS = {"A": 2, "B": 2}


def in_cell(cell: str, made: Pod) -> Pod:
    return structs.replace(made, labels={**made.labels, names.CELL: cell})


def without_b(*pods: Pod, **changes: Any) -> Snapshot:
    """Two cells of two pods; the workload of B is gone, and its pods with it."""
    record = release(cells=TWO_CELLS, **changes)
    here = pods or (in_cell("A", pod("a1")), in_cell("A", pod("a2")))
    return snapshot(*here, record=record, workloads=(workload(2, "A"),))


@pytest.mark.guard("a-workload-that-is-gone-is-desired-as-planned")
def test_pods_of_a_workload_that_is_gone_are_unavailable_as_the_plan_counts_them() -> None:
    of = without_b(max_unavailable=2)
    assert desired_replicas.per_cell(of) == TWO_CELLS
    assert budget(of, assessments(of)).unavailable == 2
    assert writes(of) == []


def test_c52_what_a_workload_wishes_for_is_desired_whatever_was_planned() -> None:
    of = snapshot(pod("a"), record=release(cells={"": 5}), workloads=(workload(3),))
    assert desired_replicas.per_cell(of) == {"": 3}


@pytest.mark.parametrize(
    ("step", "count"), [(0, 0), (1, 1), (2, 2), (3, 2)], ids=["commit", "Beta", "batch", "over"]
)
def test_a_first_release_desires_the_pods_of_its_groups_so_far(step: int, count: int) -> None:
    record = release(kind=Kind.CREATE, cells={"A": 2}, step=step)
    assert desired_replicas.planned(record, "A") == count


@pytest.mark.guard("a-pod-that-is-gone-is-missing")
def test_c45_a_group_is_not_over_because_its_pod_is_gone() -> None:
    """The canary of a cell of one was deleted in its restart; its replacement is yet to come."""
    cells = {"A": 1, "B": 1}
    canary = in_cell("A", upgraded("a"))
    of = snapshot(
        canary, record=release(cells=cells), workloads=(workload(1, "A"), workload(1, "B"))
    )
    assert missing(of, assessments(of)) == {"B": 1}
    assert decide(of).move is None


def test_c49_a_group_is_not_over_while_its_pod_terminates() -> None:
    leaving = upgraded("a", terminating=True)
    of = snapshot(leaving, record=release(cells={"": 1}), workloads=(workload(1),))
    assert decide(of).move is None


def test_a_sweep_is_not_over_while_a_pod_is_missing() -> None:
    of = snapshot(upgraded("a"), record=release(step=3), workloads=(workload(2),), swept=True)
    assert (decide(of).move, decide(of).sweep) == (None, False)


STEPS = [(0, "v1"), (1, "v1"), (2, "v2"), (3, "v2")]


@pytest.mark.guard("before-the-commit-a-workload-comes-back-old")
@pytest.mark.parametrize(("step", "revision"), STEPS, ids=["Beta", "batch", "commit", "sweep"])
def test_a_workload_that_is_gone_comes_back_with_its_planned_pods_at_the_revision_of_the_step(
    step: int, revision: str
) -> None:
    found = decide(without_b(step=step))
    (made,) = [write for write in found.workloads if write.create]
    spec = made.body["spec"]
    assert (made.name, spec["replicas"]) == ("shop-b", 2)
    assert spec["template"]["metadata"]["labels"][names.REVISION] == revision
    assert found.move is None
    assert "re-creation of the missing workload of cell B with 2 pods" in "; ".join(
        texts(found.waits)
    )


@pytest.mark.parametrize("state", [State.AWAITING_CONFIRM, State.ROLLING_BACK])
def test_a_workload_that_is_gone_is_created_again_while_a_person_is_waited_for(
    state: State,
) -> None:
    found = decide(without_b(state=state))
    assert [write.name for write in found.workloads if write.create] == ["shop-b"]
    assert not found.at_rest


@pytest.mark.parametrize("state", [State.PAUSED, State.FAILED, State.ABORTING, State.COMPLETED])
def test_a_workload_that_is_gone_is_left_alone_where_nothing_goes_on(state: State) -> None:
    assert decide(without_b(state=state)).workloads == ()


@pytest.mark.parametrize("leaves", [{"stopping": True}, {"reopening": True}])
def test_a_driver_that_leaves_creates_no_workload_again(leaves: dict[str, Any]) -> None:
    assert decide(replace(without_b(), **leaves)).workloads == ()


def test_a_release_fails_where_nobody_knows_the_template_of_a_workload_that_is_gone() -> None:
    of = snapshot(record=release(cells={"A": 2}, from_revision=""), workloads=())
    move = decide(of).move
    assert move is not None
    assert (move.trigger, str(move.failure).partition(":")[0]) == (Trigger.FAIL, "WorkloadGone")


def test_the_status_counts_the_pods_of_a_workload_that_is_gone() -> None:
    of = without_b(state=State.COMPLETED, step=4)
    ready = status(CafeDeployment(of.owner), of)["conditions"][0]
    assert (ready["status"], ready["message"]) == ("False", "2 of 4 pods available")


@pytest.mark.parametrize(("step", "cells"), [(0, []), (1, ["A"])], ids=["commit", "Beta"])
def test_a_workload_that_is_to_have_no_pods_yet_is_not_missed(step: int, cells: list[str]) -> None:
    record = release(kind=Kind.CREATE, cells={"A": 2}, step=step)
    assert desired_replicas.lost_cells(snapshot(record=record, workloads=())) == cells


@pytest.mark.parametrize(
    ("source", "shown", "known"),
    [
        ("v1", ("v2",), "v1"),
        ("v1", (), "v1"),
        ("", ("v2", "v2"), "v2"),
        ("", ("v1", "v2"), None),
        ("", (), None),
    ],
    ids=["recorded", "recorded alone", "all have it", "they differ", "nothing tells"],
)
def test_before_the_commit_workloads_have_the_revision_that_the_release_came_from(
    source: str, shown: tuple[str, ...], known: str | None
) -> None:
    workloads = tuple(workload(1, revision=name) for name in shown)
    found = desired_replicas.revision_now(
        snapshot(record=release(from_revision=source), workloads=workloads)
    )
    assert (found and found.name) == known

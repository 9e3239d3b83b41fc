"""A rollback of a release that scaled puts its counts back (protocol 8)."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_cafe import names
from kubectl_cafe.assessment import desired_replicas
from kubectl_cafe.assessment.snapshot import Snapshot
from kubectl_cafe.pods.model import Condition, Pod
from kubectl_cafe.reconcile.decide import decide
from statemachine.lifecycle import State, Trigger
from statemachine.record import Plan, Record, Strategy
from statemachine.steps import Kind, StepKind
from tests.unit.builders import container, pod, release, snapshot, workload

OWNER = "uid-set"
UNREADY = Condition("False", "ContainersNotReady")
DOWN = {"ready": UNREADY, "containers_ready": UNREADY}


def back(cells: int, before: int, step: StepKind, **strategy: Any) -> Record:
    """A rollback to v1 that leaves `cells` of `before` pods, in the given step."""
    given = Strategy(**{"upgrade_type": "Batch", "max_unavailable": "100%", **strategy})
    plan = Plan({"": cells}, given, before={"": before})
    found = release(State.ROLLING_BACK, kind=Kind.ROLLBACK, to_revision="v1", plan=plan)
    index = [one.kind for one in found.steps].index(step)
    return release(State.ROLLING_BACK, kind=Kind.ROLLBACK, to_revision="v1", plan=plan, step=index)


def at(version: str, name: str, **changes: Any) -> Pod:
    runs = container(image=f"app:{version}")
    labels = {names.REVISION: version}
    return pod(name, runs, **{"owner": OWNER, "ip": "10.0.0.1", "labels": labels, **changes})


def of(record: Record, *pods: Pod, wish: int, **changes: Any) -> Snapshot:
    workloads = (workload(wish, uid=OWNER, revision="v1"),)
    return snapshot(*pods, record=record, **{"workloads": workloads, **changes})


@pytest.mark.guard("a-rollback-raises-its-workloads-first")
def test_a_rollback_raises_its_workloads_with_the_commit_and_before_the_first_group() -> None:
    record = back(cells=3, before=1, step=StepKind.COMMIT)
    found = decide(of(record, at("v2", "a"), wish=1))
    assert [one.body["spec"]["replicas"] for one in found.workloads] == [3]
    assert (found.patches, found.move) == ((), None)
    raised = decide(of(record, at("v2", "a"), wish=3))
    assert (raised.workloads, raised.move.trigger if raised.move else None) == (
        (),
        Trigger.STEP_DONE,
    )


@pytest.mark.guard("a-rollback-upgrades-no-pod-that-it-removes")
def test_the_pods_that_a_rollback_removes_are_not_upgraded() -> None:
    """The unavailable ones: the scale-in after the groups removes these first."""
    record = back(cells=2, before=4, step=StepKind.UPGRADE)
    pods = [at("v2", name) for name in "ab"] + [at("v2", name, **DOWN) for name in "cd"]
    found = decide(of(record, *pods, wish=4))
    assert sorted(one.pod for one in found.patches) == ["a", "b"]


def test_a_group_of_a_rollback_is_over_without_the_pods_that_it_removes() -> None:
    record = back(cells=2, before=4, step=StepKind.UPGRADE)
    pods = [at("v1", name) for name in "ab"] + [at("v2", name, **DOWN) for name in "cd"]
    found = decide(of(record, *pods, wish=4))
    assert found.move is not None
    assert found.move.trigger is Trigger.STEP_DONE


def test_after_its_groups_a_rollback_removes_the_pods_that_are_too_many() -> None:
    record = back(cells=2, before=4, step=StepKind.SCALE_IN)
    pods = [at("v1", name) for name in "ab"] + [at("v2", name, **DOWN) for name in "cd"]
    found = decide(of(record, *pods, wish=4))
    assert {(one.what, one.pod) for one in found.patches} == {("off", "c"), ("off", "d")}


@pytest.mark.parametrize(
    ("cells", "before", "step", "planned"),
    [
        (3, 1, StepKind.COMMIT, 3),
        (3, 1, StepKind.UPGRADE, 3),
        (2, 4, StepKind.UPGRADE, 4),
        (2, 4, StepKind.SCALE_IN, 4),
        (2, 4, StepKind.SWEEP, 2),
    ],
)
def test_a_workload_that_is_created_again_has_the_larger_count_until_its_pods_are_removed(
    cells: int, before: int, step: StepKind, planned: int
) -> None:
    assert desired_replicas.planned(back(cells, before, step), "") == planned


@pytest.mark.guard("pods-that-a-rollback-removes-are-not-desired")
def test_pods_that_a_rollback_removes_use_up_no_budget() -> None:
    """A scale-out whose ten new pods never became ready is rolled back: the others are taken."""
    record = back(cells=10, before=20, step=StepKind.UPGRADE, max_unavailable="25%")
    serving = [at("v2", f"p{number}") for number in range(10)]
    for more in ([], [at("v2", f"q{number}", **DOWN) for number in range(10)]):
        found = decide(of(record, *serving, *more, wish=20))
        assert len(found.patches) == 2


@pytest.mark.guard("a-rollback-creates-no-cell-that-it-leaves-empty")
def test_a_rollback_creates_no_workload_for_a_cell_that_it_leaves_without_pods() -> None:
    """The release was to add cell b, and failed before it did."""
    plan = Plan({"": 1, "b": 0}, Strategy(), before={"": 1, "b": 4})
    for step in (0, 1):
        record = release(
            State.ROLLING_BACK, kind=Kind.ROLLBACK, to_revision="v1", plan=plan, step=step
        )
        seen = of(record, at("v2", "a"), wish=1)
        assert decide(seen).workloads == ()
        assert desired_replicas.total(seen) == 1

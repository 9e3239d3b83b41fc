"""Which births are progress where pods are born: those that made more pods live (protocol 7, 8)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from msgspec import structs

from kubectl_cafe import names
from kubectl_cafe.assessment.snapshot import Snapshot
from kubectl_cafe.pods.model import Pod
from kubectl_cafe.reconcile.group_progress import deadline, failure
from kubectl_cafe.reconcile.group_waits import waits
from kubectl_cafe.times import rfc3339
from kubectl_cafe.waits import texts
from statemachine.record import Record
from statemachine.steps import Kind
from tests.unit.builders import START, assessments, container, pod, release, snapshot, workload

SCALE_OUT = release(kind=Kind.CREATE, step=1)
SWEEP = release(step=3)


def born(name: str, at: float, cell: str = "", **changes: object) -> Pod:
    """A pod at the goal that was made `at` seconds after the release began."""
    labels = {names.REVISION: "v2", names.CELL: cell}
    shown = {"main": container("C1", "app:v2")}
    return pod(name, **{"containers": shown, "created": START + at, "labels": labels, **changes})


def due(*pods: Pod, record: Record = SCALE_OUT) -> float:
    """Seconds after the start at which the step fails."""
    of = snapshot(*pods, record=record)
    return deadline(of, assessments(of)) - START


@pytest.mark.guard("a-birth-is-progress")
@pytest.mark.parametrize("record", [SCALE_OUT, SWEEP], ids=["scale out", "sweep"])
def test_the_birth_of_one_more_pod_is_progress(record: Record) -> None:
    assert due(born("a", 100), born("b", 400), record=record) == 1000


def test_in_a_group_of_upgrades_a_birth_is_no_progress() -> None:
    assert due(born("a", 400), record=release()) == 600


@pytest.mark.guard("a-replacement-is-no-progress")
@pytest.mark.parametrize("record", [SCALE_OUT, SWEEP], ids=["scale out", "sweep"])
def test_c50_what_replaces_a_pod_that_its_node_rejected_is_no_progress(record: Record) -> None:
    rejected = [born(f"r{n}", 100 + 100 * n, phase="Failed") for n in range(4)]
    assert due(born("a", 100), *rejected, born("b", 590), record=record) == 700


def test_c50_nor_is_what_replaces_one_that_was_born_in_the_very_second_of_the_last_move() -> None:
    """The server's times have no parts of a second: it may well be of this step."""
    assert due(born("r", 0, phase="Failed"), born("a", 400)) == 600


def test_the_pods_that_one_cell_replaces_do_not_hide_the_births_of_another() -> None:
    cells = release(kind=Kind.CREATE, step=1, cells={"A": 1, "B": 1})
    rejected = [born(f"r{n}", 100 * n, "A", phase="Failed") for n in range(4)]
    assert due(*rejected, born("a", 590, "A"), born("b", 500, "B"), record=cells) == 1100


def test_c50_pods_that_failed_before_the_step_do_not_hide_its_births() -> None:
    left = [born(f"r{n}", -500 + n, phase="Failed") for n in range(4)]
    assert due(*left, born("a", -300), born("b", 400)) == 1000


# Births that are refused


POLICY = 'pods "web-" is forbidden: violates PodSecurity "restricted:latest"'
QUOTA = 'pods "web-" is forbidden: exceeded quota: tight, requested: pods=1'
DOWN = 'Internal error occurred: failed calling webhook "w": denied by nobody'


def refused(said: str, now: float = 60.0, record: Record = SCALE_OUT) -> Snapshot:
    """A view of a group without pods, of a workload that was refused one at the start."""
    unborn = replace(workload(2), refusal=said, refused=START)
    return snapshot(record=record, workloads=(unborn,), now=now)


@pytest.mark.guard("a-refused-birth-fails-its-group")
def test_a_birth_that_admission_refuses_for_a_while_fails_its_group_with_the_words() -> None:
    assert failure(refused(POLICY, 29.0), []) is None
    found = failure(refused(POLICY, 30.0), [])
    assert found is not None
    assert (found.reason, found.message) == ("FailedCreate", f"replicaset set: {POLICY}")


@pytest.mark.parametrize("said", [QUOTA, DOWN])
def test_a_birth_that_may_be_let_in_later_is_waited_for_until_the_deadline(said: str) -> None:
    assert failure(refused(said, 599.0), []) is None
    found = failure(refused(said, 600.0), [])
    assert found is not None
    assert found.reason == "ProgressDeadlineExceeded"
    assert said in found.message


def test_a_birth_that_was_refused_before_a_retry_is_waited_for() -> None:
    of = refused(POLICY, 60.0, structs.replace(SCALE_OUT, since=rfc3339(START + 10)))
    assert failure(of, []) is None


def test_a_refused_birth_is_named_in_what_is_awaited() -> None:
    assert texts(waits(refused(QUOTA), [])) == (f"replicaset set to create pods: {QUOTA}",)


def test_a_replacement_that_is_refused_leaves_a_group_of_upgrades_its_deadline() -> None:
    assert failure(refused(POLICY, 60.0, release()), []) is None

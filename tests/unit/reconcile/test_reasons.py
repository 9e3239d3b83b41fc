"""Why each pod is taken, passed over, waited for or left alone, as the log of decisions has it."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from kubectl_cafe import names
from kubectl_cafe.assessment.disruption_budgets import DisruptionBudget
from kubectl_cafe.assessment.snapshot import Snapshot
from kubectl_cafe.pods.model import ABSENT, Condition, Pod
from kubectl_cafe.reconcile.decide import decide
from kubectl_cafe.reconcile.reasons import reasons
from kubectl_cafe.traffic import Service
from statemachine.lifecycle import State
from statemachine.steps import UpgradeType
from tests.unit.builders import (
    before,
    container,
    drained,
    patched,
    pod,
    pod_record,
    release,
    snapshot,
    upgraded,
    workload,
)

ONE_BY_ONE = release(cells={"": 2}, upgrade_type=UpgradeType.BATCH, batch_size=1, step=0)
AT_ONCE = release(cells={"": 2}, upgrade_type=UpgradeType.BATCH, max_unavailable=2)
FULL = DisruptionBudget("pdb", (), desired=2, allowed=0, healthy=2, expected=2, observed=True)


def of(*pods: Pod, **changes: object) -> Snapshot:
    """Two pods are wanted, one after the other unless the record says otherwise."""
    record = changes.pop("record", ONE_BY_ONE)
    return snapshot(*pods, record=record, workloads=(workload(2),), **changes)  # type: ignore[arg-type]


def why(seen: Snapshot) -> dict[str, str]:
    """The reasons by pod, each behind its state."""
    found = reasons(seen, decide(seen))
    return {one.pod: f"{one.state}: {one.why}" for _, one in found}


def test_a_pod_that_is_taken_says_its_write_and_the_next_that_the_group_is_full() -> None:
    said = why(of(pod("a"), pod("b")))
    assert said["a"] == "candidate: upgrade begins: write 'off'"
    assert said["b"].startswith("candidate: the group has enough pods of its cell")


def test_a_pod_under_way_that_is_written_to_goes_on() -> None:
    seen = of(drained("a"), pod("b"), off_since={"uid-a": 0.0})
    assert why(seen)["a"] == "drained: upgrade continues: write 'image'"


def test_maxunavailable_is_named_with_its_figures() -> None:
    broken = upgraded("a", ready=Condition("False"), containers_ready=Condition("False"))
    record = release(cells={"": 2}, upgrade_type=UpgradeType.BATCH, max_unavailable=1)
    said = why(of(broken, pod("b"), record=record))["b"]
    assert said == "candidate: maxUnavailable is 1, 1 pod unavailable or chosen now"


def test_what_is_taken_in_the_same_turn_counts_for_maxunavailable() -> None:
    record = release(cells={"": 2}, upgrade_type=UpgradeType.BATCH, max_unavailable=1)
    said = why(of(pod("a"), pod("b"), record=record))["b"]
    assert said == "candidate: maxUnavailable is 1, 1 pod unavailable or chosen now"


def test_a_poddisruptionbudget_is_named_with_its_figures() -> None:
    said = why(of(pod("a"), pod("b"), budgets=(FULL,)))["a"]
    assert said.startswith("candidate: PodDisruptionBudget pdb (")
    assert said.endswith(") allows no disruption")


def test_of_two_poddisruptionbudgets_without_room_the_first_is_named() -> None:
    said = why(of(pod("a"), pod("b"), budgets=(FULL, replace(FULL, name="other"))))["a"]
    assert said.startswith("candidate: PodDisruptionBudget pdb (")


def test_takes_that_the_watch_has_not_shown_yet_are_waited_for() -> None:
    said = why(of(pod("a"), pod("b"), record=AT_ONCE, unseen_takes=True))["a"]
    assert said == "candidate: waiting for the watch to show the pods chosen last"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"stopping": True}, "this driver is stopping: no further pods"),
        ({"reopening": True}, "this driver is stopping: no further pods"),
        ({"unheard": True}, "the CafeDeployment cannot be read: no further pods"),
        ({"busy": frozenset({"uid-a"})}, "waiting for the answer to its last write"),
    ],
    ids=["stopping", "reopening", "unheard", "busy"],
)
def test_what_keeps_the_driver_from_a_pod_is_said(changes: dict[str, object], said: str) -> None:
    assert why(of(pod("a"), pod("b"), **changes))["a"] == f"candidate: {said}"


@pytest.mark.parametrize("state", [State.PAUSED, State.FAILED, State.ABORTING])
def test_the_state_of_the_release_is_said(state: State) -> None:
    said = why(of(pod("a"), pod("b"), record=release(state, cells={"": 2})))["a"]
    assert said == f"candidate: the release is {state}: no further pods"


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (pod("a", terminating=True), "forgotten: terminating or finished"),
        (pod("a", record_problem="v 9"), "unreadable: unreadable record: not touched"),
        (
            pod("a", container(image="app:odd"), generation=2, observed=2),
            "drift: image of no known revision: not touched",
        ),
        (
            pod("a", gate=Condition("False")),
            "orphan: out of traffic without a record (kubectl cafe repair)",
        ),
        (upgraded("a"), "at_goal: at the target"),
        (
            upgraded("a", ready=Condition("False")),
            "at_goal: at the target, not available yet",
        ),
        (drained("a"), "drained: leaving traffic"),
        (patched("a"), "patched: restarting"),
        (pod("a", gate=ABSENT, containers_ready=ABSENT), "new: starting"),
        (pod("a", ready=Condition("False"), node_ready=False), "candidate: on a lost node"),
        (
            pod("a", ready=Condition("False", "RuntimeDown"), node_ready=False),
            "candidate: on a lost node",
        ),
        (pod("a", ready=Condition("False"), node_ready=True), "candidate: on a lost node"),
    ],
    ids=lambda value: value.partition(":")[0] if isinstance(value, str) else "",
)
def test_where_a_pod_stands_says_what_it_waits_for(one: Pod, said: str) -> None:
    assert why(of(one, pod("b")))["a"] == said


def test_a_pod_that_its_endpointslices_do_not_show_yet_is_passed_over() -> None:
    shop = Service("shop", {"app": "shop"})
    late = pod("a", labels={"app": "shop"}, ip="10.0.0.1")
    said = why(of(late, pod("b"), services=(shop,)))["a"]
    assert said == "candidate: not yet shown as ready by its EndpointSlices"


def test_a_pod_whose_opening_is_on_the_way_is_passed_over() -> None:
    said = why(of(pod("a", ready=Condition("False", "ReadinessGatesNotReady", names.IN_SERVICE))))
    assert said["a"] == "candidate: not yet taken into traffic by its kubelet"


def test_a_container_that_does_not_start_is_named_with_its_reason() -> None:
    waits = container("", image="app:v2", waiting="InvalidImageName", message="no such name")
    said = why(of(patched("a", waits), pod("b")))["a"]
    assert said == "patched: container main: InvalidImageName: no such name"


def test_a_pod_whose_writes_are_refused_is_left_as_it_is() -> None:
    said = why(of(drained("a"), pod("b"), barred=frozenset({"uid-a"})))["a"]
    assert said == "drained: the API server refuses its writes: not touched"


def test_a_container_that_is_stuck_is_named_with_its_reason() -> None:
    pulling = container("", image="app:v2", waiting="ErrImagePull", message='"app:v2" not found')
    said = why(of(patched("a", pulling, observed=2), pod("b")))["a"]
    assert said == 'patched: container main is stuck: ErrImagePull: "app:v2" not found'


def test_of_two_containers_that_are_stuck_the_pods_first_is_named() -> None:
    waits = {"waiting": "ErrImagePull", "ready": False, "running": False}
    main = container("C1", "app:v2", message='"app:v2"', **waits)
    side = container("S1", "side:v2", "side", message='"side:v2"', **waits)
    record = pod_record(before={"main": before(), "side": before("S1", "side:v1")})
    said = why(of(patched("a", main, side, observed=2, record=record), pod("b")))["a"]
    assert said == 'patched: container main is stuck: ErrImagePull: "app:v2"'

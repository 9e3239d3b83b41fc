"""A scale-in drains pods and scales their workload down once they are off (protocol 7)."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from kubectl_cafe import names
from kubectl_cafe.assessment import disruption_budgets
from kubectl_cafe.assessment.snapshot import Snapshot
from kubectl_cafe.pods.model import ABSENT, Condition, Pod
from kubectl_cafe.pods.patches import LOWEST_COST
from kubectl_cafe.pods.record import SCALE_IN, Mode, Phase
from kubectl_cafe.reconcile.decide import decide
from statemachine.lifecycle import State, Trigger
from statemachine.record import Plan, Record, Strategy
from statemachine.steps import Kind, UpgradeType
from tests.unit.builders import (
    START,
    container,
    drained,
    pod,
    pod_record,
    release,
    snapshot,
    workload,
)

OWNER = "uid-set"
UNREADY = Condition("False", "ContainersNotReady")
LOST = Condition("False")
"""Without a reason: written by the node controller (C80)."""


def scale(left: int, before: int, state: State = State.PROGRESSING, **strategy: Any) -> Record:
    """A release that leaves `left` of `before` pods of one cell, all at v1, in one group."""
    given = Strategy(**{"upgrade_type": "Batch", **strategy})
    plan = Plan({"": left}, given, before={"": before})
    return release(state, kind=Kind.SCALE, to_revision="v1", plan=plan)


def serving(name: str, **changes: Any) -> Pod:
    return pod(name, **{"owner": OWNER, "ip": "10.0.0.1", **changes})


def victim(name: str, **changes: Any) -> Pod:
    """A pod after its drain, acknowledged by its kubelet."""
    record = pod_record(Phase.DRAINED, op=SCALE_IN, to="v1", gen=1, cost="")
    notes = {names.DELETION_COST: LOWEST_COST}
    return drained(
        name,
        **{"record": record, "owner": OWNER, "ip": "10.0.0.2", "annotations": notes, **changes},
    )


def of(record: Record, *pods: Pod, wish: int | None = None, **changes: Any) -> Snapshot:
    """What is seen of `pods`, whose workload wants `wish` pods, by default all of them."""
    workloads = (workload(len(pods) if wish is None else wish, uid=OWNER),)
    return snapshot(*pods, record=record, **{"workloads": workloads, **changes})


def off(*pods: Pod) -> dict[str, Any]:
    """What a snapshot has where these pods are out of traffic."""
    uids = {one.uid for one in pods}
    return {"off_since": dict.fromkeys(uids, 0.0), "relisted": frozenset(uids)}


def written(found: Snapshot) -> list[tuple[str, str]]:
    """The decided pod writes: pod and kind of write."""
    return [(patch.pod, patch.what) for patch in decide(found).patches]


def scaled(found: Snapshot) -> list[int]:
    """The decided numbers of pods of the workload."""
    return [write.body["spec"]["replicas"] for write in decide(found).workloads]


def test_the_newest_pod_is_drained_with_the_lowest_deletion_cost() -> None:
    old, new = serving("a", created=100.0), serving("b", created=200.0)
    (patch,) = decide(of(scale(1, 2), old, new)).patches
    assert (patch.pod, patch.what) == ("b", "off")
    notes = patch.body["metadata"]["annotations"]
    assert notes[names.DELETION_COST] == LOWEST_COST
    assert '"op":"scale-in"' in notes[names.IN_PLACE]
    assert patch.body["status"]["conditions"][0]["status"] == "False"


def test_a_pod_that_is_not_available_goes_first_and_then_the_one_with_the_lowest_cost() -> None:
    unready = serving("a", created=1.0, ready=UNREADY, containers_ready=UNREADY)
    cheap = serving("b", created=2.0, annotations={names.DELETION_COST: "-5"})
    dear = serving("c", created=9.0, annotations={names.DELETION_COST: "10"})
    assert written(of(scale(1, 3), dear, cheap, unready)) == [("a", "off"), ("b", "off")]


@pytest.mark.guard("a-lost-pod-is-not-removed")
def test_c80_a_pod_on_a_lost_node_is_not_drained() -> None:
    labelled = {"gated": False, "gate": ABSENT, "labels": {names.TRAFFIC: "on"}}
    lost = serving("b", ready=LOST, **labelled)
    assert written(of(scale(1, 2), serving("a", **labelled), lost)) == [("a", "off")]


@pytest.mark.guard("a-victim-is-off-before-it-is-deleted")
def test_the_workload_is_scaled_down_once_the_drained_pod_is_out_of_traffic() -> None:
    gone = victim("b")
    assert scaled(of(scale(1, 2), serving("a"), gone)) == []
    found = of(scale(1, 2), serving("a"), gone, **off(gone))
    assert (scaled(found), written(found)) == ([1], [])


def test_all_victims_of_the_group_are_off_before_the_workload_is_scaled_down() -> None:
    first, second = victim("b"), victim("c")
    assert scaled(of(scale(1, 3), serving("a"), first, second, **off(first))) == []
    assert scaled(of(scale(1, 3), serving("a"), first, second, **off(first, second))) == [1]


def test_drain_seconds_are_waited_for() -> None:
    gone = victim("b")
    assert scaled(of(scale(1, 2, drain_seconds=90), serving("a"), gone, **off(gone))) == []


def test_the_group_is_over_when_the_pods_are_gone_and_their_controller_has_seen_it() -> None:
    gone = victim("b")
    waits = of(scale(1, 2), serving("a"), gone, wish=1, **off(gone))
    assert decide(waits).move is None
    assert [str(wait) for wait in decide(waits).waits] == ["deletion of: b"]
    moved = decide(of(scale(1, 2), serving("a"))).move
    assert moved is not None
    assert moved.trigger is Trigger.STEP_DONE
    unseen = (workload(1, uid=OWNER, generation=2, observed=1),)
    assert decide(of(scale(1, 2), serving("a"), workloads=unseen)).move is None


def test_a_pod_of_mode_none_is_left_to_the_controller_at_once() -> None:
    plain = [serving(name, gated=False, gate=ABSENT) for name in "ab"]
    found = of(scale(1, 2), *plain)
    assert (written(found), scaled(found)) == ([], [1])


@pytest.mark.guard("a-switched-pod-is-not-left-to-the-controller")
def test_beside_pods_with_a_switch_a_pod_of_mode_none_is_not_left_to_the_controller() -> None:
    """The controller could delete one that is in traffic and has a switch."""
    plain = serving("b", created=9.0, gated=False, gate=ABSENT)
    found = of(scale(1, 2), serving("a"), plain)
    assert (written(found), scaled(found)) == ([("a", "off")], [])
    unready = {"gated": False, "gate": ABSENT, "ready": UNREADY, "containers_ready": UNREADY}
    others = [serving(name, **unready) for name in "bc"]
    found = of(scale(2, 3, max_unavailable=1), serving("a"), *others)
    assert (written(found), scaled(found)) == ([], [])
    last = of(scale(0, 1), plain)
    assert (written(last), scaled(last)) == ([], [0])


@pytest.mark.guard("without-a-switch-budgets-hold-as-well")
def test_i3_pods_of_mode_none_are_removed_within_every_budget() -> None:
    """Unready ones cost nothing, and the controller deletes them first."""
    plain = [serving(name, gated=False, gate=ABSENT) for name in "abcdef"]
    kept = {"budgets": (keep_five(),)}
    assert scaled(of(scale(3, 6), *plain, **kept)) == [5]
    assert scaled(of(scale(3, 6), *plain, wish=5, **kept)) == []
    assert scaled(of(scale(3, 5), *plain[:5], **kept)) == []
    unready = serving("g", gated=False, gate=ABSENT, ready=UNREADY, containers_ready=UNREADY)
    assert scaled(of(scale(3, 6), *plain[:5], unready, **kept)) == [5]


def test_a_pod_without_an_address_is_not_waited_for() -> None:
    pending = victim("b", ip="", ready=UNREADY, gate=Condition("False"))
    assert scaled(of(scale(1, 2), serving("a"), pending)) == [1]


@pytest.mark.guard("a-scale-in-keeps-enough-available")
def test_i3_no_available_pod_is_drained_while_too_few_others_are_available() -> None:
    unready = [serving(name, ready=LOST) for name in "abc"]
    healthy = [serving(name) for name in "xyz"]
    assert written(of(scale(5, 6, max_unavailable=1), *unready, *healthy)) == []
    assert len(written(of(scale(5, 6, max_unavailable=3), *unready, *healthy))) == 1


@pytest.mark.parametrize(
    ("spec", "drained_pods"),
    [({"minAvailable": 2}, 1), ({"maxUnavailable": 0}, 1), ({"minAvailable": "100%"}, 1)],
)
def test_c64_a_disruption_budget_wants_its_share_of_the_pods_that_are_left(
    spec: dict[str, Any], drained_pods: int
) -> None:
    status = {"observedGeneration": 1, "expectedPods": 3, "currentHealthy": 3, "desiredHealthy": 3}
    meta = {"name": "keep", "generation": 1}
    item = {"metadata": meta, "spec": {"selector": {}, **spec}, "status": status}
    pods = [serving(name) for name in "abc"]
    found = of(scale(2, 3), *pods, budgets=(disruption_budgets.parse(item),))
    assert len(written(found)) == drained_pods
    gone = [victim("c"), serving("a", ready=LOST), serving("b")]
    assert written(of(scale(1, 3), *gone, budgets=(disruption_budgets.parse(item),))) == []


@pytest.mark.guard("a-victim-that-stays-is-reopened")
def test_a_drained_pod_that_an_aborted_scale_in_left_is_reopened_by_an_upgrade() -> None:
    """It would get the image under a drain whose record forgets the pod's deletion cost."""
    gone = victim("b")
    assert written(of(release(cells={"": 2}), serving("a"), gone, **off(gone)))[0] == ("b", "on")


@pytest.mark.guard("what-is-missing-is-waited-for")
def test_a_missing_pod_is_no_removed_one_unless_its_creation_is_refused() -> None:
    """Its workload may have created it already, and would delete a pod that is in traffic."""
    assert scaled(of(scale(1, 2), serving("a"), wish=2)) == []
    refused = (workload(2, uid=OWNER, refusal="exceeded quota", refused=1.0),)
    assert scaled(of(scale(1, 2), serving("a"), workloads=refused)) == [1]


@pytest.mark.parametrize("state", [State.PAUSED, State.FAILED, State.ABORTING])
def test_a_drained_pod_is_reopened_where_the_release_stops(state: State) -> None:
    gone = victim("b")
    record = structs.replace(scale(1, 2, state), origin=State.PROGRESSING)
    (patch,) = decide(of(record, serving("a"), gone, **off(gone))).patches
    assert (patch.pod, patch.what) == ("b", "on")
    assert patch.body["metadata"]["annotations"][names.DELETION_COST] is None


@pytest.mark.guard("an-unanswered-scale-keeps-its-victims-drained")
def test_a_drained_pod_stays_drained_while_a_write_of_its_workload_is_unanswered() -> None:
    gone = victim("b")
    record = structs.replace(scale(1, 2, State.PAUSED), origin=State.PROGRESSING)
    set_name = workload(2, uid=OWNER).name
    lost = of(record, serving("a"), gone, **off(gone), unanswered=frozenset({set_name}))
    assert written(lost) == []


@pytest.mark.guard("a-wave-is-counted-once")
def test_a_pod_that_was_scaled_down_already_is_not_counted_again() -> None:
    """Its workload asks for one pod less, and has not deleted it yet."""
    gone, others = victim("f"), [serving(name) for name in "abcde"]
    first = of(scale(3, 6), *others, gone, **off(gone), budgets=(keep_five(),))
    assert scaled(first) == [5]
    assert scaled(of(scale(3, 6), *others, gone, wish=5, **off(gone), budgets=(keep_five(),))) == []


def keep_five() -> disruption_budgets.DisruptionBudget:
    """A budget that wants five of six pods."""
    status = {"observedGeneration": 1, "expectedPods": 6, "currentHealthy": 5, "desiredHealthy": 5}
    meta = {"name": "keep", "generation": 1}
    return disruption_budgets.parse(
        {"metadata": meta, "spec": {"selector": {}, "minAvailable": 5}, "status": status}
    )


def test_a_new_pod_is_drained_and_not_opened_as_well() -> None:
    new = serving("b", gate=ABSENT, ready=UNREADY)
    assert written(of(scale(1, 2), serving("a"), new)) == [("b", "off")]


@pytest.mark.guard("a-victim-runs-before-it-is-opened")
def test_c27_a_drained_pod_that_has_not_run_is_not_put_into_traffic() -> None:
    waiting = container("", "app:v1")
    gone = victim("b", containers={"main": waiting}, ip="")
    record = structs.replace(scale(1, 2, State.PAUSED), origin=State.PROGRESSING)
    assert written(of(record, serving("a"), gone)) == []


def test_a_pod_that_is_out_of_traffic_without_a_record_is_not_drained() -> None:
    """It would be put into traffic where the release stops."""
    orphan = serving("b", gate=Condition("False"), ready=UNREADY)
    assert written(of(scale(1, 2), serving("a"), orphan)) == [("a", "off")]


@pytest.mark.guard("a-workload-that-is-scaled-down-keeps-its-victims-drained")
@pytest.mark.parametrize("state", [State.PAUSED, State.FAILED, State.ABORTING])
def test_a_drained_pod_stays_drained_once_its_workload_is_scaled_down(state: State) -> None:
    gone = victim("b")
    record = structs.replace(scale(1, 2, state), origin=State.PROGRESSING)
    found = decide(of(record, serving("a"), gone, wish=1, **off(gone)))
    assert (found.patches, found.workloads, found.at_rest) == ((), (), False)


def test_a_drained_pod_is_reopened_where_the_controller_has_deleted_another() -> None:
    assert written(of(scale(1, 2), victim("b"), wish=1)) == [("b", "on")]


def test_c93_the_cost_that_a_pod_had_is_its_own_again() -> None:
    record = pod_record(Phase.DRAINED, op=SCALE_IN, to="v1", gen=1, cost="7")
    (patch,) = decide(of(scale(1, 1), victim("b", record=record))).patches
    assert patch.body["metadata"]["annotations"][names.DELETION_COST] == "7"
    changed = victim("b", record=record, annotations={names.DELETION_COST: "3"})
    (patch,) = decide(of(scale(1, 1), changed)).patches
    assert names.DELETION_COST not in patch.body["metadata"]["annotations"]


def test_in_label_mode_the_label_is_off() -> None:
    labelled = {"gated": False, "gate": ABSENT, "labels": {names.TRAFFIC: "on"}}
    pods = [serving(name, created=float(at), **labelled) for at, name in enumerate("ab")]
    (patch,) = decide(of(scale(1, 2), *pods)).patches
    assert (patch.pod, patch.body["metadata"]["labels"]) == ("b", {names.TRAFFIC: "off"})
    record = pod_record(Phase.DRAINED, op=SCALE_IN, mode=Mode.LABEL, to="v1", gen=1, cost="")
    gone = victim("b", record=record, **{**labelled, "labels": {names.TRAFFIC: "off"}})
    assert scaled(of(scale(1, 2), pods[0], gone, **off(gone))) == [1]


@pytest.mark.guard("a-scale-in-lowers-only-the-cells-that-shrink")
def test_c51_the_pods_of_a_cell_that_does_not_shrink_stay_whatever_their_number() -> None:
    """An autoscaler has raised cell B to three; the scale-in of cell A ends all the same."""
    cells = {"a": 1, "b": 2}
    plan = Plan(cells, Strategy(upgrade_type=UpgradeType.BATCH), before={"a": 2, "b": 2})
    record = release(State.PROGRESSING, kind=Kind.SCALE, to_revision="v1", plan=plan)
    here, there = {"labels": {names.CELL: "a"}}, {"labels": {names.CELL: "b"}, "owner": "uid-b"}
    pods = [serving("a1", **here), *(serving(f"b{n}", **there) for n in "123")]
    sets = (workload(1, "a", uid=OWNER), workload(3, "b", uid="uid-b", name="shop-b"))
    found = decide(snapshot(*pods, record=record, workloads=sets))
    assert (found.patches, found.workloads) == ((), ())
    assert found.move is not None
    assert found.move.trigger is Trigger.STEP_DONE


@pytest.mark.guard("a-lowered-workload-is-progress")
def test_the_deadline_of_a_scale_in_counts_from_the_last_workload_that_it_lowered() -> None:
    """The victims of an earlier wave are gone, and with them their records."""
    late = START + 700
    record = scale(1, 3, progress_deadline_seconds=600)
    down = {"ready": UNREADY, "containers_ready": UNREADY}
    pods = (serving("a", **down), serving("b"))
    for lowered, failed in ((START, True), (late - 10, False)):
        sets = (workload(2, uid=OWNER, scaled_at=lowered),)
        found = decide(of(record, *pods, workloads=sets, time=late, barred=frozenset({"uid-a"})))
        assert (found.move is not None and found.move.trigger is Trigger.FAIL) is failed


@pytest.mark.guard("a-scale-in-counts-others-pods-itself")
@pytest.mark.parametrize(("read", "drained_pods"), [(True, 1), (False, 0)])
def test_c64_pods_of_others_under_a_shared_budget_are_counted_by_what_they_show(
    read: bool, drained_pods: int
) -> None:
    """In Label mode a drained pod of another release stays Ready: the status counts it."""
    status = {"observedGeneration": 1, "expectedPods": 5, "currentHealthy": 5, "desiredHealthy": 3}
    meta, spec = {"name": "keep", "generation": 1}, {"selector": {}, "minAvailable": 3}
    budget = disruption_budgets.parse({"metadata": meta, "spec": spec, "status": status})
    others = (serving("x"), pod("y", labels={names.TRAFFIC: "off"}))
    pods = [serving(name) for name in "abc"]
    seen = of(scale(1, 3), *pods, budgets=(budget,), others=others if read else None)
    assert len(written(seen)) == drained_pods

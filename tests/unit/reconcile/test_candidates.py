"""Which pods a group takes: counts, order and budget (protocol 7)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from msgspec import structs

from kubectl_cafe import names
from kubectl_cafe.assessment.snapshot import Snapshot
from kubectl_cafe.pods.model import ABSENT, Condition, Pod
from kubectl_cafe.pods.observed import look
from kubectl_cafe.reconcile.availability import budget, limit_of
from kubectl_cafe.reconcile.candidates import choose, counts, is_candidate, missing, surplus
from kubectl_cafe.traffic import Service
from statemachine.steps import Kind, UpgradeType
from tests.unit.builders import (
    assessments,
    container,
    drained,
    patched,
    pod,
    release,
    snapshot,
    upgraded,
    workload,
)

SHOP = Service("shop", {"app": "shop"})
DOWN = Condition("False", "ContainersNotReady")
BROKEN = {"ready": DOWN, "containers_ready": DOWN}


def chosen(of: Snapshot) -> list[str]:
    return [s.pod.name for s in choose(of, assessments(of))]


def many(count: int, **changes: object) -> list[Pod]:
    return [pod(f"p{n}", **changes) for n in range(count)]


def of_ten(*pods: Pod, **changes: object) -> Snapshot:
    """Ten pods in one cell, no Beta, one batch."""
    strategy: dict[str, Any] = {"cells": {"": 10}, "upgrade_type": UpgradeType.BATCH, **changes}
    return snapshot(*pods, record=release(**strategy), workloads=(workload(10),))


LIMITS = [
    ("25%", 10, 2),
    ("25%", 3, 1),
    ("20%", 3, 1),
    (2, 10, 2),
    (0, 10, 1),
    ("66%", 3, 1),
    ("100%", 4, 4),
]


@pytest.mark.parametrize(("wished", "replicas", "pods"), LIMITS)
def test_c62_max_unavailable_is_rounded_down_and_at_least_one(
    wished: int | str, replicas: int, pods: int
) -> None:
    assert limit_of(wished, replicas) == pods


def test_c62_no_more_healthy_pods_are_taken_than_may_be_unavailable() -> None:
    assert len(chosen(of_ten(*many(10), max_unavailable=3))) == 3


@pytest.mark.guard("budget-limits-healthy-takes")
def test_c62_pods_that_are_unavailable_for_any_cause_use_up_the_budget() -> None:
    lost = pod("lost", ready=Condition("False"))
    assert len(chosen(of_ten(*many(9), lost, max_unavailable=3))) == 2


def test_c62_a_missing_pod_is_unavailable_too() -> None:
    assert len(chosen(of_ten(*many(8), max_unavailable=3))) == 1


def test_c49_a_terminating_pod_is_unavailable_until_it_is_gone() -> None:
    assert len(chosen(of_ten(*many(9), pod("x", terminating=True), max_unavailable=3))) == 2


@pytest.mark.guard("two-cells-share-one-budget")
def test_c73_two_replicas_in_two_cells_are_never_down_both() -> None:
    a, b = pod("a", labels={names.CELL: "A"}), pod("b", labels={names.CELL: "B"})
    assert len(chosen(snapshot(a, b, record=release(cells={"A": 1, "B": 1})))) == 1


@pytest.mark.guard("broken-pods-are-exempt")
def test_c74_of_a_set_that_is_broken_as_a_whole_pods_are_taken_all_the_same() -> None:
    assert chosen(of_ten(*many(10, **BROKEN), max_unavailable=2)) == ["p0", "p1"]


@pytest.mark.guard("new-version-has-its-own-cap")
def test_c62_a_bad_version_does_not_eat_a_broken_set() -> None:
    bad = [patched(f"bad{n}") for n in range(2)]
    assert chosen(of_ten(*many(8, **BROKEN), *bad, max_unavailable=2)) == []


@pytest.mark.guard("writes-under-way-count-for-the-cap")
def test_c62_pods_whose_first_write_is_under_way_count_as_new_ones_that_are_down() -> None:
    of = of_ten(*many(10, **BROKEN), max_unavailable=2)
    assert chosen(replace(of, busy=frozenset({"uid-p0", "uid-p1"}))) == []


def test_c29_a_broken_pod_is_taken_first() -> None:
    of = of_ten(*many(9), pod("broken", **BROKEN), max_unavailable=2)
    assert chosen(of) == ["broken", "p0"]


def test_c29_a_broken_pod_is_taken_although_the_budget_is_used_up() -> None:
    of = of_ten(*many(9), pod("broken", **BROKEN), max_unavailable=1)
    assert chosen(of) == ["broken"]


def test_the_newest_pod_is_taken_first_and_the_name_decides_between_equals() -> None:
    of = snapshot(pod("b", created=5.0), pod("c", created=9.0), pod("a", created=5.0))
    assert chosen(of) == ["c"]
    assert chosen(snapshot(pod("b", created=5.0), pod("a", created=5.0))) == ["a"]


@pytest.mark.guard("own-takes-are-seen-first")
def test_no_healthy_pod_is_taken_before_the_watch_has_shown_our_last_takes() -> None:
    of = of_ten(*many(10), max_unavailable=3)
    assert chosen(replace(of, unseen_takes=True)) == []


@pytest.mark.guard("a-lost-pod-is-no-candidate")
def test_c80_a_pod_on_a_lost_node_is_not_taken() -> None:
    lost = pod("lost", ready=Condition("False"), gated=False, gate=ABSENT)
    assert chosen(snapshot(lost)) == []


@pytest.mark.guard("a-new-pod-is-opened-first")
def test_a_new_pod_of_another_version_is_not_taken_before_it_was_opened() -> None:
    assert chosen(snapshot(pod("new", gate=ABSENT))) == []


@pytest.mark.guard("others-gates-are-not-waited-for")
def test_c29_a_pod_that_somebody_elses_gate_keeps_unready_is_taken() -> None:
    words = 'the status of pod readiness gate "example.com/lb" is not "True", but False'
    held = pod("a", ready=Condition("False", "ReadinessGatesNotReady", words))
    assert chosen(snapshot(held)) == ["a"]


def test_a_pod_whose_opening_its_kubelet_has_not_seen_is_not_taken() -> None:
    gates = ("example.com/lb", names.IN_SERVICE)
    words = ", ".join(f'readiness gate "{gate}" is not "True", but False' for gate in gates)
    held = pod("a", ready=Condition("False", "ReadinessGatesNotReady", words))
    assert chosen(snapshot(held)) == []


@pytest.mark.guard("an-opening-is-waited-for")
def test_a_pod_whose_opening_is_on_the_way_is_not_taken() -> None:
    opening = pod("a", ready=Condition("False", "ReadinessGatesNotReady"))
    assert chosen(snapshot(opening)) == []


@pytest.mark.guard("a-joining-pod-is-waited-for")
def test_c22_a_ready_pod_is_not_taken_before_the_endpoint_slices_show_it() -> None:
    of = snapshot(pod("a", ip="10.0.0.1", labels={"app": "shop"}), services=(SHOP,))
    assert chosen(of) == []
    assert chosen(replace(of, endpoints=frozenset({"uid-a"}))) == ["a"]


@pytest.mark.parametrize(
    "service",
    [
        Service("shop", {"app": "other"}),
        Service("shop", {}),
        Service("shop", {"app": "shop"}, publishes_unready=True),
    ],
)
def test_a_pod_that_no_endpoint_slice_is_going_to_show_is_taken(service: Service) -> None:
    of = snapshot(pod("a", ip="10.0.0.1", labels={"app": "shop"}), services=(service,))
    assert chosen(of) == ["a"]


def test_a_pod_that_is_not_ready_is_taken_although_no_endpoint_slice_shows_it() -> None:
    down = pod("a", ip="10.0.0.1", labels={"app": "shop"}, ready=Condition("False", "Other"))
    unready = structs.replace(down, containers_ready=Condition("False"))
    assert chosen(snapshot(unready, services=(SHOP,))) == ["a"]


def test_a_pod_with_a_write_under_way_is_not_taken_again() -> None:
    of = of_ten(*many(10), max_unavailable=10)
    assert "p0" not in chosen(replace(of, busy=frozenset({"uid-p0"})))


def test_c78_relabelling_costs_no_availability_and_asks_no_budget() -> None:
    at_v2 = [pod(f"p{n}", container("C1", "app:v2")) for n in range(10)]
    assert len(chosen(of_ten(*at_v2, max_unavailable=1))) == 10


def test_the_beta_group_takes_one_pod_of_every_cell() -> None:
    pods = [pod(f"{cell}{n}", labels={names.CELL: cell}) for cell in ("A", "B") for n in range(4)]
    of = snapshot(*pods, record=release(cells={"A": 4, "B": 4}, max_unavailable=8))
    assert chosen(of) == ["A0", "B0"]


def test_pods_that_are_at_the_goal_count_for_the_group() -> None:
    assert chosen(snapshot(pod("a"), upgraded("b"))) == []


def test_c88_a_pod_in_flight_is_the_group_and_not_one_more() -> None:
    assert chosen(snapshot(pod("a"), patched("b"))) == []


def test_c51_the_last_group_takes_pods_that_another_client_added() -> None:
    pods = (upgraded("first"), *many(4))
    of = snapshot(*pods, record=release(step=1), workloads=(workload(5),))
    assert counts(of, assessments(of)) == {"": 5}


def test_c51_an_earlier_group_does_not_grow_with_them() -> None:
    of = snapshot(*many(5), workloads=(workload(5),))
    assert counts(of, assessments(of)) == {"": 1}


@pytest.mark.guard("a-group-completes-on-what-its-workload-wishes-for")
def test_c52_a_group_of_a_set_that_was_scaled_down_completes_on_what_it_wishes_for() -> None:
    record = release(cells={"": 9}, batch_size=4, step=2)
    of = snapshot(upgraded("a"), upgraded("b"), record=record, workloads=(workload(2),))
    assert missing(of, assessments(of)) == {}


def test_c52_an_earlier_group_of_it_completes_on_what_it_wishes_for_as_well() -> None:
    record = release(cells={"": 9}, batch_size=4, step=1)
    of = snapshot(upgraded("a"), upgraded("b"), record=record, workloads=(workload(2),))
    assert missing(of, assessments(of)) == {}


def test_c54_an_empty_cell_is_vacuously_done() -> None:
    of = snapshot(upgraded("a", labels={names.CELL: "A"}), record=release(cells={"A": 1, "B": 0}))
    assert missing(of, assessments(of)) == {}


def test_a_scale_out_group_waits_for_pods_that_do_not_exist_yet() -> None:
    of = snapshot(record=release(kind=Kind.CREATE, cells={"A": 2}, step=1))
    assert missing(of, assessments(of)) == {"A": 1}


def test_a_group_lacks_the_pods_that_are_not_available_at_the_goal() -> None:
    of = snapshot(pod("a"), upgraded("b", ready=DOWN))
    assert missing(of, assessments(of)) == {"": 1}


@pytest.mark.guard("surplus-is-released")
def test_c48_a_drained_pod_whose_cell_has_its_count_is_surplus() -> None:
    of = snapshot(drained("a"), upgraded("b"))
    assert surplus(of, assessments(of)) == {"uid-a"}


def test_c48_a_drained_pod_that_the_group_needs_is_not_surplus() -> None:
    of = snapshot(drained("a"), pod("b"))
    assert surplus(of, assessments(of)) == frozenset()


def test_the_budget_counts_a_take_that_is_under_way_as_unavailable() -> None:
    of = snapshot(pod("a"), pod("b"), busy=frozenset({"uid-a"}))
    assert budget(of, assessments(of)).unavailable == 1


def test_c73_more_new_pods_unavailable_than_may_be_take_no_pod_not_even_a_broken_one() -> None:
    """A bad version can't eat an already broken set."""
    record = release(max_unavailable=1, upgrade_type=UpgradeType.BATCH, cells={"": 3})
    of = snapshot(
        upgraded("a", **BROKEN), upgraded("b", **BROKEN), pod("c", **BROKEN), record=record
    )
    assert chosen(of) == []


def test_c62_more_pods_missing_than_may_be_unavailable_take_no_healthy_one() -> None:
    assert chosen(of_ten(*many(8), max_unavailable=3)) == ["p0"]
    assert chosen(of_ten(*many(7), max_unavailable=3)) == []
    assert chosen(of_ten(*many(6), max_unavailable=3)) == []


@pytest.mark.parametrize(("image", "taken"), [("app:v1", True), ("app:v2", False)])
def test_c27_a_new_pod_that_is_stuck_is_taken_where_it_is_not_at_the_goal_already(
    image: str, taken: bool
) -> None:
    waiting = {"waiting": "ErrImagePull", "message": f'"{image}"'}
    broken = container("C1", image, ready=False, running=False, **waiting)
    born = pod("a", broken, gate=ABSENT, labels={names.REVISION: image[-2:]}, **BROKEN)
    of = snapshot(born, sightings={born.uid: look(None, born, 0.0)})
    (found,) = assessments(of)
    assert found.stuck
    assert is_candidate(found, of) is taken

"""PodDisruptionBudgets: whom they cover, what room they leave, what waits for them (protocol 7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from msgspec import structs

from kubectl_cafe.assessment import disruption_budgets
from kubectl_cafe.assessment.disruption_budgets import DisruptionBudget
from kubectl_cafe.assessment.snapshot import Snapshot
from kubectl_cafe.pods.model import Condition, Pod
from kubectl_cafe.reconcile.decide import decide
from kubectl_cafe.waits import texts
from statemachine.lifecycle import State, Trigger
from statemachine.steps import UpgradeType
from tests.unit.builders import START, container, patched, pod, release, snapshot, workload

APP = {"app": "shop"}
DOWN = Condition("False", "ContainersNotReady")
BROKEN: Mapping[str, Any] = {"ready": DOWN, "containers_ready": DOWN}


def pdb(selector: Any = None, name: str = "keep", **status: int) -> DisruptionBudget:
    """A budget of ten healthy pods that wants eight, as its controller has last seen it."""
    shown = {
        "observedGeneration": 1,
        "currentHealthy": 10,
        "desiredHealthy": 8,
        "disruptionsAllowed": 2,
        "expectedPods": 10,
        **status,
    }
    spec = {"selector": {"matchLabels": APP} if selector is None else selector}
    meta = {"name": name, "generation": 1}
    return disruption_budgets.parse({"metadata": meta, "spec": spec, "status": shown})


def ten(*others: Pod, budgets: tuple[DisruptionBudget, ...] = (), **strategy: Any) -> Snapshot:
    """Ten pods in one cell of which all may be down at once: the budgets alone hold back."""
    pods = [pod(f"p{n}", labels=APP) for n in range(10 - len(others))]
    record = release(
        cells={"": 10}, upgrade_type=UpgradeType.BATCH, max_unavailable="100%", **strategy
    )
    shown = snapshot(*pods, *others, record=record, workloads=(workload(10),))
    return replace(shown, budgets=budgets)


def taken(of: Snapshot) -> int:
    return len(decide(of).patches)


# Whom it covers


SELECTORS: list[tuple[Any, bool]] = [
    ({"matchLabels": {"app": "shop"}}, True),
    ({"matchLabels": {"app": "cart"}}, False),
    ({"matchLabels": {"app": "shop", "tier": "web"}}, False),
    ({}, True),
    ({"matchExpressions": [{"key": "app", "operator": "In", "values": ["shop", "x"]}]}, True),
    ({"matchExpressions": [{"key": "app", "operator": "In", "values": ["x"]}]}, False),
    ({"matchExpressions": [{"key": "tier", "operator": "In", "values": ["x"]}]}, False),
    ({"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["shop"]}]}, False),
    ({"matchExpressions": [{"key": "tier", "operator": "NotIn", "values": ["x"]}]}, True),
    ({"matchExpressions": [{"key": "app", "operator": "Exists"}]}, True),
    ({"matchExpressions": [{"key": "tier", "operator": "Exists"}]}, False),
    ({"matchExpressions": [{"key": "app", "operator": "DoesNotExist"}]}, False),
    ({"matchExpressions": [{"key": "tier", "operator": "DoesNotExist"}]}, True),
    (
        {"matchLabels": APP, "matchExpressions": [{"key": "app", "operator": "DoesNotExist"}]},
        False,
    ),
]


@pytest.mark.parametrize(("selector", "covers"), SELECTORS, ids=[str(s) for s, _ in SELECTORS])
def test_a_selector_covers_what_kubernetes_says_it_does(selector: Any, covers: bool) -> None:
    assert pdb(selector).covers(APP) is covers


def test_a_budget_with_an_operator_that_is_not_known_holds_its_pods_back() -> None:
    newer = {"matchExpressions": [{"key": "app", "operator": "Gt", "values": ["1"]}]}
    assert taken(ten(budgets=(pdb(newer),))) == 2


def test_a_budget_without_a_selector_covers_nothing() -> None:
    shown = disruption_budgets.parse({"metadata": {"name": "keep", "generation": 1}, "spec": {}})
    assert not shown.covers(APP)


def test_a_budget_without_a_status_counts_no_pods() -> None:
    shown = disruption_budgets.parse({"metadata": {"name": "keep", "generation": 1}, "spec": {}})
    counted = (shown.desired, shown.allowed, shown.healthy, shown.expected)
    assert (counted, shown.observed) == ((0, 0, 0, 0), False)


# What room it leaves


@pytest.mark.guard("budgets-are-asked")
def test_c64_no_more_healthy_pods_are_taken_than_a_budget_lets_go() -> None:
    assert taken(ten(budgets=(pdb(),))) == 2


@pytest.mark.guard("a-budget-counts-what-we-see")
def test_c62_pods_that_we_see_unavailable_use_up_a_budget_whose_status_lags() -> None:
    down = patched("down", labels=APP, gate=Condition("True"), ready=Condition("True"))
    assert taken(ten(down, budgets=(pdb(),))) == 1


def test_c62_a_status_that_lags_takes_nothing_from_the_healthy_pods_that_we_see() -> None:
    assert taken(ten(budgets=(pdb(currentHealthy=0),))) == 2


def test_c80_a_pod_on_a_lost_node_uses_up_the_budget_and_is_not_taken() -> None:
    lost = pod("lost", labels=APP, ready=Condition("False"))
    assert taken(ten(lost, budgets=(pdb(),))) == 1


@pytest.mark.guard("a-budgets-status-is-the-limit")
def test_c64_disruptions_allowed_0_lets_no_healthy_pod_go() -> None:
    assert taken(ten(budgets=(pdb(disruptionsAllowed=0),))) == 0


@pytest.mark.guard("a-stale-budget-leaves-no-room")
def test_c64_a_budget_whose_status_is_of_an_older_spec_lets_no_healthy_pod_go() -> None:
    assert taken(ten(budgets=(pdb(observedGeneration=0),))) == 0


def test_c64_every_budget_that_covers_a_pod_must_leave_room() -> None:
    strict = pdb({}, "strict", desiredHealthy=9)
    assert taken(ten(budgets=(pdb(), strict))) == 1


def test_c64_a_budget_of_other_pods_holds_nothing_back() -> None:
    other = pdb({"matchLabels": {"app": "cart"}}, disruptionsAllowed=0)
    assert taken(ten(budgets=(other,))) == 10


def test_a_pod_that_no_budget_covers_is_taken_beside_those_that_are_held_back() -> None:
    free = pod("free")
    assert taken(ten(free, budgets=(pdb(disruptionsAllowed=0),))) == 1


def test_a_write_under_way_counts_against_the_budget() -> None:
    of = ten(budgets=(pdb(),))
    assert taken(replace(of, busy=frozenset({"uid-p0"}))) == 1


@pytest.mark.guard("broken-pods-ask-no-budget")
def test_c74_pods_that_are_unavailable_already_ask_no_budget() -> None:
    broken = [pod(f"b{n}", labels=APP, **BROKEN) for n in range(4)]
    none = pdb(currentHealthy=6, disruptionsAllowed=0)
    assert taken(ten(*broken, budgets=(none,))) == 4


def test_c78_relabelling_asks_no_budget() -> None:
    at_v2 = [pod(f"n{n}", container("C1", "app:v2"), labels=APP) for n in range(10)]
    assert taken(ten(*at_v2, budgets=(pdb(disruptionsAllowed=0),))) == 10


def test_c64_a_rollback_asks_the_budgets_as_well() -> None:
    of = ten(budgets=(pdb(),))
    back = structs.replace(of.record, state=State.ROLLING_BACK)
    assert taken(replace(of, record=back)) == 2


# Whether others share it


def test_a_budget_that_counts_more_pods_than_ours_is_shared() -> None:
    assert ten(budgets=(pdb(expectedPods=11),)).shared_budgets == (pdb(expectedPods=11),)


def test_a_budget_that_counts_our_pods_alone_is_not_shared() -> None:
    assert ten(budgets=(pdb(),)).shared_budgets == ()


def test_a_budget_of_other_pods_alone_is_not_shared() -> None:
    other = pdb({"matchLabels": {"app": "cart"}})
    assert ten(budgets=(other,)).shared_budgets == ()


@pytest.mark.parametrize("gone", [{"phase": "Failed"}, {"terminating": True}], ids=str)
def test_c50_a_pod_of_ours_that_is_gone_is_none_of_those_that_a_budget_counts(
    gone: dict[str, Any],
) -> None:
    left = pod("left", labels=APP, **gone)
    assert ten(left, budgets=(pdb(),)).shared_budgets == (pdb(),)


# What is said of it


def test_a_budget_that_leaves_no_room_is_named_as_awaited() -> None:
    of = ten(budgets=(pdb(disruptionsAllowed=0),))
    assert texts(decide(of).waits) == (
        "PodDisruptionBudget keep (10 healthy, 8 desired, 0 disruptions allowed) "
        "to allow a disruption",
    )


def test_a_budget_whose_status_is_stale_is_named_as_awaited() -> None:
    of = ten(budgets=(pdb(observedGeneration=0),))
    assert texts(decide(of).waits) == (
        "PodDisruptionBudget keep (not observed yet) to allow a disruption",
    )


def test_a_budget_that_holds_nothing_back_is_not_awaited() -> None:
    of = ten(budgets=(pdb(desiredHealthy=0, disruptionsAllowed=10),))
    assert not any("PodDisruptionBudget" in said for said in texts(decide(of).waits))


def test_in_a_pause_no_budget_is_awaited() -> None:
    of = ten(budgets=(pdb(disruptionsAllowed=0),))
    paused = structs.replace(of.record, state=State.PAUSED, origin=State.PROGRESSING)
    said = texts(decide(replace(of, record=paused)).waits)
    assert not any("PodDisruptionBudget" in one for one in said)


def test_c64_a_wait_for_a_budget_that_outlasts_the_deadline_fails_the_group_and_names_it() -> None:
    move = decide(replace(ten(budgets=(pdb(disruptionsAllowed=0),)), time=START + 700)).move
    assert move is not None
    assert (move.trigger, "PodDisruptionBudget keep" in str(move.failure)) == (Trigger.FAIL, True)


def test_a_budget_that_wants_all_its_pods_is_warned_about_before_the_release() -> None:
    all_of_them = pdb(desiredHealthy=10, disruptionsAllowed=0)
    (said,) = disruption_budgets.warnings((pdb(), all_of_them), "stores")
    assert "allows no disruption of its 10 pods" in said
    assert "kubectl edit pdb keep -n stores" in said


@pytest.mark.parametrize(
    ("status", "never"),
    [
        ({"expectedPods": 1, "desiredHealthy": 1}, True),
        ({"expectedPods": 1, "desiredHealthy": 2}, True),
        ({"expectedPods": 2, "desiredHealthy": 1}, False),
        ({"expectedPods": 0, "desiredHealthy": 0}, False),
        ({"expectedPods": 1, "desiredHealthy": 1, "observedGeneration": 0}, False),
    ],
)
def test_a_budget_never_leaves_room_where_it_wants_all_the_pods_that_there_are(
    status: dict[str, int], never: bool
) -> None:
    assert pdb(**status).never is never

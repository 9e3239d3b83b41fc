"""How many pods a release leaves in each cell, and which it creates (protocol 8)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

from kubectl_cafe import names
from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.assessment import disruption_budgets
from kubectl_cafe.errors import CONFLICT, CafeError, Refused
from kubectl_cafe.planning import scaling
from kubectl_cafe.planning.around import Around
from kubectl_cafe.planning.proposal import outline, propose
from kubectl_cafe.planning.scaling import Counts, counts, with_counts
from kubectl_cafe.pods.model import Pod
from kubectl_cafe.revisions.revision import Revision, name_of
from statemachine.lifecycle import State
from statemachine.record import Plan, Record, Strategy
from statemachine.record_json import encode
from statemachine.steps import Kind
from tests.unit.builders import cafe_object, pod, release, template, workload

V1 = name_of("shop", template("app:v1"))
TWO = {"CellA": 2, "CellB": 1}


def cafe(
    replicas: int, recorded: dict[str, int] | None = TWO, cells: tuple[str, ...] = tuple(TWO)
) -> CafeDeployment:
    """A CafeDeployment of `cells`; its last release left the pods `recorded`."""
    topology = {"unitType": "Cell", "values": list(cells)}
    obj = cafe_object(replicas=replicas, topology=topology)
    if recorded is not None:
        obj["metadata"]["annotations"] = {names.ALLOCATION: json.dumps(recorded)}
    return CafeDeployment(obj)


def sets(**cells: int) -> tuple[Any, ...]:
    return tuple(
        workload(size, cell, uid=f"uid-{cell}", name=f"shop-{cell.lower()}", revision=V1)
        for cell, size in cells.items()
    )


def test_where_the_spec_asks_for_what_the_last_release_left_nothing_is_created() -> None:
    assert counts(cafe(3), sets(**TWO)) == Counts(TWO)


def test_more_pods_are_created_from_what_the_workloads_have() -> None:
    assert counts(cafe(5), sets(**TWO)) == Counts({"CellA": 3, "CellB": 2}, TWO)


def test_a_cell_that_is_new_starts_without_pods() -> None:
    found = counts(cafe(4, cells=("CellA", "CellB", "CellC")), sets(**TWO))
    assert found == Counts({"CellA": 2, "CellB": 1, "CellC": 1}, {**TWO, "CellC": 0})


def test_c51_what_another_client_has_set_on_a_workload_stays() -> None:
    assert counts(cafe(3), sets(CellA=9, CellB=1)) == Counts(TWO)


def test_where_the_workloads_have_what_the_spec_asks_for_nothing_is_created() -> None:
    assert counts(cafe(5), sets(CellA=3, CellB=2)) == Counts({"CellA": 3, "CellB": 2})


def test_without_a_recorded_allocation_nothing_is_created() -> None:
    assert counts(cafe(5, recorded=None), sets(**TWO)) == Counts({"CellA": 3, "CellB": 2})


def ended(state: State, before: dict[str, int] | None, recorded: dict[str, int] = TWO) -> Any:
    """A CafeDeployment of three pods whose last release scaled and ended in `state`."""
    plan = Plan({"CellA": 4, "CellB": 1}, Strategy(), before=before)
    found = cafe(3, recorded)
    note = encode(release(state, kind=Kind.SCALE, plan=plan, uid=found.uid))
    notes = {**found.annotations, names.RELEASE: note}
    return CafeDeployment(
        {**found.obj, "metadata": {**found.obj["metadata"], "annotations": notes}}
    )


@pytest.mark.guard("after-an-abort-counts-are-compared")
def test_after_an_aborted_scale_the_counts_of_the_spec_are_compared_with_the_workloads() -> None:
    aborted = ended(State.ABORTED, TWO)
    assert counts(aborted, sets(CellA=3, CellB=1)) == Counts(TWO, {"CellA": 3, "CellB": 1})
    completed = ended(State.COMPLETED, TWO)
    assert counts(completed, sets(CellA=3, CellB=1)) == Counts(TWO)


def scaling_to(**changes: Any) -> Record:
    """A scale of CellA from two pods to four, CellB keeps one."""
    plan = Plan({"CellA": 4, "CellB": 1}, Strategy(), before=TWO)
    return release(**{"state": State.FAILED, "kind": Kind.SCALE, "plan": plan, **changes})


def test_a_rollback_puts_back_the_counts_that_its_release_found() -> None:
    """As if the release had scaled to its end: a write of its driver may be under way."""
    found = scaling.put_back(scaling_to(), sets(CellA=3, CellB=1))
    assert found == Counts(TWO, {"CellA": 4, "CellB": 1})


@pytest.mark.guard("a-count-of-another-client-stays")
def test_a_rollback_leaves_the_count_that_another_client_has_set() -> None:
    found = scaling.put_back(scaling_to(), sets(CellA=9, CellB=1))
    assert found == Counts({"CellA": 9, "CellB": 1})


def test_a_rollback_of_a_release_that_has_ended_touches_no_count() -> None:
    here = sets(CellA=3, CellB=1)
    for state, cells in ((State.COMPLETED, {"CellA": 4}), (State.ABORTED, {"CellA": 3})):
        found = scaling.put_back(scaling_to(state=state), here)
        assert found == Counts({**cells, "CellB": 1})


def test_a_second_rollback_puts_the_same_counts_back() -> None:
    plan = Plan(TWO, Strategy(), before={"CellA": 4, "CellB": 1})
    failed = release(State.FAILED, kind=Kind.ROLLBACK, plan=plan)
    assert scaling.put_back(failed, sets(CellA=3, CellB=1)) == Counts(TWO, plan.before)


@pytest.mark.guard("a-cell-that-leaves-the-topology-loses-its-pods")
def test_c114_a_cell_that_leaves_the_topology_loses_its_pods() -> None:
    gone = cafe(3, cells=("CellA",))
    emptied = Counts({"CellA": 3, "CellB": 0}, {"CellA": 2, "CellB": 1})
    assert counts(gone, sets(**TWO)) == emptied
    assert counts(gone, sets(CellA=3, CellB=0)) == Counts({"CellA": 3})


@pytest.mark.guard("a-scale-in-respects-min-available")
def test_fewer_pods_than_a_budgets_min_available_are_refused() -> None:
    spec = {"selector": {}, "minAvailable": 3}
    budget = disruption_budgets.parse({"metadata": {"name": "keep"}, "spec": spec})
    with pytest.raises(Refused, match="keep wants 3 pods available, and 2 would be left"):
        scaling.refuse_below_budgets(cafe(2), Counts({"CellA": 2}, {"CellA": 3}), (budget,))
    scaling.refuse_below_budgets(cafe(3), Counts({"CellA": 3}, {"CellA": 4}), (budget,))
    scaling.refuse_below_budgets(cafe(2), Counts({"CellA": 2}, {"CellA": 1}), (budget,))


def test_a_release_that_only_removes_pods_has_kind_scale() -> None:
    pods = (at(V1, "a", "CellA"), at(V1, "b", "CellA"), at(V1, "c", "CellB"))
    found = propose(cafe(2), around(*pods, **TWO), template("app:v1"))
    assert (found.kind, found.needed) == (Kind.SCALE, True)
    assert [(str(s.kind), s.counts) for s in found.steps] == [
        ("scale-in", {"CellA": 1, "CellB": 1})
    ]


def test_pods_without_a_switch_that_may_be_removed_are_named() -> None:
    cells = {"a": "CellA", "b": "CellA", "c": "CellB"}
    pods = [replace(at(V1, name, cell), gated=False) for name, cell in cells.items()]
    found = propose(cafe(2), around(*pods, **TWO), template("app:v1"))
    assert "2 pods of the cells that lose pods have no traffic switch" in "; ".join(found.warnings)


def around(*pods: Pod, **cells: int) -> Around:
    return Around((Revision(V1, 1, template("app:v1")),), sets(**cells), pods)


def at(version: str, name: str, cell: str) -> Pod:
    return pod(name, labels={names.REVISION: version, names.CELL: cell})


def test_a_release_that_only_creates_pods_has_kind_scale() -> None:
    pods = (at(V1, "a", "CellA"), at(V1, "b", "CellA"), at(V1, "c", "CellB"))
    found = propose(cafe(5), around(*pods, **TWO), template("app:v1"))
    assert (found.kind, found.needed, found.target) == (Kind.SCALE, True, V1)
    assert [(str(s.kind), s.counts) for s in found.steps] == [
        ("scale-out", {"CellA": 3, "CellB": 2})
    ]


def test_an_upgrade_creates_pods_after_its_sweep() -> None:
    pods = (at(V1, "a", "CellA"), at(V1, "b", "CellA"), at(V1, "c", "CellB"))
    found = propose(cafe(5), around(*pods, **TWO), template("app:v2"))
    assert found.kind is Kind.UPGRADE
    assert [f"{s.kind}{s.group or ''}" for s in found.steps] == [
        "upgrade1",
        "upgrade2",
        "commit",
        "sweep",
        "scale-out3",
    ]
    assert found.plan.sizes(found.kind)[3] == {"CellA": 1, "CellB": 1}


def test_the_verb_sets_the_number_of_all_pods_or_of_a_cell() -> None:
    assert with_counts(cafe(3), 5, {}, None).replicas == 5
    fixed = with_counts(cafe(3), 6, {"CellA": 4}, 3)
    assert fixed.wished_allocation() == {"CellA": 4, "CellB": 2}


def test_another_number_than_the_expected_one_is_a_conflict() -> None:
    with pytest.raises(CafeError, match=r"expected spec\.replicas to be 9, was 3") as raised:
        with_counts(cafe(3), 5, {}, 9)
    assert raised.value.exit_code == CONFLICT


def test_an_unknown_cell_is_named_with_the_known_ones() -> None:
    with pytest.raises(CafeError, match=r'cell "CellX" not found \(existing: CellA, CellB\)'):
        with_counts(cafe(3), None, {"CellX": 1}, None)


def test_numbers_that_do_not_fit_refuse_a_release_and_leave_its_plan() -> None:
    """`plan` shows the refusal among its findings."""
    topology = {"unitType": "Cell", "values": list(TWO), "unitReplicas": {"CellA": 9}}
    obj = {**cafe(3).obj, "spec": {**cafe(3).spec, "topology": topology}}
    pods = (at(V1, "a", "CellA"), at(V1, "b", "CellA"), at(V1, "c", "CellB"))
    found = outline(CafeDeployment(obj), around(*pods, **TWO), template("app:v2"))
    assert [refusal.message for refusal in found.refusals] == [
        "unitReplicas ask for 9 pods, replicas is 3"
    ]
    assert found.plan.cells == TWO


def test_a_rollback_after_an_aborted_scale_records_the_counts_that_the_scale_has_left() -> None:
    """Else the next release would take them for another client's."""
    found = scaling.settled(ended(State.ABORTED, TWO), {"CellA": 3, "CellB": 7})
    assert found == {"CellA": 3, "CellB": 1}

"""A cell may have two workloads, of different revisions: neither hides the other (protocol 3)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from msgspec import structs

from kubectl_cafe import names
from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.assessment import desired_replicas
from kubectl_cafe.assessment.edited_spec import noted
from kubectl_cafe.assessment.snapshot import Snapshot
from kubectl_cafe.cache.cache import Cache
from kubectl_cafe.planning.around import Around
from kubectl_cafe.planning.conflicts import lacking
from kubectl_cafe.planning.proposal import everywhere
from kubectl_cafe.pods.model import Pod
from kubectl_cafe.podsets import Workload
from kubectl_cafe.podsets.inplaceset import InPlaceSet
from kubectl_cafe.reconcile import availability
from kubectl_cafe.reconcile.decide import decide
from kubectl_cafe.repair.rebuilt_record import assume, with_record
from statemachine.record import Plan
from statemachine.steps import Kind, StepKind
from tests.unit.builders import (
    assessments,
    cafe_object,
    pod,
    release,
    revision,
    snapshot,
    template,
    upgraded,
    workload,
)


def one(at: str, replicas: int, cell: str = "A") -> Workload:
    """The workload of `cell` at revision `at`."""
    name = f"shop-{cell.lower()}-{at}"
    return workload(replicas, cell, name=name, uid=f"uid-{name}", revision=at)


OLD, NEW, OTHER = one("v1", 2), one("v2", 1), one("v1", 2, "B")
PLAN = {"A": 3, "B": 2}


def in_cell(name: str, cell: str, owner: Workload) -> Pod:
    made = pod(name, owner=owner.uid)
    return structs.replace(made, labels={**made.labels, names.CELL: cell})


PODS = (
    *(in_cell(name, "A", OLD) for name in ("a1", "a2")),
    in_cell("a3", "A", NEW),
    *(in_cell(name, "B", OTHER) for name in ("b1", "b2")),
)


def seen(*workloads: Workload, **changes: Any) -> Snapshot:
    """A release of two cells, of which A has two workloads."""
    record = release(cells=PLAN, **changes)
    return snapshot(*PODS, record=record, workloads=workloads or (OLD, NEW, OTHER))


def at_the_commit(*workloads: Workload) -> list[tuple[str, bool]]:
    """What the commit writes: each workload's name, and whether it is created."""
    kinds = [step.kind for step in release(cells=PLAN).steps]
    of = seen(*workloads, step=kinds.index(StepKind.COMMIT))
    return [(write.name, write.create) for write in decide(of).workloads]


@pytest.mark.guard("a-cell-is-to-have-the-pods-of-both-its-workloads")
def test_a_cell_is_to_have_the_pods_of_both_whichever_comes_first() -> None:
    assert desired_replicas.per_cell(seen()) == PLAN
    assert desired_replicas.per_cell(seen(NEW, OLD, OTHER)) == PLAN
    assert desired_replicas.total(seen()) == 5


def test_the_budget_counts_what_both_lack() -> None:
    of = seen(OLD, one("v2", 4), OTHER)
    assert availability.budget(of, assessments(of)).unavailable == 3


def test_a_cell_has_lost_its_workload_once_both_are_gone() -> None:
    assert desired_replicas.lost_cells(seen(OLD, OTHER)) == []
    assert desired_replicas.lost_cells(seen(NEW, OTHER)) == []
    assert desired_replicas.lost_cells(seen(OTHER)) == ["A"]


def test_the_commit_goes_to_each_and_creates_no_third() -> None:
    workloads = (OLD, one("v0", 1), OTHER)
    assert at_the_commit(*workloads) == [(each.name, False) for each in workloads]


def test_the_commit_leaves_alone_the_one_that_has_the_template_already() -> None:
    new = replace(NEW, template=template("app:v2"))
    assert at_the_commit(OLD, new, OTHER) == [(OLD.name, False), (OTHER.name, False)]


@pytest.mark.guard("what-a-cell-lacks-is-created-once")
def test_what_a_cell_lacks_is_born_once_and_of_the_goals_workload() -> None:
    """Its first pod is the old one's; the second group has two."""
    record = release(cells={"A": 3}, kind=Kind.CREATE, batch_size=1, step=2)
    there = upgraded("a", owner="uid-shop-a-v1", labels={names.CELL: "A"})
    of = snapshot(there, record=record, workloads=(one("v1", 1), one("v2", 0)))
    made = decide(of).workloads
    assert [(w.name, w.body["spec"]["replicas"]) for w in made] == [("shop-a-v2", 1)]


def test_two_that_wish_for_what_was_planned_together_are_not_said_to_be_scaled() -> None:
    cafe = CafeDeployment(cafe_object(replicas=5))
    record = release(cells=PLAN, spec_hash=cafe.spec_hash)
    record = structs.replace(record, plan=Plan(PLAN, cafe.strategy))

    def said(*workloads: Workload) -> str:
        return " ".join(noted(cafe, snapshot(*PODS, record=record, workloads=workloads)))

    assert "were scaled" not in said(OLD, NEW, OTHER)
    assert "(A: 4)" in said(OLD, one("v2", 2), OTHER)


def test_a_release_is_needed_while_one_of_two_has_another_template() -> None:
    known = (revision("v1", 1), revision("v2", 2))

    def there(*workloads: Workload) -> bool:
        return everywhere(Around(known, workloads, ()), "v2", template("app:v2"), {"A": 3})

    new = replace(NEW, template=template("app:v2"))
    assert there(new)
    assert not there(OLD, new)


def test_what_is_assumed_without_a_record_counts_both() -> None:
    around = Around((), (OLD, NEW, OTHER), ())
    assert assume(CafeDeployment(cafe_object()), around, "", 1).plan.cells == PLAN


def test_no_cell_with_a_workload_gets_another() -> None:
    cells = {"unitType": "Cell", "values": ["A", "B", "C"]}
    assert lacking(CafeDeployment(cafe_object(topology=cells)), (OLD, NEW, OTHER)) == ["C"]


def test_a_snapshot_has_both_in_the_order_of_their_revisions() -> None:
    sets, owner = InPlaceSet(), cafe_object(topology={"unitType": "Cell", "values": ["A"]})
    cache, cafe = Cache("uid-cafe", sets), with_record(CafeDeployment(owner), release())
    items = []
    for replicas, name in enumerate(("v2", "v1"), start=1):
        body = dict(sets.create(owner, "A", name, template(f"app:{name}"), replicas).body)
        meta = {"name": f"shop-a-{name}", "uid": name, "resourceVersion": "3"}
        items.append({**body, "metadata": {**body["metadata"], **meta}})
    cache.workloads.listed(items)

    of = cache.snapshot(cafe, {}, now=1.0, time=1.0, stopping=False)

    assert [(w.key, w.replicas) for w in of.workloads] == [(("A", "v1"), 2), (("A", "v2"), 1)]

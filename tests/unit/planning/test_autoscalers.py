"""HorizontalPodAutoscalers: whose number of pods a release leaves alone, and what `plan` says."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_cafe import names
from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.errors import CafeError, Refused
from kubectl_cafe.planning import autoscalers, scaling
from kubectl_cafe.planning.autoscalers import Autoscaler
from kubectl_cafe.planning.finding import Level
from kubectl_cafe.planning.scaling import Counts
from tests.unit.builders import cafe_object, workload

TWO = {"CellA": 2, "CellB": 1}
REPLICASET = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "shop-cella"}
CAFE = {
    "apiVersion": f"{names.GROUP}/{names.VERSION}",
    "kind": names.KIND,
    "name": "shop",
}


def cafe(replicas: int = 3, fixed: dict[str, int] | None = None) -> CafeDeployment:
    """A CafeDeployment of two cells, whose last release left two pods and one."""
    topology = {"unitType": "Cell", "values": list(TWO), "unitReplicas": fixed or {}}
    obj = cafe_object(replicas=replicas, topology=topology)
    obj["metadata"]["annotations"] = {names.ALLOCATION: '{"CellA": 2, "CellB": 1}'}
    return CafeDeployment(obj)


def scaler(target: dict[str, str], **meta: Any) -> Autoscaler:
    spec = {"scaleTargetRef": target, "minReplicas": 2, "maxReplicas": 9}
    return autoscalers.parse({"metadata": {"name": "web", **meta}, "spec": spec})


def sets(a: int = 2, b: int = 1, by: str = "") -> tuple[Any, ...]:
    return (
        workload(a, "CellA", uid="uid-a", name="shop-cella", scaled_by=by),
        workload(b, "CellB", uid="uid-b", name="shop-cellb"),
    )


def refuse(of: CafeDeployment, here: tuple[Any, ...]) -> None:
    found = autoscalers.by_cell((scaler(REPLICASET),), of, here)
    counts = scaling.counts(of, here, found)
    autoscalers.refuse(of, counts.cells, counts.before, found)


@pytest.mark.guard("an-autoscaled-count-is-not-written")
def test_c103_a_spec_that_asks_for_another_number_where_an_autoscaler_sets_it_is_refused() -> None:
    with pytest.raises(
        Refused, match=r"web \(2 to 9 pods\) sets .* CellA.* 4 instead of 2"
    ) as raised:
        refuse(cafe(5, {"CellA": 4}), sets())
    assert raised.value.hint == "kubectl edit horizontalpodautoscaler/web -n stores"


@pytest.mark.guard("a-count-that-an-autoscaler-has-set-stays")
def test_another_cell_is_scaled_and_the_number_that_an_autoscaler_has_set_stays() -> None:
    wider, here = cafe(5, {"CellA": 2}), sets(a=7)
    found = autoscalers.by_cell((scaler(REPLICASET),), wider, here)
    assert scaling.counts(wider, here, found) == Counts({"CellA": 2, "CellB": 3}, TWO)
    refuse(wider, here)


def test_an_autoscaler_of_another_object_is_not_the_releases() -> None:
    for other in ({"kind": "Deployment"}, {"name": "other"}, {"apiVersion": "extensions/v1"}):
        target = {**REPLICASET, **other}
        assert not autoscalers.by_cell((scaler(target),), cafe(), sets())


def test_c104_each_autoscaler_is_named_with_what_it_means_for_the_release() -> None:
    found = list(autoscalers.findings((scaler(REPLICASET), scaler(CAFE)), cafe(), sets()))
    assert [one.level for one in found] == [Level.OK, Level.WARNING]
    assert "cell CellA" in found[0].message
    assert "spec.replicas" in found[1].message


def test_an_autoscaler_of_keda_is_edited_as_its_scaled_object() -> None:
    owner = {"kind": "ScaledObject", "name": "web", "controller": True}
    found = scaler(CAFE, ownerReferences=[owner])
    (one,) = autoscalers.findings((found,), cafe(), sets())
    assert one.hint == "kubectl edit scaledobject/web -n stores"


def test_autoscalers_that_cannot_be_read_are_reported_as_not_checked() -> None:
    error = CafeError("forbidden")
    assert [one.level for one in autoscalers.findings(error, cafe(), sets())] == [Level.UNKNOWN]
    assert not autoscalers.by_cell(error, cafe(), sets())


def test_a_workload_that_another_client_has_scaled_is_named_with_its_field_manager() -> None:
    of, here = cafe(5), sets(a=7, by="kubectl")
    (said,) = scaling.moved(of, scaling.counts(of, here), here)
    assert "shop-cella has 7 replicas, set by kubectl, the last release left 2" in said
    assert not list(scaling.moved(of, scaling.counts(of, sets()), sets()))
    ours = sets(a=7, by=names.FIELD_MANAGER)
    assert not list(scaling.moved(of, scaling.counts(of, ours), ours))

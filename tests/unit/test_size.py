"""spec.replicas and spec.topology after the last release, and how a rollback puts them back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kubectl_cafe import names
from kubectl_cafe.api import size
from kubectl_cafe.api.cafedeployment import CafeDeployment
from tests.unit.builders import cafe_object

TWO = {"CellA": 2, "CellB": 1}
CELLS = {"unitType": "Cell", "values": list(TWO)}


def cafe(replicas: int, topology: dict[str, Any] = CELLS, **notes: str) -> CafeDeployment:
    """A CafeDeployment with the annotations `notes`: allocation and size."""
    obj = cafe_object(replicas=replicas, topology=topology)
    obj["metadata"]["annotations"] = {f"{names.PREFIX}/{key}": text for key, text in notes.items()}
    return CafeDeployment(obj)


def note(**spec: Any) -> str:
    return json.dumps(spec)


def test_the_size_is_noted_with_the_counts_that_it_asks_for() -> None:
    found = size.notes(cafe(3), TWO)
    assert json.loads(found[names.ALLOCATION]) == TWO
    assert json.loads(found[names.SIZE]) == {"replicas": 3, "topology": CELLS}


def test_a_cell_without_pods_that_the_spec_does_not_have_any_more_is_left_out() -> None:
    found = size.notes(cafe(3), {**TWO, "CellC": 0})
    assert json.loads(found[names.ALLOCATION]) == TWO
    assert names.SIZE in found


def test_a_spec_that_was_edited_meanwhile_is_not_noted() -> None:
    assert set(size.notes(cafe(9), TWO)) == {names.ALLOCATION}
    unfit = {**CELLS, "unitReplicas": {"CellA": 9, "CellB": 9}}
    assert set(size.notes(cafe(3, unfit), TWO)) == {names.ALLOCATION}


def test_what_is_noted_already_is_not_written_again() -> None:
    found = size.notes(cafe(3), TWO)
    kept = {key.rpartition("/")[2]: text for key, text in found.items()}
    assert size.notes(cafe(3, **kept), TWO) == {}


def test_replicas_and_topology_are_put_back_whole() -> None:
    wider = {**CELLS, "unitReplicas": {"CellA": 4}}
    there = cafe(6, wider, allocation=note(**TWO), size=note(replicas=3, topology=CELLS))
    found = size.restored(there)
    assert (found.replicas, found.spec["topology"]) == (3, CELLS)
    assert found.template == there.template


@pytest.mark.guard("a-size-is-put-back-only-if-it-has-the-recorded-counts")
def test_a_size_that_asks_for_other_counts_than_the_recorded_ones_is_not_put_back() -> None:
    there = cafe(6, allocation=note(CellA=5, CellB=1), size=note(replicas=3, topology=CELLS))
    assert size.restored(there) is there


@pytest.mark.parametrize("text", ["", "{", "[]", "3", "null", '{"replicas": "x"}', "[" * 9999])
def test_a_damaged_size_is_not_put_back(text: str) -> None:
    there = cafe(6, allocation=note(**TWO), size=text)
    assert size.restored(there) is there

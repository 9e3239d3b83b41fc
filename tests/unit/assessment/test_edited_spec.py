"""What was edited or scaled under a release, as `status` says it (C51, C61, C81)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from msgspec import structs

from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.assessment.edited_spec import (
    ahead,
    noted,
    releasable,
    rescaled,
    spec_changed,
)
from kubectl_cafe.podsets import Workload
from statemachine.lifecycle import State
from statemachine.record import Plan, Record
from statemachine.steps import Kind
from tests.unit.builders import cafe_object, pod, release, revision, snapshot, template, workload

CAFE = CafeDeployment(cafe_object())


def of_spec(state: State = State.PROGRESSING, **changes: Any) -> Record:
    """A record that was planned from the spec as it stands."""
    made = release(state, **{"spec_hash": CAFE.spec_hash, **changes})
    return structs.replace(made, plan=Plan(made.plan.cells, CAFE.strategy))


def said(
    record: Record, cafe: CafeDeployment = CAFE, replicas: int = 2, *others: Workload
) -> list[str]:
    workloads = (workload(replicas), *others)
    of = replace(snapshot(pod("a"), pod("b"), record=record), workloads=workloads)
    return list(noted(cafe, of))


def test_of_a_spec_as_it_was_nothing_is_said() -> None:
    assert said(of_spec()) == []


def test_c51_a_spec_that_asks_for_more_pods_is_told() -> None:
    (note,) = said(of_spec(), CafeDeployment(cafe_object(replicas=5)))
    assert "spec.replicas or spec.topology changed (all: 5 in the spec, 2 in the workload)" in note


def test_c51_after_a_release_the_number_that_another_client_has_set_is_told() -> None:
    (note,) = said(of_spec(State.COMPLETED), replicas=5)
    assert note.startswith("another client has scaled the workloads (all: 2 in the spec, 5 in")


@pytest.mark.guard("a-scaled-workload-is-reported")
def test_c51_a_workload_that_another_client_scaled_is_told() -> None:
    (note,) = said(of_spec(), replicas=5)
    assert note.startswith("the workloads were scaled (all: 5)")


@pytest.mark.guard("a-scale-down-is-warned-of")
def test_c53_a_scale_down_by_another_client_may_have_taken_the_upgraded_pods() -> None:
    _, warning = said(of_spec(), replicas=1)
    assert "a scale-down deletes the most recently upgraded pods first" in warning


def test_a_workload_without_pods_of_a_cell_that_was_not_planned_is_no_scale_down() -> None:
    (note,) = said(of_spec(), CAFE, 2, workload(0, "X"))
    assert note.startswith("the workloads were scaled (X: 0)")


def test_pods_that_the_release_brings_to_life_are_no_strangers_scaling() -> None:
    assert said(of_spec(kind=Kind.CREATE), replicas=1) == []


STRATEGY = CafeDeployment(cafe_object(strategy={"batchSize": 1}))


@pytest.mark.guard("an-edited-strategy-is-reported")
def test_c61_an_edited_strategy_takes_effect_with_the_next_release() -> None:
    (note,) = said(of_spec(), STRATEGY)
    assert "takes effect with the next release" in note


def test_c61_of_an_edited_strategy_nothing_is_said_between_releases() -> None:
    assert said(of_spec(State.COMPLETED), STRATEGY) == []


@pytest.mark.guard("an-edit-under-a-rollback-is-reported")
@pytest.mark.parametrize("state", [State.ROLLING_BACK, State.PAUSED])
def test_c81_a_spec_edited_under_a_rollback_is_told(state: State) -> None:
    edited = CafeDeployment(cafe_object(template=template("app:v9")))
    (note,) = said(of_spec(state, kind=Kind.ROLLBACK), edited)
    assert "the rollback continues to its revision" in note


def test_an_edit_of_an_image_may_be_released_by_the_next_upgrade() -> None:
    edited = CafeDeployment(cafe_object(template=template("app:v9")))
    assert releasable(spec_changed(edited, revision("v1")))


def test_an_edit_that_can_t_go_in_place_may_not_be_released() -> None:
    spec = {**template()["spec"], "hostNetwork": True}
    edited = CafeDeployment(cafe_object(template={**template(), "spec": spec}))
    assert not releasable(spec_changed(edited, revision("v1")))


def test_before_the_first_release_the_spec_is_ahead_of_nothing() -> None:
    assert not ahead(CAFE)


MISFIT = CafeDeployment(
    cafe_object(topology={"unitType": "Cell", "values": ["A"], "unitReplicas": {"A": 5}})
)
"""It asks for five pods in a cell, and for two pods in all."""


def test_unit_replicas_that_do_not_fit_the_number_of_pods_are_another_number_of_pods() -> None:
    assert rescaled(MISFIT, of_spec(cells={"A": 2}))
    assert not rescaled(CAFE, of_spec())


@pytest.mark.parametrize(
    ("asking", "why"),
    [
        (MISFIT, "unitReplicas ask for 5 pods, replicas is 2"),
        (
            CafeDeployment(cafe_object(replicas=2_000_000)),
            "2000000 pods exceed the maximum of 1000000",
        ),
    ],
)
def test_a_number_of_pods_that_no_release_can_bring_is_told_with_the_reason(
    asking: CafeDeployment, why: str
) -> None:
    (note,) = said(of_spec(State.COMPLETED), asking)
    assert why in note


def test_an_edit_under_a_release_is_told_with_what_changed() -> None:
    edited = CafeDeployment(cafe_object(template=template("app:v9")))
    message = spec_changed(edited, revision("v1")).message
    assert "(image of main: app:v1 -> app:v9)" in message


def test_an_edit_of_the_topology_is_told_and_may_not_be_released() -> None:
    """The template is as it was."""
    found = spec_changed(MISFIT, revision("v1"))
    assert "(selector or topology)" in found.message
    assert not releasable(found)

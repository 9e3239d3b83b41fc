"""A CafeDeployment that is being deleted: nothing starts, and nothing goes on."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.errors import Refused
from kubectl_cafe.planning import deletion
from kubectl_cafe.planning.around import Around
from kubectl_cafe.planning.proposal import outline
from kubectl_cafe.release.moves import confirm
from kubectl_cafe.release.start import Mover
from statemachine.lifecycle import State, Trigger
from tests.unit.builders import cafe_object, release, template
from tests.unit.server import CR, SET, Server, cafe, driver, replicaset

LEAVING = {"deletionTimestamp": "2026-01-01T00:00:00Z", "finalizers": ["foregroundDeletion"]}


def leaving(obj: dict[str, Any]) -> dict[str, Any]:
    return {**obj, "metadata": {**obj["metadata"], **LEAVING}}


@pytest.mark.guard("nothing-starts-under-a-deletion")
@pytest.mark.parametrize("trigger", deletion.GOES_ON)
def test_no_move_is_made_after_which_pods_are_upgraded(trigger: Trigger) -> None:
    with pytest.raises(Refused, match="foregroundDeletion"):
        deletion.refuse(CafeDeployment(leaving(cafe_object())), trigger)


@pytest.mark.parametrize("kept", [{}, {"finalizers": None}, {"finalizers": []}])
def test_a_deletion_that_no_finalizer_holds_up_any_more_is_told_with_none(
    kept: dict[str, Any],
) -> None:
    obj = cafe_object()
    meta = {**obj["metadata"], "deletionTimestamp": "2026-01-01T00:00:00Z", **kept}
    said = deletion.ended(CafeDeployment({**obj, "metadata": meta})).message
    assert "since 2026-01-01T00:00:00Z; finalizers: none" in said


@pytest.mark.parametrize("trigger", [Trigger.PAUSE, Trigger.ABORT])
def test_a_release_may_be_stopped_to_the_end(trigger: Trigger) -> None:
    deletion.refuse(CafeDeployment(leaving(cafe_object())), trigger)


def test_a_plan_names_the_deletion() -> None:
    found = outline(CafeDeployment(leaving(cafe_object())), Around((), (), ()), template())
    assert "is being deleted" in found.refusals[0].message


def test_a_confirmation_is_refused() -> None:
    server = Server({CR: leaving(cafe(release(State.AWAITING_CONFIRM)))})
    with pytest.raises(Refused):
        confirm(server, CafeDeployment(server.get(CR)), Mover("bob"), None)  # type: ignore[arg-type]


@pytest.mark.guard("a-deletion-stops-its-driver")
@pytest.mark.parametrize("state", [State.PROGRESSING, State.AWAITING_CONFIRM])
def test_a_driver_moves_nothing_and_ends_with_an_error(state: State) -> None:
    server = Server({CR: leaving(cafe(release(state, cells={"": 0}))), SET: replicaset()})
    with pytest.raises(deletion.BeingDeleted, match="no further pods are upgraded"):
        driver(server, asks=True).run()
    assert (server.record.state, server.objects[SET]) == (state, replicaset())

"""`.status` of a CafeDeployment: what `kubectl get`, `kubectl wait` and health checks read."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_cafe import names
from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.assessment.snapshot import Snapshot
from kubectl_cafe.pods.model import Pod
from kubectl_cafe.release.status_subresource import status
from kubectl_cafe.times import rfc3339
from statemachine.lifecycle import State
from statemachine.record import Failure, Record
from statemachine.record_json import encode
from tests.unit.builders import (
    START,
    cafe_object,
    drained,
    pod,
    release,
    snapshot,
    upgraded,
)


def cafe(record: Record | None = None, **spec: Any) -> CafeDeployment:
    """The CafeDeployment, with `record` if there is one."""
    obj = cafe_object(**spec)
    if record is not None:
        obj["metadata"]["annotations"] = {names.RELEASE: encode(record)}
    return CafeDeployment(obj)


def of_spec(state: State, **changes: Any) -> Record:
    """A record in `state` that was planned from the spec as it stands."""
    return release(state, **{"spec_hash": cafe().spec_hash, **changes})


# .status


def projected(record: Record, *pods: Pod, of: Snapshot | None = None) -> dict[str, Any]:
    return status(cafe(record), of or snapshot(*pods, record=record))


def condition(projection: dict[str, Any], kind: str) -> dict[str, Any]:
    found: dict[str, Any] = next(c for c in projection["conditions"] if c["type"] == kind)
    return found


def test_the_status_counts_pods() -> None:
    found = projected(of_spec(State.PROGRESSING), upgraded("a"), drained("b"))
    assert (found["replicas"], found["readyReplicas"], found["updatedReplicas"]) == (2, 1, 1)


def test_the_status_has_a_selector_for_an_autoscaler() -> None:
    assert projected(of_spec(State.PROGRESSING))["selector"] == "app=shop"


@pytest.mark.parametrize(("pods", "ready"), [([pod("a")], "True"), ([drained("a")], "False")])
def test_ready_says_whether_every_wished_pod_is_available(pods: list[Pod], ready: str) -> None:
    found = projected(of_spec(State.PROGRESSING), *pods)
    assert condition(found, "Ready")["status"] == ready


STATES = [
    (State.PROGRESSING, "True"),
    (State.COMPLETED, "True"),
    (State.FAILED, "False"),
    (State.PAUSED, "False"),
    (State.ABORTED, "False"),
]


@pytest.mark.parametrize(("state", "value"), STATES)
def test_progressing_says_whether_it_goes_on_or_ended_well(state: State, value: str) -> None:
    assert condition(projected(of_spec(state)), "Progressing")["status"] == value


def test_a_failure_is_the_reason_of_progressing() -> None:
    record = of_spec(State.FAILED, failure=Failure("ErrImagePull", "no such tag", "a", "main"))
    found = condition(projected(record), "Progressing")
    assert (found["reason"], found["message"]) == (
        "ErrImagePull",
        "a/main: ErrImagePull: no such tag",
    )


def test_a_condition_that_keeps_its_value_keeps_its_time() -> None:
    record = of_spec(State.PROGRESSING)
    of = cafe(record)
    first = status(of, snapshot(pod("a"), record=record, now=60.0))
    stored = CafeDeployment({**of.obj, "status": first})
    later = status(stored, snapshot(pod("a"), record=record, now=90.0))
    assert condition(later, "Ready")["lastTransitionTime"] == rfc3339(START + 60)


@pytest.mark.guard("the-status-stays-behind-an-edited-spec")
def test_while_the_spec_is_ahead_the_observed_generation_stays_behind() -> None:
    of = cafe(release(State.ROLLED_BACK, spec_hash="older"))
    of.obj["metadata"]["generation"] = 4
    stored = CafeDeployment({**of.obj, "status": {"observedGeneration": 3}})

    found = status(stored, snapshot(pod("a"), record=of.record))

    assert found["observedGeneration"] == 3
    assert condition(found, "Progressing")["reason"] == "WaitingForRelease"
    assert condition(found, "Progressing")["status"] == "False"


def test_once_the_spec_is_released_the_observed_generation_is_the_specs() -> None:
    of = cafe(of_spec(State.COMPLETED))
    of.obj["metadata"]["generation"] = 4
    stored = CafeDeployment({**of.obj, "status": {"observedGeneration": 3}})
    assert status(stored, snapshot(pod("a"), record=of.record))["observedGeneration"] == 4


def test_i8_a_status_that_says_nothing_new_is_the_same() -> None:
    record = of_spec(State.PROGRESSING)
    of = cafe(record)
    first = status(of, snapshot(pod("a"), record=record, now=60.0))
    stored = CafeDeployment({**of.obj, "status": first})
    assert status(stored, snapshot(pod("a"), record=record, now=90.0)) == first

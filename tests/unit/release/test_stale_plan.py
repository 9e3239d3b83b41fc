"""A plan that a person agreed to is begun only over what it was made of (protocol 9)."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_cafe import names
from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.errors import CONFLICT, CafeError
from kubectl_cafe.release.start import refuse_stale, under_way
from statemachine.lifecycle import State
from statemachine.record_json import encode
from statemachine.steps import Kind
from tests.unit.builders import cafe_object, release


def cafe(state: State | None = State.COMPLETED, spec: Any = None, **changes: Any) -> CafeDeployment:
    obj = cafe_object(**(spec or {}))
    if state is not None:
        obj["metadata"]["annotations"] = {names.RELEASE: encode(release(state, **changes))}
    return CafeDeployment(obj)


def another() -> CafeDeployment:
    made = cafe(None)
    made.obj["metadata"]["uid"] = "uid-other"
    return made


@pytest.mark.guard("a-plan-is-for-what-it-was-made-of")
@pytest.mark.parametrize(
    ("planned", "now"),
    [
        pytest.param(cafe(), cafe(spec={"replicas": 3}), id="the spec"),
        pytest.param(cafe(), cafe(State.PROGRESSING), id="the state"),
        pytest.param(cafe(), cafe(id="r2"), id="the release"),
        pytest.param(cafe(None), cafe(State.COMPLETED), id="a first release"),
        pytest.param(cafe(State.FAILED), cafe(None), id="the record is gone"),
        pytest.param(cafe(None), another(), id="another object"),
    ],
)
def test_a_plan_of_something_that_changed_since_is_not_begun(
    planned: CafeDeployment, now: CafeDeployment
) -> None:
    with pytest.raises(CafeError, match="changed since the plan was made") as caught:
        refuse_stale(planned, now)
    assert caught.value.exit_code == CONFLICT


@pytest.mark.parametrize("state", [None, State.COMPLETED, State.FAILED])
def test_a_plan_of_what_is_as_it_was_is_begun(state: State | None) -> None:
    refuse_stale(cafe(state), cafe(state, epoch=9))


@pytest.mark.parametrize("state", [State.PROGRESSING, State.AWAITING_CONFIRM, State.FAILED])
def test_c65_a_release_that_somebody_else_began_to_the_same_target_is_under_way(
    state: State,
) -> None:
    assert under_way(cafe(state, to_revision="v2"), "v2", cafe(state, to_revision="v2"))
    assert not under_way(cafe(state, to_revision="v2"), "v3", cafe(state, to_revision="v2"))


def test_a_release_that_is_over_or_goes_back_is_not_under_way() -> None:
    assert not under_way(
        cafe(State.COMPLETED, to_revision="v2"), "v2", cafe(State.COMPLETED, to_revision="v2")
    )
    back = cafe(State.ROLLING_BACK, kind=Kind.ROLLBACK, to_revision="v2")
    assert not under_way(back, "v2", back)

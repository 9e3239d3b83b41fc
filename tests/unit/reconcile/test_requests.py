"""What people say without a verb, and what onFailure says (protocol 9; C79)."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_cafe import names
from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.assessment.edited_spec import REASON as SPEC_CHANGED
from kubectl_cafe.reconcile.requests import (
    BY_FIELD,
    UNKNOWN_PERSON,
    Typed,
    heard,
    rolls_back_by_itself,
)
from statemachine.lifecycle import State, Trigger
from statemachine.record import Failure, OnFailure, Record, moved
from statemachine.record_json import encode
from statemachine.steps import Kind
from tests.unit.builders import cafe_object, release

S = State
PLANNED = CafeDeployment(cafe_object()).spec_hash


def cafe(record: Record, confirmed: str = "false", **spec: Any) -> CafeDeployment:
    """The CafeDeployment that carries `record`."""
    made = cafe_object(**spec)
    notes = {names.RELEASE: encode(record), names.CONFIRMED: confirmed}
    made["metadata"]["annotations"] = notes
    return CafeDeployment(made)


def said(
    record: Record, typed: Typed | None = None, confirmed: str = "false", **spec: Any
) -> tuple[Trigger, str] | None:
    """The trigger that is called for, and who signs it."""
    signed = heard(cafe(record, confirmed, **spec), record, None, typed, "me")
    return (signed.wanted.trigger, signed.who) if signed else None


def of(state: State, **changes: Any) -> Record:
    """A release in `state` whose spec is the planned one, in groups of one."""
    made: dict[str, Any] = {"spec_hash": PLANNED, "batch_size": 1, **changes}
    return release(state, **made)


PAUSED = {"strategy": {"pause": True}}


@pytest.mark.parametrize("state", [S.PROGRESSING, S.AWAITING_CONFIRM])
def test_the_pause_field_pauses_what_goes_forward(state: State) -> None:
    assert said(of(state), **PAUSED) == (Trigger.PAUSE, UNKNOWN_PERSON)


@pytest.mark.parametrize("state", [S.ROLLING_BACK, S.ABORTING])
def test_c79_a_rollback_or_an_abort_goes_on_whatever_the_field_says(state: State) -> None:
    assert said(of(state), **PAUSED) is None


@pytest.mark.parametrize(
    ("by_field", "field", "resumes"),
    [(True, False, True), (True, True, False), (False, False, False), (False, True, False)],
)
def test_c79_the_field_ends_only_a_pause_that_it_made(
    by_field: bool, field: bool, resumes: bool
) -> None:
    record = of(S.PAUSED, origin=S.PROGRESSING, paused_by_field=by_field)
    found = said(record, strategy={"pause": field})
    assert found == ((Trigger.RESUME, UNKNOWN_PERSON) if resumes else None)


def test_a_pause_by_the_field_says_so_in_the_journal() -> None:
    record = of(S.PROGRESSING)
    signed = heard(cafe(record, **PAUSED), record, None, None, "me")
    assert signed is not None
    assert (signed.wanted.why, signed.wanted.by_field) == (BY_FIELD, True)


@pytest.mark.parametrize(
    ("state", "fails"),
    [(S.PROGRESSING, True), (S.AWAITING_CONFIRM, True), (S.ROLLING_BACK, False)],
)
def test_a_spec_that_changed_under_a_release_fails_it_unless_it_goes_back(
    state: State, fails: bool
) -> None:
    found = said(of(state, spec_hash="another"))
    assert found == ((Trigger.FAIL, "me") if fails else None)


@pytest.mark.parametrize(
    ("typed", "confirmed", "who"),
    [
        (Typed(1, "bob"), "false", "bob"),
        (Typed(2, "bob"), "false", None),
        (None, "true", UNKNOWN_PERSON),
        (None, "1", UNKNOWN_PERSON),
        (None, "2", None),
        (None, "false", None),
    ],
)
def test_the_group_that_waits_is_confirmed_by_its_number_or_by_true(
    typed: Typed | None, confirmed: str, who: str | None
) -> None:
    found = said(of(S.AWAITING_CONFIRM), typed, confirmed)
    assert found == ((Trigger.CONFIRM, who) if who else None)


def failed(**changes: Any) -> Record:
    """A failed upgrade that is to go back by itself."""
    made: dict[str, Any] = {
        "origin": S.PROGRESSING,
        "on_failure": OnFailure.ROLLBACK,
        "failure": Failure("ErrImagePull"),
        **changes,
    }
    return of(S.FAILED, **made)


def test_on_failure_rollback_goes_back_by_itself() -> None:
    assert rolls_back_by_itself(failed())


@pytest.mark.parametrize(
    "record",
    [
        failed(on_failure=OnFailure.HOLD),
        failed(origin=S.ROLLING_BACK),
        failed(kind=Kind.ROLLBACK),
        failed(kind=Kind.CREATE),
        failed(failure=Failure(SPEC_CHANGED)),
        failed(failure=None),
        failed(forced=True),
        of(S.PROGRESSING, on_failure=OnFailure.ROLLBACK),
    ],
    ids=[
        *("hold", "out of a rollback", "a rollback", "the first", "edited", "no reason recorded"),
        *("forced", "running"),
    ],
)
def test_on_failure_never_discards_an_edit_nor_goes_back_twice(record: Record) -> None:
    assert not rolls_back_by_itself(record)


@pytest.mark.parametrize("typed", [True, False], ids=["typed", "annotated"])
def test_a_confirmation_that_is_heard_lets_the_waiting_group_go(typed: bool) -> None:
    record = of(S.AWAITING_CONFIRM, step=1)
    group = record.waiting_group
    one = Typed(group, "ann") if typed else None
    signed = heard(cafe(record, "false" if typed else str(group)), record, None, one, "me")
    assert signed is not None
    facts = signed.wanted.facts
    assert moved(record, Trigger.CONFIRM, at="noon", who="a", facts=facts).state is S.PROGRESSING

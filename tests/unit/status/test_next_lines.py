"""Every next line that is printed for a state is accepted in that state."""

from __future__ import annotations

import shlex
from typing import Any

import pytest

from kubectl_cafe import names
from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.assessment.edited_spec import spec_changed
from kubectl_cafe.status.next_commands import next_commands
from statemachine.lifecycle import State, Trigger, legal
from statemachine.record import Failure
from statemachine.record_json import encode
from tests.unit.builders import cafe_object, release, revision, template

FORWARD = (State.PROGRESSING, State.AWAITING_CONFIRM)
PULL = Failure("ErrImagePull", "not found", "shop-1", "main")
ENV = template()
ENV["spec"]["containers"][0]["env"] = [{"name": "A", "value": "1"}]
RELEASED = revision("v1")


def of(state: State, spec: dict[str, Any] | None = None, **changes: Any) -> CafeDeployment:
    """A release of the spec with image app:v1; `spec` has edits since."""
    obj = cafe_object()
    planned = CafeDeployment(obj).spec_hash
    record = release(state, to_revision="v1", from_revision="v0", spec_hash=planned, **changes)
    obj["metadata"]["annotations"] = {names.RELEASE: encode(record)}
    return CafeDeployment({**obj, "spec": {**obj["spec"], **(spec or {})}})


def edited(new: dict[str, Any]) -> CafeDeployment:
    """Failed because the template was edited to `new` under the release."""
    failure = spec_changed(of(State.PROGRESSING, {"template": new}), RELEASED)
    return of(State.FAILED, {"template": new}, origin=State.PROGRESSING, failure=failure)


PAUSING = {"strategy": {"pause": True}}
CASES = {
    "progressing": of(State.PROGRESSING),
    "awaiting": of(State.AWAITING_CONFIRM, step=1),
    "paused": of(State.PAUSED, origin=State.PROGRESSING),
    "paused, and the field says pause": of(State.PAUSED, PAUSING, origin=State.PROGRESSING),
    "rolling back": of(State.ROLLING_BACK),
    "aborting": of(State.ABORTING),
    "aborted": of(State.ABORTED),
    "completed": of(State.COMPLETED),
    "completed and edited": of(State.COMPLETED, {"template": template("app:v2")}),
    "completed and scaled": of(State.COMPLETED, {"replicas": 5}),
    "a bad image": of(State.FAILED, origin=State.PROGRESSING, failure=PULL),
    "a rollback failed": of(State.FAILED, origin=State.ROLLING_BACK, failure=PULL),
    "an abort failed": of(State.FAILED, origin=State.ABORTING, failure=PULL),
    "edited under the release": edited(template("app:v2")),
    "edited so that it can't go in place": edited(ENV),
}
TRIGGERS = {
    "confirm": Trigger.CONFIRM,
    "resume": Trigger.RESUME,
    "retry": Trigger.RETRY,
    "rollback": Trigger.ROLLBACK,
    "abort": Trigger.ABORT,
}


def refused(cafe: CafeDeployment, line: str) -> str:
    """Why the command would be refused, or do nothing; empty where it is accepted."""
    record = cafe.record
    assert record is not None
    program, *words = shlex.split(line)
    if (program, words[0]) != ("kubectl", "cafe"):
        return "" if words[0] in ("patch", "scale", "edit") else f"what is {line}?"
    verb, flags = words[1], words[2:]
    if "-n" not in flags or "shop" not in flags:
        return "it does not say of what"
    state, spec_ahead = record.state, cafe.spec_hash != record.spec_hash
    if verb == "drive":
        return "" if state in (State.PROGRESSING, State.ROLLING_BACK, State.ABORTING) else "rests"
    if verb == "upgrade":
        superseding = "--supersede" in flags
        trigger = Trigger.SUPERSEDE if superseding else Trigger.START
        if trigger not in legal(state):
            return f"{trigger} is not legal"
        if cafe.template == ENV and "--image" not in flags:
            return "the env can't change in place"
        if superseding and not spec_ahead and "--image" not in flags:
            return "it releases what has just failed"
        return ""
    if TRIGGERS[verb] not in legal(state):
        return f"{verb} is not legal"
    if verb == "resume" and cafe.paused_by_spec:
        return "the release would pause again immediately"
    if verb == "retry" and spec_ahead and record.origin in FORWARD:
        return "it would fail again at once"
    if verb == "confirm" and str(record.waiting_group) not in flags:
        return "another group waits"
    return ""


@pytest.mark.guard("a-superseding-release-needs-an-edit-that-fits")
@pytest.mark.guard("what-is-next-is-accepted")
@pytest.mark.parametrize("name", CASES)
def test_every_next_line_is_accepted_in_the_state_that_prints_it(name: str) -> None:
    lines = next_commands(CASES[name], driven=False)
    assert {line: refused(CASES[name], line) for line in lines} == dict.fromkeys(lines, "")
    assert bool(lines) is (name != "completed")


@pytest.mark.guard("the-same-bad-image-is-not-offered-again")
def test_after_a_bad_image_the_way_back_comes_first_and_another_image_is_wanted() -> None:
    assert next_commands(CASES["a bad image"], driven=False)[:2] == (
        "kubectl cafe rollback shop -n stores",
        "kubectl cafe upgrade shop -n stores --image main=IMAGE --supersede",
    )


def test_of_an_edit_that_cannot_go_in_place_the_failure_names_no_supersede() -> None:
    record = CASES["edited so that it can't go in place"].record
    assert record is not None
    assert "supersede" not in str(record.failure)

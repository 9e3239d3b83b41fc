"""What a person says again: nothing is written, or it is refused with who said it and when."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.errors import Refused
from kubectl_cafe.planning.around import Around
from kubectl_cafe.release import moves
from kubectl_cafe.release.start import Mover
from statemachine.lifecycle import State, Trigger
from statemachine.record import Entry
from statemachine.steps import Kind
from tests.unit.builders import release, revision
from tests.unit.server import CR, Server, cafe

AROUND = Around((revision("v1", 1, "Completed"), revision("v2", 2, "Completed")), (), ())
BOB = Mover("bob", "again")
START = Entry("2026-11-28T03:00:00Z", Trigger.START, State.PROGRESSING, "carol")
Verb = Callable[[Any, CafeDeployment], CafeDeployment]
VERBS: dict[Trigger, Verb] = {
    Trigger.PAUSE: lambda server, of: moves.pause(server, of, BOB),
    Trigger.RESUME: lambda server, of: moves.resume(server, of, BOB),
    Trigger.CONFIRM: lambda server, of: moves.confirm(server, of, BOB, 1),
    Trigger.RETRY: lambda server, of: moves.record_move(server, of, Trigger.RETRY, BOB),
    Trigger.ABORT: lambda server, of: moves.abort(server, of, BOB, force=False),
    Trigger.ROLLBACK: lambda server, of: moves.roll_back(server, of, AROUND, BOB, fast=False),
}
NOTHING, REFUSED = "nothing", "refused"
AGAIN = [
    (Trigger.PAUSE, State.PAUSED, REFUSED),
    (Trigger.PAUSE, State.COMPLETED, REFUSED),
    (Trigger.RESUME, State.PROGRESSING, REFUSED),
    (Trigger.RESUME, State.COMPLETED, REFUSED),
    (Trigger.CONFIRM, State.PROGRESSING, REFUSED),
    (Trigger.CONFIRM, State.COMPLETED, REFUSED),
    (Trigger.RETRY, State.PROGRESSING, REFUSED),
    (Trigger.RETRY, State.COMPLETED, REFUSED),
    (Trigger.ABORT, State.ABORTING, NOTHING),
    (Trigger.ABORT, State.ABORTED, REFUSED),
    (Trigger.ROLLBACK, State.ROLLING_BACK, NOTHING),
    (Trigger.ROLLBACK, State.ROLLED_BACK, NOTHING),
]


def said(trigger: Trigger, state: State, **changes: Any) -> Server:
    """A server whose release is in `state` since alice made the move `trigger`."""
    kind = Kind.ROLLBACK if trigger is Trigger.ROLLBACK else Kind.UPGRADE
    journal = (START, Entry("2026-11-28T03:09:00Z", trigger, state, "alice", "INC-99"))
    origin = State.PROGRESSING if state is State.PAUSED else None
    record = release(state, kind=kind, journal=journal, origin=origin, **changes)
    return Server({CR: cafe(record)})


@pytest.mark.guard("a-repeated-abort-goes-on")
@pytest.mark.parametrize(("trigger", "state", "outcome"), AGAIN)
def test_what_is_said_again(trigger: Trigger, state: State, outcome: str) -> None:
    server: Any = said(trigger, state)
    before = server.record

    try:
        VERBS[trigger](server, CafeDeployment(server.get(CR)))
    except Refused as error:
        found, message = REFUSED, error.message
    else:
        found, message = NOTHING, ""

    assert (found, server.record) == (outcome, before)
    if found == REFUSED and state in (State.PROGRESSING, State.PAUSED):
        assert f"last action: {trigger} by alice at 2026-11-28T03:09:00Z: INC-99" in message


@pytest.mark.parametrize("trigger", [t for t in VERBS if t is not Trigger.ROLLBACK])
def test_what_is_said_where_there_was_no_release_is_refused(trigger: Trigger) -> None:
    obj = cafe(release())
    obj["metadata"]["annotations"] = {}
    with pytest.raises(Refused, match="is not allowed while the release is Idle"):
        VERBS[trigger](Server({CR: obj}), CafeDeployment(obj))


def test_c79_a_pause_over_that_of_the_field_is_one_that_the_field_does_not_end() -> None:
    server: Any = said(Trigger.PAUSE, State.PAUSED, paused_by_field=True)

    moves.pause(server, CafeDeployment(server.get(CR)), BOB)

    assert not server.record.paused_by_field
    assert (server.record.state, server.record.journal[-1].who) == (State.PAUSED, "bob")

"""Annotations of others leave little room on an object: what is written beside them fits."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_cafe import names
from kubectl_cafe.annotations import TOTAL, room
from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.client.errors import UnknownOutcome
from kubectl_cafe.errors import Refused
from kubectl_cafe.pods.patches import patch
from kubectl_cafe.pods.record import Phase, decode
from kubectl_cafe.pods.record import encode as encode_pod
from kubectl_cafe.release import moves
from kubectl_cafe.release.start import Mover
from statemachine.lifecycle import State, Trigger
from statemachine.record import Entry
from tests.unit.builders import pod, pod_record, release
from tests.unit.server import CR, Server, cafe

PAD = "example.com/pad"
JOURNAL = tuple(
    Entry(f"2026-11-23T12:{n:02}:00Z", Trigger.STEP_DONE, State.PROGRESSING, "alice")
    for n in range(40)
)
WAITS = release(State.AWAITING_CONFIRM, journal=JOURNAL)


def full(left: int) -> dict[str, Any]:
    """The CafeDeployment whose other annotations leave so many bytes for the record's text."""
    obj = cafe(WAITS)
    notes = obj["metadata"]["annotations"]
    notes[PAD] = ""
    notes[PAD] = "x" * (room(notes, names.RELEASE) - left)
    return obj


def total(notes: dict[str, str]) -> int:
    return sum(len(key.encode()) + len(value.encode()) for key, value in notes.items())


def test_the_room_is_what_all_keys_and_values_leave() -> None:
    assert room({"a": "12", "key": "old", "gone": None}, "key") == TOTAL - 3 - 3


@pytest.mark.guard("a-move-fits-beside-other-annotations")
def test_i13_a_move_is_written_in_the_room_that_others_leave() -> None:
    server: Any = Server({CR: full(2000)})

    moves.record_move(
        server, CafeDeployment(server.get(CR)), Trigger.PAUSE, Mover("bob", "x" * 400)
    )

    assert server.record.state is State.PAUSED
    assert server.record.journal[-1].who == "bob"
    assert total(server.get(CR)["metadata"]["annotations"]) <= TOTAL


def test_a_shortened_record_whose_answer_was_lost_is_known_again() -> None:
    server: Any = Server({CR: full(2000)})
    server.lost[CR] = [UnknownOutcome("no answer")]

    after = moves.record_move(server, CafeDeployment(server.get(CR)), Trigger.PAUSE, Mover("bob"))

    assert after.position.state is State.PAUSED


def test_where_even_the_smallest_record_has_no_room_the_largest_annotation_is_named() -> None:
    server: Any = Server({CR: full(300)})

    with pytest.raises(Refused, match=r"\d+ are left, the release's record needs") as error:
        moves.record_move(server, CafeDeployment(server.get(CR)), Trigger.PAUSE, Mover("bob"))

    assert error.value.where.endswith(f"annotation {PAD} (the largest one)")
    assert error.value.hint == f"kubectl annotate cafed shop -n stores {PAD}-"


@pytest.mark.guard("a-pods-record-fits-beside-other-annotations")
def test_a_pods_record_drops_what_only_a_report_reads_where_room_is_short() -> None:
    record = pod_record(Phase.FINISHED, passed={"drained": "2026-01-01T00:00:00Z"})
    left = len(encode_pod(record)) - 1
    notes = {PAD: "x" * (TOTAL - left - len(PAD) - len(names.IN_PLACE))}

    wide = patch(pod("a"), "on", record=record)
    tight = patch(pod("a", annotations=notes), "on", record=record)

    def passed(of: Any) -> Any:
        return decode(of.body["metadata"]["annotations"][names.IN_PLACE]).passed

    assert (passed(wide), passed(tight)) == (record.passed, {})

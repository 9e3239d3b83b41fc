"""The release as its driver holds it: given up in other hands (I7)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from kubectl_cafe import names
from kubectl_cafe.cluster.transport import Transport
from kubectl_cafe.engine.cafedeployment import CafeDeployment
from kubectl_cafe.engine.journal import Missing
from kubectl_cafe.engine.release import Fenced, Release, superseded, under
from statemachine.lifecycle import State, Trigger
from statemachine.record import Entry, Record, encode
from tests.unit.builders import cafe_object, release
from tests.unit.cluster.stub import Reply, Stub, status

OURS = release(epoch=4, fenced_epoch=4)


def cafe(record: Record | None = OURS, version: int = 1, **meta: Any) -> CafeDeployment:
    """The CafeDeployment with `record` at a resourceVersion."""
    made = cafe_object()
    made["metadata"] |= {"resourceVersion": str(version), **meta}
    made["metadata"]["annotations"] = {names.RELEASE: encode(record)} if record else {}
    return CafeDeployment(made)


def begun_by(trigger: Trigger) -> Record:
    """A release of another id, under our epoch, whose journal begins with `trigger`."""
    entry = Entry("2023-11-14T22:13:20Z", trigger, State.PROGRESSING, "alice")
    return replace(OURS, id="r2", journal=(entry,))


def test_a_record_under_an_epoch_has_no_earlier_driver_to_fear() -> None:
    after = under(OURS, 7, cafe())
    assert (after.epoch, after.fenced_epoch) == (7, 7)
    assert under(after, 7, cafe()) == after


def test_a_record_of_a_later_driver_is_not_ours_to_change() -> None:
    with pytest.raises(Fenced, match="another driver has taken over"):
        under(OURS, 3, cafe())


@pytest.mark.parametrize(
    ("record", "is_one"),
    [(OURS, False), (begun_by(Trigger.START), False), (begun_by(Trigger.SUPERSEDE), True)],
)
def test_a_superseding_release_is_known_by_how_its_journal_begins(
    record: Record, is_one: bool
) -> None:
    assert superseded(record) is is_one


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        (cafe(None, 2), "record is gone"),
        (cafe(replace(OURS, epoch=5), 2), "another driver"),
        (cafe(begun_by(Trigger.START), 2), "release r2 has replaced it"),
        (cafe(version=2, uid="uid-other"), "another object has taken its name"),
    ],
)
def test_a_driver_stops_where_the_release_is_in_other_hands(
    stub: Stub, transport: Transport, changed: CafeDeployment, why: str
) -> None:
    ours = Release(transport, cafe())
    stub.script = lambda _: Reply(body=dict(changed.obj))
    ours.refresh()

    with pytest.raises(Fenced, match=why):
        ours.take_in(0)


def test_a_driver_stops_where_a_pod_was_written_by_a_later_one(transport: Transport) -> None:
    with pytest.raises(Fenced, match="a later driver"):
        Release(transport, cafe()).take_in(5)


def test_a_driver_stops_where_the_cafedeployment_is_deleted(
    stub: Stub, transport: Transport
) -> None:
    ours = Release(transport, cafe())
    stub.script = lambda _: status(404, "NotFound", "not found", name="shop")
    ours.refresh()

    with pytest.raises(Missing):
        ours.take_in(0)


@pytest.mark.parametrize(
    ("now", "changed"),
    [
        (cafe(version=2), False),
        (cafe(replace(OURS, state=State.PAUSED, origin=State.PROGRESSING), 2), True),
        (cafe(begun_by(Trigger.SUPERSEDE), 2), True),
        (cafe(replace(OURS, state=State.ABORTING), 1), False),
    ],
    ids=["the same", "moved", "superseded", "not newer"],
)
def test_what_others_moved_is_gone_on_from(
    stub: Stub, transport: Transport, now: CafeDeployment, changed: bool
) -> None:
    ours = Release(transport, cafe())
    stub.script = lambda _: Reply(body=dict(now.obj))
    ours.refresh()

    assert ours.take_in(4) is changed
    assert (ours.record == now.record) is (int(now.resource_version) > 1)

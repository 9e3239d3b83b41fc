"""The release as its driver holds it: given up in other hands (I7)."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from kubectl_cafe import names
from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.assessment.snapshot import Wanted
from kubectl_cafe.client.errors import ApiError, Denied, UnknownOutcome
from kubectl_cafe.client.transport import Transport
from kubectl_cafe.record.store import Missing
from kubectl_cafe.release.held import UNHEARD, Fenced, Release, superseded, under
from statemachine.lifecycle import State, Trigger
from statemachine.record import Entry, Record
from statemachine.record_json import decode, encode
from tests.unit.builders import cafe_object, release
from tests.unit.client.conftest import HandClock
from tests.unit.client.stub import Asked, Reply, Stub, status

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
        (cafe(None, 2), "record of the release is missing"),
        (cafe(replace(OURS, epoch=5), 2), "another driver"),
        (cafe(begun_by(Trigger.START), 2), "release r2 has replaced"),
        (cafe(version=2, uid="uid-other"), "another object of the same name"),
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


# Whether people are heard


UNREADABLE = status(503, "ServiceUnavailable", "the server is on its way down")


def test_a_release_that_was_just_read_is_heard(transport: Transport, clock: HandClock) -> None:
    ours = Release(transport, cafe())
    clock.now += UNHEARD - 0.1
    assert ours.unheard() == ""


def test_i9_two_renewals_without_a_good_read_are_told_with_the_reason(
    stub: Stub, transport: Transport, clock: HandClock
) -> None:
    ours = Release(transport, cafe())
    stub.script = lambda _: UNREADABLE
    clock.now += UNHEARD

    with pytest.raises(ApiError):
        ours.refresh()

    assert "the server is on its way down" in ours.unheard()
    stub.script = lambda _: Reply(body=dict(cafe(version=2).obj))
    ours.refresh()
    assert ours.unheard() == ""


def test_a_renewal_that_never_comes_back_is_not_heard_either(
    transport: Transport, clock: HandClock
) -> None:
    ours = Release(transport, cafe())
    clock.now += 12
    assert ours.unheard() == "no answer for 12s"


def test_the_answer_to_a_move_shows_the_release_as_of_when_it_was_sent(
    stub: Stub, transport: Transport, clock: HandClock
) -> None:
    ours = Release(transport, cafe())
    clock.now += 100

    def slow(asked: Asked) -> Reply:
        clock.now += 4 if asked.method == "PATCH" else 0
        return Reply(body=dict(cafe(replace(OURS, state=State.PAUSED), 2).obj))

    stub.script = slow
    assert ours.move(Wanted(Trigger.PAUSE), "ann")

    clock.now += UNHEARD - 4.1
    assert ours.unheard() == ""
    clock.now += 0.1
    assert ours.unheard() != ""


@pytest.mark.parametrize(
    ("wanted", "by_field"),
    [(Wanted(Trigger.PAUSE), False), (Wanted(Trigger.PAUSE, by_field=True), True)],
)
def test_c79_a_pause_is_recorded_as_the_fields_only_where_the_field_made_it(
    stub: Stub, transport: Transport, wanted: Wanted, by_field: bool
) -> None:
    paused = cafe(replace(OURS, state=State.PAUSED), 2)
    stub.script = lambda _: Reply(body=dict(paused.obj))
    Release(transport, cafe()).move(wanted, "ann")
    written = stub.asked[0].body["metadata"]["annotations"][names.RELEASE]
    assert decode(written).paused_by_field is by_field


# Moves that can't be written


def test_a_move_that_may_be_written_later_is_in_trouble_since_it_failed_first(
    stub: Stub, transport: Transport, clock: HandClock
) -> None:
    ours, first = Release(transport, cafe()), clock.now
    stub.script = lambda _: status(500, "InternalError", 'failed calling webhook "w"')

    assert not ours.move(Wanted(Trigger.PAUSE), "ann")
    assert not ours.move(Wanted(Trigger.PAUSE), "ann")

    assert ours.trouble is not None
    assert (ours.trouble.since, "failed calling webhook" in ours.trouble.error.message) == (
        first,
        True,
    )


@pytest.mark.guard("a-409-of-an-unchanged-release-is-a-refusal")
def test_a_409_of_a_cafedeployment_that_has_not_changed_is_a_refusal(
    stub: Stub, transport: Transport
) -> None:
    """It would be repeated ten times, and taken for somebody else's changes."""
    ours = Release(transport, cafe())
    stale = status(409, "Conflict", "never on a Friday")
    stub.script = lambda asked: Reply(body=dict(cafe().obj)) if asked.method == "GET" else stale

    with pytest.raises(Denied, match="never on a Friday"):
        ours.move(Wanted(Trigger.PAUSE), "ann")

    assert [asked.method for asked in stub.asked] == ["PATCH", "GET"]


def test_a_move_whose_answer_is_lost_every_time_is_not_laid_to_somebody_else(
    stub: Stub, transport: Transport
) -> None:
    ours = Release(transport, cafe())
    stub.script = lambda asked: (
        Reply(body=dict(cafe().obj)) if asked.method == "GET" else Reply(reset=True)
    )

    assert not ours.move(Wanted(Trigger.PAUSE), "ann")

    assert ours.trouble is not None
    assert isinstance(ours.trouble.error, UnknownOutcome)

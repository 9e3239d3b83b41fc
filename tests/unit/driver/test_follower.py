"""When there is nothing left to follow (C65): a table over state, lease and terminal."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_cafe import names
from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.assessment.snapshot import Decision
from kubectl_cafe.cache.informers import Observer
from kubectl_cafe.client.lease_view import LeaseView, micro_time
from kubectl_cafe.client.transport import Transport
from kubectl_cafe.driver import follower as follow
from kubectl_cafe.driver.follower import Followed, Follower, driven, ended
from kubectl_cafe.driver.loop import Watcher
from kubectl_cafe.waits import texts
from statemachine.lifecycle import RESTING, State
from statemachine.record_json import encode
from tests.unit.builders import cafe_object, release
from tests.unit.client.conftest import HandClock
from tests.unit.client.stub import Asked, Reply, Stub, status

ALIVE = LeaseView("other", True, 3, 20.0)
SILENT = LeaseView("other", False, 3, 0.0)
GIVEN_BACK = LeaseView(None, False, 3, 0.0)
ENDED = tuple(state for state in RESTING if state is not State.IDLE)
S = State


def cafe(state: State, confirmed: str = "false", **changes: Any) -> CafeDeployment:
    """A CafeDeployment whose release is in `state`; the confirmation as annotated."""
    origin = S.PROGRESSING if state in (S.PAUSED, S.FAILED) else None
    record = release(state, origin=origin, batch_size=1, **changes)
    notes = {names.RELEASE: encode(record), names.CONFIRMED: confirmed}
    made = cafe_object()
    made["metadata"]["annotations"] = notes
    return CafeDeployment(made)


@pytest.mark.parametrize(("lease", "alive"), [(ALIVE, True), (SILENT, False), (GIVEN_BACK, False)])
def test_somebody_drives_who_holds_a_lease_that_has_not_run_out(
    lease: LeaseView, alive: bool
) -> None:
    assert driven(lease) is alive


@pytest.mark.parametrize("lease", [ALIVE, SILENT, GIVEN_BACK])
@pytest.mark.parametrize("state", ENDED)
def test_a_release_that_has_ended_is_no_longer_followed_whoever_holds_the_lease(
    state: State, lease: LeaseView
) -> None:
    there = cafe(state)
    assert ended(there, lease, at_rest=False, asks=True) == Followed(there)


@pytest.mark.parametrize("state", [S.PROGRESSING, S.ROLLING_BACK, S.ABORTING])
@pytest.mark.parametrize(
    ("lease", "abandoned"), [(ALIVE, None), (SILENT, True), (GIVEN_BACK, True)]
)
def test_a_release_under_way_is_followed_while_somebody_drives(
    state: State, lease: LeaseView, abandoned: bool | None
) -> None:
    found = ended(cafe(state), lease, at_rest=True, asks=False)
    assert (found and found.abandoned) is abandoned


@pytest.mark.parametrize("lease", [ALIVE, GIVEN_BACK])
@pytest.mark.parametrize("state", [S.AWAITING_CONFIRM, S.PAUSED, S.FAILED])
def test_a_release_that_waits_for_a_person_is_left_once_its_pods_are_at_rest(
    state: State, lease: LeaseView
) -> None:
    there = cafe(state)
    assert ended(there, lease, at_rest=True, asks=False) == Followed(there)


@pytest.mark.parametrize("state", [S.AWAITING_CONFIRM, S.PAUSED, S.FAILED])
@pytest.mark.parametrize(("lease", "abandoned"), [(ALIVE, None), (SILENT, True)])
def test_pods_in_flight_are_waited_for_and_taken_over_where_nobody_drives(
    state: State, lease: LeaseView, abandoned: bool | None
) -> None:
    found = ended(cafe(state), lease, at_rest=False, asks=False)
    assert (found and found.abandoned) is abandoned


@pytest.mark.parametrize(
    ("asks", "confirmed", "lease", "abandoned"),
    [
        (True, "false", ALIVE, None),
        (False, "true", ALIVE, None),
        (False, "1", ALIVE, None),
        (True, "false", GIVEN_BACK, True),
        (False, "true", GIVEN_BACK, True),
        (False, "2", ALIVE, False),
    ],
)
def test_a_confirmation_that_is_there_or_can_be_typed_is_waited_for(
    asks: bool, confirmed: str, lease: LeaseView, abandoned: bool | None
) -> None:
    there = cafe(S.AWAITING_CONFIRM, confirmed)
    found = ended(there, lease, at_rest=True, asks=asks)
    assert (found and found.abandoned) is abandoned


class Deaf:
    """A watcher that is told and says nothing."""

    def moved(self, cafe: CafeDeployment) -> None:
        pass

    def looked(self, snapshot: object, decision: object) -> None:
        pass


def test_a_driver_that_ends_the_release_and_leaves_between_two_reads_has_not_abandoned_it(
    stub: Stub, transport: Transport
) -> None:
    """Each request is answered as all stands then: the driver leaves after the first one."""
    under_way, over = cafe(S.PROGRESSING, cells={"": 0}), cafe(S.COMPLETED, cells={"": 0})
    spec = {"holderIdentity": "other", "leaseDurationSeconds": 30, "leaseTransitions": 1}
    seen: list[str] = []

    def script(asked: Asked) -> Reply:
        kind = asked.path.split("/")[-2]
        if kind not in ("leases", "cafedeployments"):
            return Reply(body={"items": []})
        first = not seen
        seen.append(kind)
        if kind == "leases":
            held = {"metadata": {"resourceVersion": "1"}, "spec": spec}
            return Reply(body=held) if first else status(404, "NotFound", "not found")
        return Reply(body=dict((under_way if first else over).obj))

    stub.script = script
    watcher: Watcher = Deaf()
    follower = Follower(transport, under_way, Observer(transport, under_way), watcher)

    found = follower.run()

    assert (found.cafe, found.abandoned) == (over, False)


def test_a_driver_whose_renewals_look_old_is_followed_until_it_was_silent_by_our_own_clock(
    stub: Stub, transport: Transport, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its API server is 40 s behind ours: each of its renewals looks as if its time were over."""
    monkeypatch.setattr(follow, "EVERY", 0.001)
    under_way = cafe(S.PROGRESSING, cells={"": 0})
    renewed = [clock.now]

    def script(asked: Asked) -> Reply:
        kind = asked.path.split("/")[-2]
        if kind == "cafedeployments":
            return Reply(body=dict(under_way.obj))
        if kind != "leases":
            return Reply(body={"items": []})
        clock.now += 5
        if len(renewed) < 20:
            renewed.append(clock.now)
        spec = {"holderIdentity": "other", "leaseDurationSeconds": 30, "leaseTransitions": 1}
        spec |= {"renewTime": micro_time(clock.time() - 40)}
        return Reply(body={"metadata": {"resourceVersion": str(len(renewed))}, "spec": spec})

    stub.script = script
    follower = Follower(transport, under_way, Observer(transport, under_way), Deaf())

    found = follower.run()

    assert (found.abandoned, found.lease) == (True, "20")
    assert 32 <= clock.now - renewed[-1] <= 40


def test_who_follows_is_told_that_the_release_can_t_be_read(
    stub: Stub, transport: Transport, clock: HandClock
) -> None:
    told: list[tuple[str, ...]] = []

    class Hearing(Deaf):
        def looked(self, snapshot: object, decision: object) -> None:
            assert isinstance(decision, Decision)
            told.append(texts(decision.waits))
            follower.stop.set()

    def script(asked: Asked) -> Reply:
        clock.now += 6
        return status(503, "ServiceUnavailable", "on its way down")

    stub.script = script
    there = cafe(S.PROGRESSING)
    watcher: Watcher = Hearing()
    follower = Follower(transport, there, Observer(transport, there), watcher)

    assert follower.run() == Followed(there)

    ((said, *_),) = told
    assert said.startswith("this command cannot read the CafeDeployment: ")
    assert "on its way down" in said

"""One user's work on one release, without a terminal: driven, followed, or nothing to do."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, Self

import pytest
from msgspec.structs import replace

from kubectl_cafe import names
from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.client import paths
from kubectl_cafe.client.lease_view import LeaseView
from kubectl_cafe.client.transport import Transport
from kubectl_cafe.driver.session import Result, Session
from kubectl_cafe.record import store
from kubectl_cafe.release import moves
from kubectl_cafe.release.start import Mover
from statemachine.lifecycle import State, Trigger
from statemachine.record_json import encode
from tests.memcluster import MemCluster
from tests.unit.builders import cafe_object, release
from tests.unit.driver.test_two_releases import SPACE, Blind, taken
from tests.unit.server import Hand


class Reports:
    """A reporter that keeps what it is told; its display shows nothing."""

    asks = False

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.work: Any = None
        self.ready: Callable[[], object] = lambda: None

    def __getattr__(self, call: str) -> Callable[..., None]:
        return lambda *_: self.calls.append(call)

    def works(self, work: Any) -> None:
        self.calls.append("works")
        self.work = work
        self.ready()

    def display(self, _lease: object) -> Self:
        return self

    def moved(self, _cafe: object) -> None:
        """Not shown."""

    def looked(self, _snapshot: object, _decision: object) -> None:
        """Not shown."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Not shown."""


class Watched(Blind):
    """An observer whose watches are well."""

    def raise_failure(self) -> None:
        """There is none."""


def cluster(state: State, **changes: Any) -> MemCluster:
    """A CafeDeployment without pods whose release is in `state`."""
    made = MemCluster(clock=Hand())
    made.put(paths.namespaces(SPACE), {"metadata": {"name": SPACE}})
    body = copy.deepcopy(cafe_object())
    body["metadata"] |= {"uid": "uid-shop"}
    record = replace(
        release(state, cells={"": 0}, **changes),
        uid="uid-shop",
        spec_hash=CafeDeployment(body).spec_hash,
    )
    body["metadata"]["annotations"] = {names.RELEASE: encode(record)}
    made.put(paths.cafedeployments(SPACE, "shop"), body)
    return made


def run(server: MemCluster, reports: Reports, **how: Any) -> Result | None:
    cafe = store.read(server, SPACE, "shop")
    observer: Any = Watched(cafe.uid)
    reporter: Any = reports
    return Session(server, observer, "bob", reporter, "CHG-1").run(cafe, **how)


def abort(transport: Transport, cafe: CafeDeployment, mover: Mover) -> CafeDeployment:
    return moves.record_move(transport, cafe, Trigger.ABORT, mover)


def lease(server: MemCluster) -> dict[str, Any]:
    return dict(server.get(paths.leases(SPACE, names.lease_name("shop"))))


def test_a_release_that_has_ended_is_not_driven_and_its_lease_is_given_back() -> None:
    server, reports = cluster(State.COMPLETED), Reports()
    assert run(server, reports) is None
    assert reports.calls == ["invalidates", "nothing_to_drive"]
    assert not lease(server)["spec"].get("holderIdentity")


def test_a_move_is_recorded_by_its_user_and_driven_to_the_end() -> None:
    server, reports = cluster(State.PAUSED, origin=State.PROGRESSING), Reports()
    result = run(server, reports, move=abort)
    assert result is not None
    assert (result.driven, result.cafe.position.state) == (True, State.ABORTED)
    record = store.read(server, SPACE, "shop").record
    assert record is not None
    aborted = next(entry for entry in record.journal if entry.trigger is Trigger.ABORT)
    assert (aborted.who, aborted.why) == ("bob", "CHG-1")
    assert reports.calls == ["invalidates", "works"]


def test_under_another_driver_the_move_is_recorded_for_it_and_the_release_followed() -> None:
    server, reports = cluster(State.PAUSED, origin=State.PROGRESSING), Reports()
    with taken(server, "shop"):
        reports.ready = lambda: reports.work.stop.set()
        result = run(server, reports, move=abort)
    assert result is not None
    assert (result.driven, result.cafe.position.state) == (False, State.ABORTING)
    assert reports.calls == ["follows", "works"]


def test_the_lease_of_another_driver_is_waited_for_where_that_was_asked_for() -> None:
    server, reports = cluster(State.PAUSED, origin=State.PROGRESSING), Reports()
    with taken(server, "shop") as other:
        waited: list[LeaseView] = []

        def leave(seen: LeaseView) -> None:
            waited.append(seen)
            other.lease.release()

        reports.waits_for = leave  # type: ignore[method-assign, assignment]
        result = run(server, reports, takeover=True)
    assert [seen.live for seen in waited] == [True]
    assert result is not None
    assert result.driven


@pytest.mark.parametrize("state", [State.PAUSED, State.FAILED])
def test_a_release_that_waits_for_a_person_is_left_as_it_is(state: State) -> None:
    server, reports = cluster(state, origin=State.PROGRESSING), Reports()
    result = run(server, reports)
    assert result is not None
    assert (result.driven, result.cafe.position.state) == (True, state)

"""One process, one transport, two releases: each is driven under its own lease."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from msgspec.structs import replace

from kubectl_cafe import names
from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.cache.cache import Cache
from kubectl_cafe.client import paths
from kubectl_cafe.client.lease_view import LeaseLost
from kubectl_cafe.client.transport import PatchKind
from kubectl_cafe.driver.leader import Leader, drive, lead
from kubectl_cafe.podsets.inplaceset import InPlaceSet
from kubectl_cafe.record import store
from kubectl_cafe.release import moves
from kubectl_cafe.release.start import Mover
from statemachine.lifecycle import State, Trigger
from statemachine.record_json import encode
from tests.memcluster import MemCluster
from tests.unit.builders import REVISIONS, cafe_object, release
from tests.unit.server import Hand

SPACE = "stores"
NAMES = ("shop", "till")


class Blind:
    """An observer of a set without pods, and a watcher who tells nobody."""

    def __init__(self, uid: str) -> None:
        self.cache = Cache(uid, InPlaceSet())
        self.cache.workloads.listed([])
        self.cache.pods_listed([], 0.0)

    def refusal(self) -> None:
        """The watches are well."""

    def read(self, _view: object, _decision: object) -> None:
        """Nothing is asked for."""

    def moved(self, _cafe: object) -> None:
        """It is not passed on."""

    def looked(self, _view: object, _decision: object) -> None:
        """It is not passed on."""


@pytest.fixture
def cluster() -> MemCluster:
    """Two CafeDeployments, each with a release that waits for a person."""
    made = MemCluster(clock=Hand())
    made.put(paths.namespaces(SPACE), {"metadata": {"name": SPACE}})
    for name in NAMES:
        body = copy.deepcopy(cafe_object())
        body["metadata"] |= {"name": name, "uid": f"uid-{name}"}
        planned = replace(
            release(State.PAUSED, cells={"": 0}, origin=State.PROGRESSING),
            uid=f"uid-{name}",
            id=f"r-{name}",
            spec_hash=CafeDeployment(body).spec_hash,
        )
        body["metadata"]["annotations"] = {names.RELEASE: encode(planned)}
        made.put(paths.cafedeployments(SPACE, name), body)
    return made


@pytest.fixture
def leaders(cluster: MemCluster) -> Iterator[list[Leader]]:
    """The leases of both, held at once by this process."""
    with ExitStack() as both:
        yield [both.enter_context(taken(cluster, name)) for name in NAMES]


def taken(cluster: MemCluster, name: str) -> Any:
    cafe = store.read(cluster, SPACE, name)
    watched: Any = Blind(cafe.uid)
    return lead(cluster, cafe, watched, who="bob")


def resumed(leader: Leader) -> State:
    """What a driver writes: the release goes on."""
    moves.record_move(
        leader.transport, leader.cafe, Trigger.RESUME, Mover("bob", epoch=leader.epoch)
    )
    return store.read(leader.transport, SPACE, leader.cafe.name).position.state


@pytest.mark.guard("two-releases-have-a-lease-each")
@pytest.mark.parametrize("late", [0, 1], ids=["the first", "the second"])
def test_i7_a_lost_lease_ends_the_writes_of_its_own_driver_alone(
    cluster: MemCluster, leaders: list[Leader], late: int
) -> None:
    loser, winner = leaders[late], leaders[1 - late]
    lease = paths.leases(SPACE, names.lease_name(loser.cafe.name))
    cluster.patch(lease, {"spec": {"holderIdentity": "somebody else"}}, PatchKind.MERGE)
    with pytest.raises(LeaseLost):
        loser.lease.renew()

    with pytest.raises(LeaseLost):
        resumed(loser)

    assert resumed(winner) is State.PROGRESSING
    assert store.read(cluster, SPACE, loser.cafe.name).position.state is State.PAUSED


def test_a_lease_that_is_given_back_leaves_the_other_driver_its_guard(cluster: MemCluster) -> None:
    with taken(cluster, "shop") as shop:
        with taken(cluster, "till") as till:
            assert resumed(till) is State.PROGRESSING
        cluster.clock.sleep(21.0)  # The lease of the other one is not renewed meanwhile.
        with pytest.raises(LeaseLost):
            resumed(shop)
    assert store.read(cluster, SPACE, "shop").position.state is State.PAUSED


def test_each_driver_names_its_own_release_and_the_shared_transport_none(
    cluster: MemCluster, leaders: list[Leader]
) -> None:
    plain = cluster.user_agent
    for leader in leaders:
        watcher: Any = leader.observer
        drive(leader, leader.cafe, watcher, who="bob", known=REVISIONS.values())
    agents = [leader.transport.user_agent for leader in leaders]
    assert agents == [f"{plain} (release r-{name})" for name in NAMES]
    assert cluster.user_agent == plain

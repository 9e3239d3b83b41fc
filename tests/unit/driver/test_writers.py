"""When every own write is answered, so that the lease may be given back (protocol 10)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, cast

import pytest

from kubectl_cafe import names
from kubectl_cafe.cache.cache import Cache
from kubectl_cafe.client import paths
from kubectl_cafe.client.errors import (
    AdmissionFailed,
    AlreadyExists,
    Conflict,
    Denied,
    Forbidden,
    UnknownOutcome,
)
from kubectl_cafe.client.transport import SessionTransport
from kubectl_cafe.driver.writers import Writers
from kubectl_cafe.errors import Refused
from kubectl_cafe.pods.patches import PodPatch
from kubectl_cafe.podsets import WorkloadWrite
from kubectl_cafe.podsets.inplaceset import InPlaceSet
from tests.unit.builders import cafe_object, template, workload
from tests.unit.client.stub import Reply, Stub
from tests.unit.server import Server

SETS = InPlaceSet()


def replicaset(version: int) -> dict[str, Any]:
    """The ReplicaSet of the CafeDeployment as the watch shows it."""
    made = dict(SETS.create(cafe_object(), "", "v1", template()).body)
    return {**made, "metadata": {**made["metadata"], "uid": "s", "resourceVersion": str(version)}}


@pytest.fixture
def cache() -> Cache:
    return Cache("uid-cafe", SETS)


@pytest.fixture
def actor(stub: Stub, transport: SessionTransport, cache: Cache) -> Iterator[Writers]:
    """Every answer is lost."""
    stub.script = lambda _: Reply(reset=True)
    made = Writers(transport, "stores", cache)
    yield made
    made.close()


def send(actor: Writers, write: WorkloadWrite) -> None:
    actor.workloads.write([write])


def test_an_actor_that_has_sent_nothing_awaits_no_answer(actor: Writers) -> None:
    assert actor.answered


@pytest.mark.guard("lost-workload-writes-are-unanswered")
def test_a_lost_patch_of_a_workload_may_land_until_the_workload_has_moved_on(
    actor: Writers, cache: Cache
) -> None:
    cache.workloads.event("ADDED", replicaset(3))
    send(actor, SETS.scale(workload(name="shop"), 4))
    assert not actor.answered

    cache.workloads.event("MODIFIED", replicaset(4))

    assert actor.answered


def test_a_lost_creation_of_a_workload_may_land_until_it_is_there(
    actor: Writers, cache: Cache
) -> None:
    send(actor, SETS.create(cafe_object(), "", "v1", template()))
    assert not actor.answered

    cache.workloads.event("ADDED", replicaset(3))

    assert actor.answered


@pytest.mark.guard("a-lost-commit-is-headed-off")
def test_c86_a_write_of_a_workload_that_may_still_come_is_headed_off(cache: Cache) -> None:
    """Else a commit could land after the rollback that found nothing to undo."""
    path = paths.replicasets("stores", "shop")
    server = Server({path: replicaset(3)})
    server.errors[path] = [UnknownOutcome("lost", where=path)]
    actor = Writers(cast(SessionTransport, server), "stores", cache, workers=0)
    cache.workloads.event("ADDED", replicaset(3))
    judged = replace(SETS.parse(replicaset(3)), cell="")
    send(actor, SETS.commit(cafe_object(), judged, "v2", template()))

    actor.workloads.write([])

    assert server.objects[path]["metadata"]["annotations"][names.TOUCHED] == "3"
    assert actor.answered


@pytest.mark.guard("a-workload-is-ours-by-its-controller")
@pytest.mark.parametrize("with_ours", [False, True])
def test_a_workload_whose_name_is_taken_by_another_controllers_is_not_taken_for_ours(
    cache: Cache, with_ours: bool
) -> None:
    """Else it is created again and again, and never known."""
    path = paths.replicasets("stores", "shop")
    theirs = replicaset(3)
    owners = [{"uid": "uid-deployment", "controller": True}]
    owners += [{"uid": "uid-cafe", "controller": False}] if with_ours else []
    theirs["metadata"]["ownerReferences"] = owners
    server = Taken({path: theirs})
    actor = Writers(cast(SessionTransport, server), "stores", cache, workers=0)

    with pytest.raises(Refused, match="exists"):
        send(actor, SETS.create(cafe_object(), "", "v1", template()))

    assert cache.workloads.all() == ()


class Taken(Server):
    """A server on which every name is taken."""

    def create(self, path: str, body: Any) -> Any:
        raise AlreadyExists("it exists", where=path)


# Pods


JUDGED = {"metadata": {"name": "a", "uid": "uid-a", "resourceVersion": "5", "annotations": {}}}
POD = paths.pods("stores", "a")
OFF = PodPatch("a", "uid-a", "5", "off", True, {"metadata": {"labels": {"off": "yes"}}})


def unanswered(version: str = "5") -> Server:
    """A server that has the pod at `version`, and loses the answer to the next write of it."""
    meta = {**JUDGED["metadata"], "resourceVersion": version}
    made = Server({POD: {"metadata": meta}})
    made.errors[POD] = [UnknownOutcome("lost", where=POD)]
    return made


def carried_out(server: Server, cache: Cache, *, blind: bool = False) -> Writers:
    actor = Writers(cast(SessionTransport, server), "stores", cache, workers=0)
    actor.blind = blind
    actor.patch([OFF], frozenset({"uid-a"}))
    actor.carry_out(*cast(Any, actor.queue.get()))
    return actor


@pytest.mark.guard("a-lost-write-is-headed-off")
def test_c62_a_write_that_may_still_come_is_headed_off(cache: Cache) -> None:
    """Else it would take its pod on top of the one that is taken instead."""
    server = unanswered()

    assert carried_out(server, cache).answered

    meta = server.objects[POD]["metadata"]
    assert (meta["resourceVersion"], meta["annotations"]) == ("6", {names.TOUCHED: "5"})


def test_a_write_whose_pod_has_moved_on_is_left_at_that(cache: Cache) -> None:
    server = unanswered("6")

    assert carried_out(server, cache).answered

    assert server.objects[POD]["metadata"]["annotations"] == {}


def test_a_touch_whose_answer_is_lost_too_is_asked_about_again(cache: Cache) -> None:
    server = unanswered()
    server.errors[POD] += [UnknownOutcome("lost", where=POD), Conflict("stale", where=POD)]

    assert carried_out(server, cache).answered

    assert server.objects[POD]["metadata"]["annotations"] == {names.TOUCHED: "5"}


def test_a_lost_write_of_a_pod_that_was_replaced_is_over_and_its_namesake_left_alone(
    cache: Cache,
) -> None:
    server = unanswered()
    server.objects[POD]["metadata"]["uid"] = "uid-other"

    assert carried_out(server, cache).answered

    meta = server.objects[POD]["metadata"]
    assert (meta["resourceVersion"], meta["annotations"]) == ("5", {})


@pytest.mark.guard("lease-not-given-back-when-unanswered")
def test_a_lost_write_that_nobody_could_ask_about_is_unanswered(cache: Cache) -> None:
    server = unanswered()
    server.errors[POD].append(Forbidden("no", where=POD))

    actor = carried_out(server, cache)

    ((error, _),) = actor.failed()
    assert isinstance(error, Forbidden)
    assert not actor.answered


def refused(error: Exception, version: str = "5") -> Server:
    """A server that has the pod at `version`, and answers the next write of it with `error`."""
    server = unanswered(version)
    server.errors[POD] = [error]
    return server


@pytest.mark.guard("a-409-of-an-unchanged-pod-is-a-refusal")
def test_c24_a_409_of_a_pod_that_has_not_changed_is_a_refusal(cache: Cache) -> None:
    """A webhook may answer any code; the pod would be busy for ever."""
    server = refused(Conflict("changed", server_message="not on a Friday", where=POD))

    ((error, patch),) = carried_out(server, cache).failed()

    assert (type(error), patch) == (Denied, OFF)
    assert "not on a Friday" in str(error)
    assert cache.idle


def test_c24_a_409_of_a_pod_that_has_moved_on_is_judged_anew(cache: Cache) -> None:
    actor = carried_out(refused(Conflict("changed", where=POD), "6"), cache)
    assert (actor.failed(), actor.troubles.all(), cache.idle) == ([], {}, True)


@pytest.mark.guard("a-blind-driver-reads-what-has-moved-on")
@pytest.mark.parametrize(("blind", "known"), [(True, {"uid-a": "6"}), (False, {})])
def test_c24_without_a_watch_the_pod_of_a_409_is_known_as_it_was_read(
    cache: Cache, blind: bool, known: dict[str, str]
) -> None:
    """Else nothing would ever show it, and a driver that ends would wait for it for ever."""
    carried_out(refused(Conflict("changed", where=POD), "6"), cache, blind=blind)
    bare = [pod for pod in cache.unrelated() if not pod.owner]
    assert {pod.uid: pod.resource_version for pod in bare} == known


def test_a_write_that_did_not_happen_is_in_trouble_until_it_comes_through(cache: Cache) -> None:
    server = refused(AdmissionFailed("failed calling webhook w", where=POD))
    actor = carried_out(server, cache)
    assert [one.what for one in actor.troubles.all().values()] == ["pod a"]

    actor.patch([OFF], frozenset())
    actor.carry_out(*cast(Any, actor.queue.get()))

    assert actor.troubles.all() == {}
    assert actor.answered


def test_a_write_that_is_not_wanted_any_more_is_in_no_trouble(cache: Cache) -> None:
    actor = carried_out(refused(AdmissionFailed("down", where=POD)), cache)
    actor.patch([], frozenset())
    assert actor.troubles.all() == {}


@pytest.mark.guard("a-driver-that-leaves-asks-no-more")
def test_a_driver_that_leaves_asks_no_more_for_an_answer_that_is_lost(cache: Cache) -> None:
    server = unanswered()
    actor = Writers(cast(SessionTransport, server), "stores", cache, workers=0)
    server.errors[POD] += [AdmissionFailed("down", where=POD)] * 3

    def leave_at_the_third() -> None:
        if len(server.errors[POD]) == 1:
            actor.close()

    server.check_lease = leave_at_the_third
    actor.patch([OFF], frozenset())
    actor.carry_out(*cast(Any, actor.queue.get()))

    assert not actor.answered
    assert len(server.errors[POD]) == 1


def test_a_409_of_a_workload_that_has_not_changed_is_a_refusal(cache: Cache) -> None:
    path = paths.replicasets("stores", "shop")
    server = Server({path: replicaset(3)})
    server.errors[path] = [Conflict("changed", server_message="frozen", where=path)]
    actor = Writers(cast(SessionTransport, server), "stores", cache, workers=0)

    with pytest.raises(Denied, match="frozen"):
        send(actor, SETS.scale(workload(name="shop"), 4))


def test_a_workload_over_quota_is_waited_for_and_named(cache: Cache) -> None:
    path = paths.replicasets("stores", "shop")
    server = Server({path: replicaset(3)})
    server.errors[path] = [Forbidden("x", server_message="exceeded quota: tight", where=path)]
    actor = Writers(cast(SessionTransport, server), "stores", cache, workers=0)

    send(actor, SETS.scale(workload(name="shop"), 4))

    (trouble,) = actor.workloads.troubles.all().values()
    assert trouble.what == "replicaset shop"

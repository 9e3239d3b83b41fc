"""Fencing off a driver that left without giving its lease back (protocol 10; C70, C86; I7)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kubectl_cafe import names
from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.client.lease import LeaseLost
from kubectl_cafe.client.transport import SessionTransport
from kubectl_cafe.driver.fencing import Touch, fence, needed, touch, touches
from kubectl_cafe.podsets.inplaceset import InPlaceSet
from kubectl_cafe.release.held import Fenced
from statemachine.record import Record
from statemachine.record_json import decode, encode
from tests.unit.builders import cafe_object, release
from tests.unit.client.conftest import HandClock
from tests.unit.client.stub import Asked, Reply, Stub, status
from tests.unit.touched import EPOCH, GONE, OWNER, POD, Server, thing


def cafedeployment(record: Record) -> dict[str, Any]:
    """The CafeDeployment that carries `record`."""
    made = cafe_object()
    made["metadata"]["annotations"] = {names.RELEASE: encode(record)}
    return made


@pytest.mark.parametrize(
    ("record", "given_back", "is_needed"),
    [
        (None, False, False),
        (None, True, False),
        (release(epoch=4, fenced_epoch=4), True, False),
        (release(epoch=4, fenced_epoch=4), False, True),
        (release(epoch=4, fenced_epoch=3), True, True),
        (release(epoch=4, fenced_epoch=3), False, True),
    ],
)
def test_a_fence_is_needed_unless_the_lease_came_back_after_a_complete_one(
    record: Record | None, given_back: bool, is_needed: bool
) -> None:
    assert needed(record, given_back) is is_needed


def test_own_workloads_and_their_pods_are_touched_and_no_others() -> None:
    workloads = [thing("ours", OWNER), thing("other", "uid-x"), thing("kept", OWNER, False)]
    pods = [thing("a", "uid-ours"), thing("b", "uid-other"), thing("c", "uid-ours", False)]
    orphan = {"metadata": {"name": "d", "namespace": "stores", "uid": "uid-d"}}

    found = [one.path for one in touches(InPlaceSet(), workloads, [*pods, orphan], OWNER)]

    assert found == ["/apis/apps/v1/namespaces/stores/replicasets/ours", POD]


@pytest.mark.guard("a-workload-is-ours-by-its-controller")
def test_a_workload_of_another_controller_that_refers_to_us_as_well_is_not_touched() -> None:
    both = [{"uid": "uid-x", "controller": True}, {"uid": OWNER, "controller": False}]
    workloads = [thing("theirs", "uid-x", ownerReferences=both)]
    assert list(touches(InPlaceSet(), workloads, [thing("a", "uid-theirs")], OWNER)) == []


@pytest.mark.parametrize(
    ("notes", "carries"), [(None, False), ({names.EPOCH: "4"}, False), ({names.EPOCH: "5"}, True)]
)
def test_an_object_that_was_touched_under_this_epoch_is_known(
    notes: dict[str, str] | None, carries: bool
) -> None:
    assert Touch(POD, thing("a", "uid-ours", annotations=notes)).carries(EPOCH) is carries


@pytest.mark.guard("touch-carries-the-resource-version")
def test_a_touch_carries_uid_and_resource_version_of_what_was_read() -> None:
    """I4: what has moved on since is read and touched again."""
    assert Touch(POD, thing("a", "uid-ours")).body(EPOCH) == {
        "metadata": {"uid": "uid-a", "resourceVersion": "7", "annotations": {names.EPOCH: "5"}}
    }


@pytest.fixture
def server(stub: Stub) -> Server:
    script = Server()
    stub.script = script
    return script


def methods(stub: Stub) -> list[str]:
    return [asked.method for asked in stub.asked]


def test_a_pod_that_has_moved_on_is_read_and_touched_again(
    stub: Stub, server: Server, transport: SessionTransport
) -> None:
    read = Touch(POD, thing("a", "uid-ours"))
    server.written_by_another()

    touch(transport, read, EPOCH)

    assert (methods(stub), server.touched) == (["PATCH", "GET", "PATCH"], True)


def test_a_touched_object_is_not_touched_again(
    stub: Stub, server: Server, transport: SessionTransport
) -> None:
    """I8."""
    touch(transport, Touch(POD, thing("a", "u", annotations={names.EPOCH: "5"})), EPOCH)

    assert methods(stub) == []


def test_a_pod_that_is_gone_needs_no_touch(
    stub: Stub, server: Server, transport: SessionTransport
) -> None:
    read = Touch(POD, server.pod)
    server.spoil.append(lambda _: GONE)

    touch(transport, read, EPOCH)

    assert methods(stub) == ["PATCH"]


def test_another_object_under_the_same_name_is_left_alone(
    stub: Stub, server: Server, transport: SessionTransport
) -> None:
    read = Touch(POD, thing("a", "uid-ours"))
    server.pod["metadata"]["uid"] = "uid-reborn"
    server.written_by_another()

    touch(transport, read, EPOCH)

    assert (methods(stub), server.touched) == (["PATCH", "GET"], False)


@pytest.mark.parametrize("landed", [True, False])
def test_a_lost_answer_is_asked_for_and_the_touch_repeated_only_if_it_did_not_land(
    stub: Stub, server: Server, transport: SessionTransport, landed: bool
) -> None:
    def lose(asked: Asked) -> Reply:
        if landed:
            server.carry_out(asked)
        return Reply(reset=True)

    server.spoil.append(lose)

    touch(transport, Touch(POD, thing("a", "uid-ours")), EPOCH)

    assert methods(stub) == ["PATCH", "GET", *([] if landed else ["PATCH"])]
    assert server.touched


@pytest.mark.parametrize("code", [429, 503])
def test_a_touch_that_was_turned_away_is_tried_again_after_a_while(
    server: Server, transport: SessionTransport, clock: HandClock, code: int
) -> None:
    server.spoil.append(lambda _: status(code, "Busy", "later"))

    touch(transport, Touch(POD, thing("a", "uid-ours")), EPOCH)

    assert (server.touched, clock.slept) == (True, [1.0])


def test_no_touch_leaves_once_the_lease_is_lost(
    stub: Stub, server: Server, transport: SessionTransport
) -> None:
    def lost() -> None:
        raise LeaseLost("the lease is lost")

    with pytest.raises(LeaseLost):
        touch(transport.session(lost), Touch(POD, thing("a", "uid-ours")), EPOCH)

    assert methods(stub) == []


class Cluster:
    """A CafeDeployment, its ReplicaSet and two pods; what is written, in order."""

    def __init__(self, record: Record) -> None:
        self.cafe = cafedeployment(record)
        self.lists = {
            "replicasets": [thing("ours", OWNER)],
            "pods": [thing("a", "uid-ours"), thing("b", "uid-ours")],
        }
        self.written: list[object] = []

    def __call__(self, asked: Asked) -> Reply:
        kind = asked.path.rsplit("/", 1)[1]
        if asked.method == "GET":
            return Reply(body={"items": self.lists[kind]} if kind in self.lists else self.cafe)
        notes = asked.body["metadata"]["annotations"]
        if names.EPOCH in notes:
            self.written.append("touch")
            return Reply(body={"metadata": asked.body["metadata"]})
        record = decode(notes[names.RELEASE])
        self.written.append((record.epoch, record.fenced_epoch))
        self.cafe = json.loads(json.dumps(self.cafe))
        self.cafe["metadata"]["annotations"] = notes
        return Reply(body=self.cafe)


@pytest.mark.guard("fenced-epoch-after-the-touches")
def test_the_epoch_is_written_first_and_called_fenced_only_after_the_touches(
    stub: Stub, transport: SessionTransport
) -> None:
    cluster = Cluster(release(epoch=4, fenced_epoch=4))
    stub.script = cluster
    told: list[int] = []

    after = fence(transport, CafeDeployment(cluster.cafe), EPOCH, "bob", told.append)

    assert cluster.written == [(5, 4), "touch", "touch", "touch", (5, 5)]
    assert told == [3]
    assert after.record is not None
    assert after.record.fenced_epoch == EPOCH


def test_whoever_meets_a_later_driver_fences_nothing(
    stub: Stub, transport: SessionTransport
) -> None:
    cluster = Cluster(release(epoch=6, fenced_epoch=6))
    stub.script = cluster

    with pytest.raises(Fenced, match="another driver has taken over"):
        fence(transport, CafeDeployment(cluster.cafe), EPOCH, "bob")

    assert cluster.written == []

"""Which revisions are never pruned, and what is written when a release has ended (protocol 4)."""

from __future__ import annotations

from typing import Any, cast

import pytest

from kubectl_cafe import names
from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.client.errors import Invalid
from kubectl_cafe.client.transport import Listing, Transport
from kubectl_cafe.record import release_record
from kubectl_cafe.release.outcome import conclude, in_use, prune
from kubectl_cafe.revisions import past_releases
from kubectl_cafe.revisions.revision import Revision
from kubectl_cafe.times import rfc3339
from statemachine.lifecycle import State
from statemachine.record import Record
from statemachine.record_json import encode
from tests.unit.builders import (
    START,
    cafe_object,
    container,
    patched,
    pod,
    pod_record,
    release,
    revision,
    stored_object,
    workload,
)

SIX = tuple(revision(f"v{n}", n, uid=f"uid-{n}", resource_version=f"{n}0") for n in range(1, 7))


class Server:
    """A transport that remembers writes; `known` is the release that is stored already.

    `records` are all stored ones.
    """

    def __init__(
        self, known: Any = None, refuses: Exception | None = None, records: Any = ()
    ) -> None:
        self.known, self.refuses, self.records = known, refuses, list(records)
        self.patched: list[tuple[str, Any]] = []
        self.deleted: list[tuple[str, Any]] = []

    def server_time(self) -> float:
        return START

    def get_or_none(self, _path: str) -> Any:
        return self.known

    def patch(self, path: str, body: Any, _kind: object, _query: object) -> Any:
        if self.refuses:
            raise self.refuses
        self.patched.append((path.rsplit("/", 1)[-1], body))
        return body

    def list(self, _path: str, _query: object) -> Any:
        return Listing(self.records, "1")

    def delete(self, path: str, body: Any) -> None:
        self.deleted.append((path.rsplit("/", 1)[-1], body))

    @property
    def transport(self) -> Transport:
        return cast(Transport, self)


def cafe(record: Record, **spec: Any) -> CafeDeployment:
    obj = cafe_object(**spec)
    obj["metadata"]["annotations"] = {names.RELEASE: encode(record)}
    return CafeDeployment(obj)


def used(*pods: Any, revisions: tuple[Revision, ...] = SIX, **changes: Any) -> set[str]:
    """The revisions in use after a release from v4 to v5."""
    record = release(State.COMPLETED, from_revision="v4", to_revision="v5")
    ended = past_releases.ordered((), revisions)
    found = in_use(record, revisions, ended, pods, changes.get("workloads", ()))
    return found - {""}


def test_from_and_to_are_in_use() -> None:
    assert used() == {"v4", "v5"}


@pytest.mark.guard("the-last-good-revision-stays")
def test_the_last_good_revision_is_in_use() -> None:
    good = (*SIX[:1], revision("v2", 2, "Completed"), *SIX[2:])
    assert used(revisions=good) == {"v2", "v4", "v5"}


def test_a_workload_s_revision_is_in_use() -> None:
    assert used(workloads=(workload(revision="v1"),)) == {"v1", "v4", "v5"}


def test_the_revision_of_a_pod_s_label_is_in_use() -> None:
    stranger = container(image="stranger:1")
    assert used(pod("a", stranger, labels={names.REVISION: "v3"})) == {"v3", "v4", "v5"}


@pytest.mark.guard("shown-images-keep-a-revision")
def test_the_revision_of_a_pod_s_images_is_in_use() -> None:
    shown = pod("a", container(image="app:v6"), labels={names.REVISION: ""})
    assert used(shown) == {"v4", "v5", "v6"}


def test_the_revision_that_a_pod_was_patched_to_is_in_use() -> None:
    shown = patched("a", container(image="rewritten:1"), record=pod_record(to="v6"))
    assert "v6" in used(shown)


def test_revisions_are_deleted_as_they_were_judged() -> None:
    """I4."""
    server = Server()
    done = cafe(release(State.COMPLETED, from_revision="v5", to_revision="v6"), historyLimit=3)

    prune(server.transport, done, SIX, (), ())

    assert server.deleted == [("v1", {"preconditions": {"uid": "uid-1", "resourceVersion": "10"}})]


def test_nothing_is_deleted_while_a_release_is_under_way() -> None:
    server = Server()
    prune(server.transport, cafe(release(State.PAUSED), historyLimit=0), SIX, (), ())
    assert server.deleted == []


def test_releases_beyond_the_limit_are_deleted_as_they_were_judged() -> None:
    """I4."""
    done = cafe(release(State.COMPLETED, from_revision="v5", to_revision="v6"), historyLimit=1)
    records = [
        release(State.ABORTED, id=f"r{n}", to_revision="v6", started=rfc3339(START + n))
        for n in range(3)
    ]
    server = Server(records=map(stored_object, records))

    prune(server.transport, done, SIX[4:], (), ())

    conditions = {"preconditions": {"uid": "uid-r0", "resourceVersion": "rv-r0"}}
    assert server.deleted[0] == ("shop-r0", conditions)
    assert len(server.deleted) == 2


def test_an_end_is_stored_in_an_object_of_its_own() -> None:
    server = Server()
    record = release(State.COMPLETED, since=rfc3339(START + 60))

    conclude(server.transport, cafe(record), SIX)

    ((name, body),) = server.patched
    assert name == body["metadata"]["name"] == "shop-r1"
    assert body["metadata"]["labels"] == {names.RELEASE_OF: "shop"}
    assert [owner["uid"] for owner in body["metadata"]["ownerReferences"]] == ["uid-cafe"]
    found = release_record.parse(answered(body)).release
    assert found is not None
    assert (found.outcome, found.ended, found.record) == ("Completed", record.since, record)
    assert {name: known.number for name, known in found.revisions.items()} == {"v1": 1, "v2": 2}


def test_a_record_that_is_to_outlive_its_cafedeployment_has_no_owner() -> None:
    server = Server()
    conclude(server.transport, cafe(release(State.COMPLETED), keepRecords=True), SIX)
    ((_, body),) = server.patched
    assert "ownerReferences" not in body["metadata"]


def answered(body: Any) -> Any:
    """The stored object as a server answers it."""
    return {**body, "metadata": {**body["metadata"], "uid": "uid-r1", "resourceVersion": "9"}}


@pytest.mark.guard("an-end-is-written-once")
def test_an_end_that_is_stored_already_is_not_stored_again() -> None:
    """C66, I8."""
    server = Server(known=stored_object(release(State.COMPLETED)))
    conclude(server.transport, cafe(release(State.COMPLETED)), SIX)
    assert (server.patched, server.deleted) == ([], [])


def test_a_release_that_is_superseded_is_over_as_well() -> None:
    server = Server()
    conclude(server.transport, cafe(release(State.PAUSED)), SIX, superseded=True)
    ((_, body),) = server.patched
    assert body["data"]["outcome"] == "Superseded"


def test_a_release_that_was_to_be_superseded_and_ended_by_itself_is_stored_anew() -> None:
    known = stored_object(release(State.PAUSED), "Superseded")
    server = Server(known=known)

    conclude(server.transport, cafe(release(State.COMPLETED)), SIX)

    conditions = {"preconditions": {"uid": "uid-r1", "resourceVersion": "rv-r1"}}
    assert server.deleted == [("shop-r1", conditions)]
    assert [body["data"]["outcome"] for _, body in server.patched] == ["Completed"]


def test_a_release_that_another_client_stores_at_the_same_time_is_stored() -> None:
    server = Server(refuses=Invalid("data: field is immutable"))
    conclude(server.transport, cafe(release(State.COMPLETED)), SIX)
    assert server.patched == []


def test_a_release_under_way_has_no_end_to_write() -> None:
    server = Server()
    conclude(server.transport, cafe(release(State.PAUSED)), SIX)
    assert server.patched == []

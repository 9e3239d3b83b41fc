"""Which revisions are never pruned, and what is written when a release has ended (protocol 4)."""

from __future__ import annotations

from typing import Any, cast

import pytest

from kubectl_cafe import names
from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.client.transport import Transport
from kubectl_cafe.release.outcome import conclude, in_use, prune
from kubectl_cafe.revisions.past_releases import decode
from kubectl_cafe.revisions.revision import Revision
from statemachine.lifecycle import State
from statemachine.record import Record, encode
from tests.unit.builders import (
    START,
    cafe_object,
    container,
    patched,
    pod,
    pod_record,
    release,
    revision,
    workload,
)

SIX = tuple(revision(f"v{n}", n, uid=f"uid-{n}", resource_version=f"{n}0") for n in range(1, 7))


class Server:
    """A transport that remembers writes; a patched revision is answered with its annotations."""

    def __init__(self) -> None:
        self.patched: list[tuple[str, Any]] = []
        self.deleted: list[tuple[str, Any]] = []

    def server_time(self) -> float:
        return START

    def patch(self, path: str, body: Any, _kind: object) -> Any:
        self.patched.append((path.rsplit("/", 1)[-1], body["metadata"]))
        meta = {**body["metadata"], "name": self.patched[-1][0], "resourceVersion": "99"}
        return {"metadata": meta, "revision": 2}

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
    found = in_use(record, revisions, pods, changes.get("workloads", ()))
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


def test_an_end_is_written_to_the_revision_that_the_release_went_to() -> None:
    server = Server()

    after = conclude(server.transport, cafe(release(State.COMPLETED)), SIX)

    ((name, meta),) = server.patched
    assert (name, meta["uid"], meta["resourceVersion"]) == ("v2", "uid-2", "20")
    assert meta["annotations"][names.OUTCOME] == "Completed"
    assert [(r.outcome, r.resource_version) for r in after if r.name == "v2"] == [
        ("Completed", "99")
    ]


def test_a_release_that_is_superseded_is_over_as_well() -> None:
    server = Server()

    conclude(server.transport, cafe(release(State.PAUSED)), SIX, superseded=True)

    ((_, meta),) = server.patched
    assert [one.outcome for one in decode(meta["annotations"][names.RELEASES]).releases] == [
        "Superseded"
    ]


def test_a_release_under_way_has_no_end_to_write() -> None:
    server = Server()
    assert conclude(server.transport, cafe(release(State.PAUSED)), SIX) == SIX
    assert server.patched == []

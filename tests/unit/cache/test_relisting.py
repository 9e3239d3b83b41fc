"""EndpointSlices are listed once more for a pod that is shown out of traffic (C22)."""

from __future__ import annotations

import pytest

from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.assessment.snapshot import Snapshot
from kubectl_cafe.cache.informers import Observer
from kubectl_cafe.client.errors import Unreachable
from kubectl_cafe.client.transport import Listing
from tests.memcluster import MemCluster
from tests.unit.builders import cafe_object, drained, pod, snapshot


class Lists(MemCluster):
    """A server that counts lists; `cut_off`: none is answered."""

    def __init__(self) -> None:
        super().__init__()
        self.lists = list[str]()
        self.cut_off = False

    def list(self, path: str, *_: object, **__: object) -> Listing:  # type: ignore[override]
        self.lists.append(path.rsplit("/", 1)[-1])
        if self.cut_off:
            raise Unreachable("no connection", where=path)
        return Listing([], "9")


@pytest.fixture
def server() -> Lists:
    return Lists()


@pytest.fixture
def observer(server: Lists) -> Observer:
    return Observer(server, CafeDeployment(cafe_object()))  # type: ignore[arg-type]


def off() -> Snapshot:
    return snapshot(drained("a"), pod("b"))


@pytest.mark.guard("a-repair-lists-the-endpoints-too")
def test_what_a_repair_needs_of_the_endpoint_slices_is_read(
    server: Lists, observer: Observer
) -> None:
    assert observer.read_missing(off())
    assert server.lists == ["endpointslices"]
    assert observer.cache._relisted == {"uid-a"}


def test_nothing_is_read_where_no_pod_is_shown_off(server: Lists, observer: Observer) -> None:
    assert not observer.read_missing(snapshot(pod("a")))
    assert server.lists == []


def test_a_list_that_is_not_answered_counts_for_no_pod(server: Lists, observer: Observer) -> None:
    server.cut_off = True
    assert not observer.read_missing(off())
    assert observer.cache._relisted == frozenset()

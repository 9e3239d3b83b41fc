"""A pod set is one module and one entry: nothing else knows which workloads it has (protocol 3)."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_cafe import names
from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.cache import lister
from kubectl_cafe.cache.cache import Cache
from kubectl_cafe.client import paths
from kubectl_cafe.driver.fencing import fence
from kubectl_cafe.planning.proposal import Around, propose
from kubectl_cafe.podsets import kinds
from kubectl_cafe.record import store
from kubectl_cafe.release import moves, wanted_spec
from kubectl_cafe.release.start import Beginning, Mover
from statemachine.lifecycle import State, Trigger
from tests.explore.opening import settle
from tests.explore.scenario import NAME, SPACE, Frozen
from tests.explore.state import Live
from tests.explore.thawing import Thawing, held
from tests.memcluster import controllers, kubelet
from tests.memcluster.cluster import MemCluster
from tests.unit.podsets.toyset import ToySet

TURNS = 60
"""More than a release of two pods takes."""


def template(image: str) -> dict[str, Any]:
    """A pod template with our readiness gate."""
    gate = [{"conditionType": names.IN_SERVICE}]
    containers = [{"name": "main", "image": image}]
    return {
        "metadata": {"labels": {"app": NAME}},
        "spec": {"readinessGates": gate, "containers": containers},
    }


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> MemCluster:
    """One with a CafeDeployment whose podSetType is ToySet."""
    monkeypatch.setitem(kinds.KINDS, "ToySet", ToySet())
    made = MemCluster(clock=Frozen(), shared=True)
    made.put(paths.namespaces(SPACE), {"metadata": {"name": SPACE}})
    cells = {"unitType": "Cell", "values": ["A", "B"], "unitReplicas": {"A": 1, "B": 1}}
    spec = {
        "replicas": 2,
        "podSetType": "ToySet",
        "selector": {"matchLabels": {"app": NAME}},
        "topology": cells,
        "strategy": {"maxUnavailable": 1},
        "template": template("app:v1"),
    }
    kind = {"apiVersion": names.API_VERSION, "kind": names.KIND}
    made.create(paths.cafedeployments(SPACE), {**kind, "metadata": {"name": NAME}, "spec": spec})
    return made


def workloads(cluster: MemCluster) -> list[tuple[str, dict[str, Any]]]:
    return controllers.of_kind(cluster, "statefulsets")


def pods(cluster: MemCluster) -> list[tuple[str, dict[str, Any]]]:
    return controllers.of_kind(cluster, "pods")


def time_passes(cluster: MemCluster, workers: dict[str, kubelet.Worker]) -> None:
    """The controller and the kubelets do all that there is to do."""
    for path, workload in workloads(cluster):
        controllers.observe(cluster, path)
        for number in range(controllers.lacks(cluster, workload)):
            name = f"{workload['metadata']['name']}-{number}"
            born = controllers.give_birth(cluster, workload, name)
            workers[born] = kubelet.born(cluster.objects[born])
    for path, _ in pods(cluster):
        workers[path] = settle(cluster, path, workers[path])


def released(
    cluster: MemCluster, image: str, epoch: int, workers: dict[str, kubelet.Worker]
) -> State:
    """Release `image`, drive to the end; the state of the release then."""
    cafe = store.read(cluster, SPACE, NAME)
    sets = cafe.podset
    around = Around(
        revisions=lister.read_revisions(cluster, cafe),
        workloads=tuple(sets.parse(item) for _, item in workloads(cluster)),
        pods=lister.pods(cluster, cafe),
        services=(),
        budgets=(),
    )
    wished = wanted_spec.with_spec(cafe, {**cafe.spec, "template": template(image)})
    proposal = propose(wished, around, wished.template)
    begun = Beginning(cafe, wished, around, proposal, Trigger.START)
    cafe = moves.become_driver(cluster, begun.record(cluster, cafe, Mover("alice")), epoch)
    live = Thawing().start(cluster, cafe, Cache(cafe.uid, sets))
    for _ in range(TURNS):
        if turn(cluster, live) is not None:
            return store.read(cluster, SPACE, NAME).position.state
        time_passes(cluster, workers)
    raise AssertionError(f"{live.watcher.views[-1][1].waits} after {TURNS} turns")


def turn(cluster: MemCluster, live: Live) -> object:
    """The driver sees all there is, takes a turn, and its writes are answered."""
    live.cache.workloads.listed([item for _, item in workloads(cluster)])
    live.cache.pods_listed([item for _, item in pods(cluster)], 0.0)
    ended = live.driver.turn(live.actor)
    while not live.actor.queue.empty():
        job = live.actor.queue.get_nowait()
        assert job is not None
        live.actor.carry_out(*job)
    return ended


def images(cluster: MemCluster) -> list[str]:
    """What runs, pod by pod."""
    return [pod["spec"]["containers"][0]["image"] for _, pod in pods(cluster)]


def test_a_first_release_an_upgrade_and_a_takeover_write_its_own_workloads(
    cluster: MemCluster,
) -> None:
    workers: dict[str, kubelet.Worker] = {}

    assert released(cluster, "app:v1", 1, workers) is State.COMPLETED
    assert (len(workloads(cluster)), images(cluster)) == (2, ["app:v1"] * 2)

    before = [pod["metadata"]["uid"] for _, pod in pods(cluster)]
    assert released(cluster, "app:v2", 2, workers) is State.COMPLETED
    assert images(cluster) == ["app:v2"] * 2
    assert [pod["metadata"]["uid"] for _, pod in pods(cluster)] == before
    assert not controllers.of_kind(cluster, "replicasets")

    fence(cluster.session(held), store.read(cluster, SPACE, NAME), 3)
    notes = [item["metadata"]["annotations"] for _, item in workloads(cluster)]
    assert [one[names.EPOCH] for one in notes] == ["3", "3"]
    assert CafeDeployment(cluster.get(paths.cafedeployments(SPACE, NAME))).record is not None

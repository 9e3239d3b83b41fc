"""A pod set is one module and one entry: nothing else knows which workloads it has (protocol 3)."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_cafe import names
from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.cache import direct_reads
from kubectl_cafe.cache.cache import Cache
from kubectl_cafe.client import paths
from kubectl_cafe.driver.fencing import fence
from kubectl_cafe.errors import Refused
from kubectl_cafe.planning.around import Around
from kubectl_cafe.planning.proposal import propose
from kubectl_cafe.pods.model import Pod
from kubectl_cafe.podsets import UpdateStrategy, kinds
from kubectl_cafe.reconcile.decide import decide
from kubectl_cafe.record import store
from kubectl_cafe.release import moves
from kubectl_cafe.release.start import Beginning, Mover
from kubectl_cafe.release.write_failures import IMAGE
from statemachine.lifecycle import State, Trigger
from tests.explore.opening import settle
from tests.explore.scenario import NAME, SPACE, Frozen
from tests.explore.state import Live
from tests.explore.thawing import Thawing, held
from tests.memcluster import controllers, kubelet
from tests.memcluster.cluster import MemCluster
from tests.unit.builders import cafe_object, drained, pod, snapshot
from tests.unit.podsets.toyset import ToySet

TURNS = 60
"""More than a release of three pods takes."""


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
    cells = {"unitType": "Cell", "values": ["A", "B"], "unitReplicas": {"A": 2, "B": 1}}
    spec = {
        "replicas": 3,
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
        there = len(controllers.owned(cluster, workload))
        for number in range(there, workload["spec"]["replicas"]):
            name = f"{workload['metadata']['name']}-{number}"
            born = controllers.give_birth(cluster, workload, name)
            workers[born] = kubelet.born(cluster.objects[born])
    for path, _ in pods(cluster):
        workers[path] = settle(cluster, path, workers[path])


def released(
    cluster: MemCluster, image: str, epoch: int, workers: dict[str, kubelet.Worker]
) -> list[str]:
    """Release `image` until it has Completed; the pods in the order of their image patches."""
    cafe = store.read(cluster, SPACE, NAME)
    sets = cafe.podset
    around = Around(
        revisions=direct_reads.read_revisions(cluster, cafe),
        workloads=tuple(sets.parse(item) for _, item in workloads(cluster)),
        pods=direct_reads.pods(cluster, cafe),
        services=(),
        budgets=(),
    )
    wished = cafe.with_template(template(image))
    proposal = propose(wished, around, wished.template)
    begun = Beginning(cafe, wished, around, proposal, Trigger.START)
    cafe = moves.become_driver(cluster, begun.record(cluster, cafe, Mover("alice")), epoch, "alice")
    live = Thawing().start(cluster, cafe, Cache(cafe.uid, sets))
    patched: list[str] = []
    for _ in range(TURNS):
        if turn(cluster, live, patched) is not None:
            assert store.read(cluster, SPACE, NAME).position.state is State.COMPLETED
            return patched
        time_passes(cluster, workers)
    raise AssertionError(f"{live.watcher.views[-1][1].waits} after {TURNS} turns")


def turn(cluster: MemCluster, live: Live, patched: list[str]) -> object:
    """The driver sees all there is, takes a turn, and its writes are answered.

    `patched` are the pods whose images were written, in their order.
    """
    live.cache.workloads.listed([item for _, item in workloads(cluster)])
    live.cache.pods_listed([item for _, item in pods(cluster)], 0.0)
    ended = live.driver.turn(live.actor)
    while not live.actor.queue.empty():
        job = live.actor.queue.get_nowait()
        assert job is not None
        patched += [job[0].pod] if job[0].what == IMAGE else []
        live.actor.carry_out(*job)
    return ended


def images(cluster: MemCluster) -> list[str]:
    """What runs, pod by pod."""
    return [pod["spec"]["containers"][0]["image"] for _, pod in pods(cluster)]


def test_a_first_release_an_upgrade_and_a_takeover_write_its_own_workloads(
    cluster: MemCluster,
) -> None:
    workers: dict[str, kubelet.Worker] = {}

    assert released(cluster, "app:v1", 1, workers) == []
    assert (len(workloads(cluster)), images(cluster)) == (2, ["app:v1"] * 3)

    before = [pod["metadata"]["uid"] for _, pod in pods(cluster)]
    patched = released(cluster, "app:v2", 2, workers)
    assert images(cluster) == ["app:v2"] * 3
    assert [name for name in patched if "-a-" in name] == [f"{NAME}-a-1", f"{NAME}-a-0"]
    assert [pod["metadata"]["uid"] for _, pod in pods(cluster)] == before
    assert not controllers.of_kind(cluster, "replicasets")

    fence(cluster.session(held), store.read(cluster, SPACE, NAME), 3, "bob")
    touched = [*workloads(cluster), *pods(cluster)]
    assert {item["metadata"]["annotations"][names.EPOCH] for _, item in touched} == {"3"}
    assert CafeDeployment(cluster.get(paths.cafedeployments(SPACE, NAME))).record is not None


def test_a_pod_set_whose_pods_are_replaced_is_refused_before_anything_is_written(
    cluster: MemCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(kinds.KINDS, "ToySet", ToySet(UpdateStrategy.REPLACED))
    cafe = store.read(cluster, SPACE, NAME)

    with pytest.raises(Refused, match=r"not supported by .*: spec\.podSetType"):
        propose(cafe, Around((), (), ()), cafe.template)


@pytest.mark.guard("pods-that-are-to-be-replaced-are-not-patched")
@pytest.mark.parametrize("made", [pod("shop-0"), drained("shop-0")], ids=["to be taken", "drained"])
def test_a_pod_that_is_to_be_replaced_is_never_patched_instead(
    made: Pod, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A release of a version that replaces pods, driven by this one."""
    monkeypatch.setitem(kinds.KINDS, "ToySet", ToySet(UpdateStrategy.REPLACED))
    off = {made.uid: 0.0} if made.record else {}
    of = snapshot(made, owner=cafe_object(podSetType="ToySet"), off_since=off)

    with pytest.raises(Refused, match="of this type are replaced") as refused:
        decide(of)

    assert refused.value.where.endswith("spec.podSetType")

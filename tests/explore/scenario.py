"""What a search starts from: the set, the release that is begun, and what may go wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from kubectl_cafe import names
from kubectl_cafe.cluster import paths
from kubectl_cafe.engine import journal, proposal, start, wish
from kubectl_cafe.engine.cafedeployment import CafeDeployment
from kubectl_cafe.engine.start import Mover
from kubectl_cafe.pods.model import parse
from kubectl_cafe.podsets.inplaceset import InPlaceSet
from kubectl_cafe.times import rfc3339
from statemachine.lifecycle import State, Trigger
from statemachine.record import Record
from statemachine.steps import Kind
from tests.memcluster import controllers, kubelet
from tests.memcluster.cluster import MemCluster

SPACE, NAME = "stores", "shop"
T0 = 1_000_000.0
"""The server's time at which the release begins."""
CAFE = paths.cafedeployments(SPACE, NAME)
FOREIGN = "example.com/foreign"
"""A label, an annotation and a condition that nobody of ours may touch (I10)."""


class Frozen:
    """A clock that stands still: in a search, time passes by steps alone."""

    def __init__(self, at: float = T0) -> None:
        self.at = at

    def monotonic(self) -> float:
        """Always 0: what was seen before is made older instead."""
        return 0.0

    def time(self) -> float:
        """The server's time, and ours."""
        return self.at

    def sleep(self, seconds: float) -> None:
        """Nothing happens meanwhile: what may happen is another step."""


@dataclass(frozen=True)
class Scenario:
    """One search. The numbers are how often each thing may happen on one path.

    `image` is what the release goes to; its name may ask for trouble (testbed/README.md).
    `verbs`: what people may say. `lag`: whether the driver may see everything but one object
    of what has changed. `eras`: how often the deadlines may pass, once nothing else happens.
    `faults`: lost and delayed answers. `deletions`: pods that a stranger deletes, `edits`: their
    images that one patches. `restarts`: containers that die and are started again. `forced`:
    people may abort by force as well. `served`: a Service selects the pods.
    """

    name: str
    mode: str = "Gate"
    image: str = "app:v2"
    cells: Mapping[str, int] = field(default_factory=lambda: {"CellA": 1, "CellB": 1})
    strategy: Mapping[str, Any] = field(default_factory=lambda: {"maxUnavailable": 1})
    verbs: tuple[Trigger, ...] = ()
    said: int = 0
    crashes: int = 0
    faults: int = 0
    deletions: int = 0
    edits: int = 0
    restarts: int = 0
    lag: bool = False
    eras: int = 1
    forced: bool = False
    served: bool = True

    def but(self, **changes: Any) -> Scenario:
        """The same with some changes."""
        return replace(self, **changes)


def template(scenario: Scenario, image: str) -> dict[str, Any]:
    """The pod template that people write."""
    labels = {"app": "shop", **({names.TRAFFIC: "on"} if scenario.mode == "Label" else {})}
    spec: dict[str, Any] = {
        "terminationGracePeriodSeconds": 1,
        "containers": [{"name": "main", "image": image}],
    }
    if scenario.mode == "Gate":
        spec["readinessGates"] = [{"conditionType": names.IN_SERVICE}]
    return {"metadata": {"labels": labels}, "spec": spec}


def service(scenario: Scenario) -> dict[str, Any]:
    """The Service before the pods."""
    labelled = {names.TRAFFIC: "on"} if scenario.mode == "Label" else {}
    return {
        "metadata": {"name": NAME, "namespace": SPACE},
        "spec": {"selector": {"app": "shop", **labelled}},
    }


def begin(scenario: Scenario) -> tuple[MemCluster, dict[str, kubelet.Worker]]:
    """A healthy set at v1 whose upgrade has just been recorded, and each pod's worker by uid."""
    cluster = MemCluster(clock=Frozen(T0 - 1000), shared=True)
    cluster.put(paths.namespaces(SPACE), {"metadata": {"name": SPACE}})
    cafe = _cafe(cluster, scenario)
    first = start.store_revision(cluster, cafe, around(cluster, cafe), cafe.template)
    note = {"metadata": {"annotations": {f"{names.PREFIX}/outcome": "Completed"}}}
    cluster.patch(paths.controllerrevisions(SPACE, first.name), note, journal.PatchKind.MERGE)
    if scenario.served:
        cluster.create(paths.services(SPACE), service(scenario))
    sets, workers = InPlaceSet(), {}
    for cell, count in scenario.cells.items():
        body = dict(sets.create(cafe.obj, cell, first.name, cafe.template).body)
        body["spec"] = {**body["spec"], "replicas": count}
        made = cluster.create(paths.replicasets(SPACE), body)
        path = paths.replicasets(SPACE, made["metadata"]["name"])
        controllers.observe(cluster, path)
        for number in range(count):
            pod = controllers.give_birth(cluster, made, f"{cell.lower()}-{number}")
            workers[cluster.objects[pod]["metadata"]["uid"]] = _in_service(cluster, pod, scenario)
    for _, known in controllers.of_kind(cluster, "services"):
        controllers.publish(cluster, known)
    cafe = journal.write(cluster, cafe, _completed(cafe, first.name))
    cluster.clock = Frozen()
    release(cluster, cafe, template(scenario, scenario.image), Trigger.START, "alice")
    cluster.written.clear()
    return cluster, workers


def release(
    cluster: MemCluster, cafe: CafeDeployment, wanted: Any, trigger: Trigger, who: str
) -> None:
    """Record an upgrade to the template `wanted`."""
    wished = wish.with_spec(cafe, {**cafe.spec, "template": wanted})
    found = around(cluster, cafe)
    proposed = proposal.propose(wished, found, wanted)
    begun = start.Beginning(cafe, wished, found, proposed, trigger)
    begun.record(cluster, cafe, Mover(who))


def around(cluster: MemCluster, cafe: CafeDeployment) -> proposal.Around:
    """What a verb reads before it is judged."""
    sets = InPlaceSet()
    return proposal.Around(
        revisions=start.read_revisions(cluster, cafe),
        workloads=tuple(sets.parse(w) for _, w in controllers.of_kind(cluster, "replicasets")),
        pods=tuple(parse(pod) for _, pod in controllers.of_kind(cluster, "pods")),
    )


def _cafe(cluster: MemCluster, scenario: Scenario) -> CafeDeployment:
    spec = {
        "replicas": sum(scenario.cells.values()),
        "podSetType": "InPlaceSet",
        "selector": {"matchLabels": {"app": "shop"}},
        "topology": {
            "unitType": "Cell",
            "values": list(scenario.cells),
            "unitReplicas": dict(scenario.cells),
        },
        "strategy": dict(scenario.strategy),
        "template": template(scenario, "app:v1"),
    }
    body = {
        "apiVersion": names.API_VERSION,
        "kind": names.KIND,
        "metadata": {"name": NAME},
        "spec": spec,
    }
    return CafeDeployment(cluster.create(paths.cafedeployments(SPACE), body))


def _completed(cafe: CafeDeployment, revision: str) -> Record:
    """The record of the first release, long over."""
    at = rfc3339(T0 - 1000)
    plan = proposal.Plan(cafe.allocated(), cafe.strategy)
    return Record(
        uid=cafe.uid,
        id="r-0",
        kind=Kind.CREATE,
        state=State.COMPLETED,
        plan=plan,
        to_revision=revision,
        spec_hash=cafe.spec_hash,
        since=at,
        started=at,
        who="alice",
        step=len(_steps(plan)),
    )


def _steps(plan: proposal.Plan) -> tuple[object, ...]:
    return proposal.steps(
        Kind.CREATE, plan.cells, plan.strategy.upgrade_type, plan.strategy.batch_size
    )


def _in_service(cluster: MemCluster, path: str, scenario: Scenario) -> kubelet.Worker:
    """Let the pod start, put it into traffic and give it what is not ours."""
    worker = kubelet.born(cluster.objects[path])
    worker = settle(cluster, path, worker)
    pod = cluster.objects[path]
    opened = [{"type": names.IN_SERVICE, "status": "True"}] if scenario.mode == "Gate" else []
    foreign = {"type": FOREIGN, "status": "True", "lastTransitionTime": rfc3339(T0)}
    conditions = [foreign, *opened, *pod["status"]["conditions"]]
    meta = pod["metadata"]
    labels = {**meta["labels"], FOREIGN: "stays"}
    notes = {**(meta.get("annotations") or {}), FOREIGN: "stays"}
    meta = {**meta, "labels": labels, "annotations": notes}
    status = {**pod["status"], "conditions": conditions}
    cluster.put(path, {**pod, "metadata": meta, "status": status})
    return settle(cluster, path, worker)


def settle(cluster: MemCluster, path: str, worker: kubelet.Worker) -> kubelet.Worker:
    """Let the kubelet do all that there is to do."""
    while possible := kubelet.moves(cluster.objects[path], worker):
        worker = advance(cluster, path, worker, possible[0])
    return worker


def advance(
    cluster: MemCluster, path: str, worker: kubelet.Worker, move: kubelet.Move
) -> kubelet.Worker:
    """One step of the kubelet, with what it writes."""
    if move is kubelet.Move.ACT:
        return kubelet.act(worker)
    if move is kubelet.Move.FATE:
        return kubelet.fate(worker)
    pod = cluster.objects[path]
    at = rfc3339(cluster.server_time())
    worker, status = kubelet.sync(pod, worker, at)
    cluster.put(path, {**pod, "status": status})
    return worker


__all__ = ["Scenario", "advance", "around", "begin", "settle"]

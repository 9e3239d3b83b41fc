"""The cluster in which a search starts, and what whoever begins a release does to it."""

from __future__ import annotations

from typing import Any

from msgspec import structs

from kubectl_cafe import names
from kubectl_cafe.api import size
from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.assessment import disruption_budgets
from kubectl_cafe.cache import direct_reads
from kubectl_cafe.client import paths
from kubectl_cafe.planning import proposal
from kubectl_cafe.planning.around import Around
from kubectl_cafe.pods.model import parse
from kubectl_cafe.podsets.inplaceset import InPlaceSet
from kubectl_cafe.record import store
from kubectl_cafe.release import start
from kubectl_cafe.release.start import Mover
from kubectl_cafe.times import rfc3339
from kubectl_cafe.traffic.endpoints import parse_service
from statemachine.lifecycle import State, Trigger
from statemachine.record import Record
from statemachine.steps import Kind
from tests.explore.scenario import (
    BALANCER,
    FOREIGN,
    NAME,
    NODE,
    OLD,
    SPACE,
    T0,
    Frozen,
    Scenario,
    budget,
    node,
    service,
    template,
)
from tests.explore.stages import stages
from tests.memcluster import controllers, disruptions, kubelet
from tests.memcluster.cluster import MemCluster


def begin(scenario: Scenario) -> tuple[MemCluster, dict[str, kubelet.Worker]]:
    """The set with a release that has just been recorded, and each pod's worker by uid.

    It is a healthy one at v1 that is upgraded, or, where the scenario says so, nothing yet.
    """
    cluster = MemCluster(clock=Frozen(T0 - 1000), shared=True)
    cluster.put(paths.namespaces(SPACE), {"metadata": {"name": SPACE}})
    if scenario.served:
        cluster.create(paths.services(SPACE), service(scenario))
    if scenario.budget:
        cluster.create(paths.poddisruptionbudgets(SPACE), budget(scenario))
    if scenario.nodes:
        cluster.put(paths.nodes(NODE), node(ready=True))
    cafe = _cafe(cluster, scenario)
    workers = {} if scenario.first else _populate(cluster, cafe, scenario)
    for _, known in controllers.of_kind(cluster, "services"):
        controllers.publish(cluster, known)
    for path, _ in controllers.of_kind(cluster, "poddisruptionbudgets"):
        disruptions.publish(cluster, path)
    cluster.clock = Frozen()
    if scenario.more:
        cluster.patch(paths.cafedeployments(SPACE, NAME), _grown(scenario), store.PatchKind.MERGE)
    cafe = store.read(cluster, SPACE, NAME)
    release(cluster, cafe, template(scenario, scenario.image), Trigger.START, "alice")
    cluster.written.clear()
    return cluster, workers


def _populate(
    cluster: MemCluster, cafe: CafeDeployment, scenario: Scenario
) -> dict[str, kubelet.Worker]:
    """Everything at v1 and in service, and the record of how it came there."""
    first = start.store_revision(cluster, cafe, around(cluster, cafe), cafe.template)
    note = {"metadata": {"annotations": {f"{names.PREFIX}/outcome": "Completed"}}}
    cluster.patch(paths.controllerrevisions(SPACE, first.name), note, store.PatchKind.MERGE)
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
    recorded = size.notes(cafe, scenario.cells)
    store.write(cluster, cafe, _completed(cafe, first.name), annotations=recorded)
    return workers


def release(
    cluster: MemCluster, cafe: CafeDeployment, wanted: Any, trigger: Trigger, who: str
) -> None:
    """Record an upgrade to the template `wanted`."""
    wished = cafe.with_template(wanted)
    found = around(cluster, cafe)
    proposed = proposal.propose(wished, found, wanted)
    begun = start.Beginning(cafe, wished, found, proposed, trigger)
    begun.record(cluster, cafe, Mover(who))


def around(cluster: MemCluster, cafe: CafeDeployment) -> Around:
    """What a verb reads before it is judged."""
    sets = InPlaceSet()
    return Around(
        revisions=direct_reads.read_revisions(cluster, cafe),
        workloads=tuple(sets.parse(w) for _, w in controllers.of_kind(cluster, "replicasets")),
        pods=tuple(parse(pod) for _, pod in controllers.of_kind(cluster, "pods")),
        services=tuple(parse_service(s) for _, s in controllers.of_kind(cluster, "services")),
        budgets=tuple(
            disruption_budgets.parse(b)
            for _, b in controllers.of_kind(cluster, "poddisruptionbudgets")
        ),
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
        "strategy": {
            **scenario.strategy,
            **({"trafficFinalizers": [BALANCER]} if scenario.held else {}),
        },
        "template": template(scenario, scenario.image if scenario.first else OLD),
    }
    body = {
        "apiVersion": names.API_VERSION,
        "kind": names.KIND,
        "metadata": {"name": NAME},
        "spec": spec,
    }
    return CafeDeployment(cluster.create(paths.cafedeployments(SPACE), body))


def _grown(scenario: Scenario) -> dict[str, Any]:
    """The patch of the spec that asks for more or fewer pods in the first cell."""
    first = next(iter(scenario.cells))
    cells = {**scenario.cells, first: scenario.cells[first] + scenario.more}
    return {"spec": {"replicas": sum(cells.values()), "topology": {"unitReplicas": cells}}}


def _completed(cafe: CafeDeployment, revision: str) -> Record:
    """The record of the first release, long over."""
    at = rfc3339(T0 - 1000)
    plan = proposal.Plan(cafe.allocated(), cafe.strategy)
    first = Record(
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
    )
    return structs.replace(first, step=len(stages(first)))


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
    if scenario.held:
        meta["finalizers"] = [BALANCER]
    status = {**pod["status"], "conditions": conditions}
    cluster.put(path, {**pod, "metadata": meta, "status": status})
    return settle(cluster, path, worker)


def settle(cluster: MemCluster, path: str, worker: kubelet.Worker) -> kubelet.Worker:
    """Let the kubelet do all that there is to do."""
    while possible := kubelet.moves(cluster.objects[path], worker):
        worker = advance(cluster, path, worker, possible[0])
    return worker


def advance(
    cluster: MemCluster,
    path: str,
    worker: kubelet.Worker,
    move: kubelet.Move,
    *,
    pausing: bool = False,
) -> kubelet.Worker:
    """One step of the kubelet, with what it writes; `pausing`: not at once what it reads."""
    match move:
        case kubelet.Move.ACT:
            return kubelet.act(worker)
        case kubelet.Move.FATE:
            return kubelet.fate(worker)
        case kubelet.Move.READ:
            worker = kubelet.read(cluster.objects[path], worker)
            return worker if pausing else _published(cluster, path, worker)
        case kubelet.Move.PUBLISH:
            return _published(cluster, path, worker)


def _published(cluster: MemCluster, path: str, worker: kubelet.Worker) -> kubelet.Worker:
    pod = cluster.objects[path]
    worker, status = kubelet.publish(pod, worker, rfc3339(cluster.server_time()))
    cluster.put(path, {**pod, "status": status})
    return worker

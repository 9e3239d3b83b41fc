"""What is true of pods, writes and decisions, counted apart from the engine's own counting."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kubectl_cafe import names
from kubectl_cafe.assessment.snapshot import Decision, Snapshot
from kubectl_cafe.client import paths
from kubectl_cafe.pods.model import Pod, parse
from kubectl_cafe.pods.patches import PodPatch
from kubectl_cafe.pods.record import Mode, Phase
from kubectl_cafe.times import seconds
from statemachine.lifecycle import State
from statemachine.record import Record
from statemachine.steps import Kind
from tests.explore.scenario import FOREIGN, NODE, strayed
from tests.explore.stages import GROUP, REMOVAL, Stage, stages, under_way, whole
from tests.memcluster import controllers, kubelet
from tests.memcluster.address import address
from tests.memcluster.cluster import MemCluster
from tests.memcluster.requests import Written

Json = Mapping[str, Any]
RUNNING = (State.PROGRESSING, State.ROLLING_BACK)
CREATES = (*RUNNING, State.AWAITING_CONFIRM)
"""Where a ReplicaSet that was lost is created again."""
OVER_WITH = (State.FAILED, State.ABORTING)
"""What is only drained is reopened, what restarts is waited for, and no more is changed."""


def touches(write: Written) -> bool:
    """Whether the write is the fence's: an annotation of ours, and nothing else."""
    body = write.body if isinstance(write.body, dict) else {}
    notes = (body.get("metadata") or {}).get("annotations") or {}
    return set(body) == {"metadata"} and set(notes) == {names.EPOCH}


def anywhere(write: Written) -> Iterator[str]:
    """What holds of any write of ours."""
    if write.method == "DELETE":
        body = write.body if isinstance(write.body, dict) else {}
        judged = "uid" in (body.get("preconditions") or {})
        if address(write.path).plural != "controllerrevisions" or not judged:
            yield f"I11: {write.path} is deleted"
        return
    if write.method == "PATCH":
        meta = write.body.get("metadata") or {}
        if address(write.path).plural != "controllerrevisions" and not (
            meta.get("uid") and meta.get("resourceVersion")
        ):
            yield f"I4: a write to {write.path} without uid or resourceVersion"


def decided(snapshot: Snapshot, decision: Decision) -> Iterator[str]:
    """What holds of a decision, counted by the view it was made from."""
    takes = [p for p in decision.patches if is_take(snapshot, p)]
    if takes and snapshot.record.state not in RUNNING:
        yield f"I9: {takes[0].pod} is taken while the release is {snapshot.record.state}"
    if takes and "deletionTimestamp" in snapshot.owner["metadata"]:
        yield f"{takes[0].pod} is taken while the CafeDeployment is being deleted"
    for patch in decision.patches if snapshot.record.state in OVER_WITH else ():
        if patch.what == "image":
            state = snapshot.record.state
            yield f"the image of {patch.pod} is patched while the release is {state}"
    sets = {workload.uid for workload in snapshot.workloads}
    for patch in takes:
        if snapshot.pods[patch.uid].owner not in sets:
            yield f"{patch.pod} is taken, and its ReplicaSet is not ours"
    written = [w for w in decision.workloads if not (w.create and snapshot.record.state in CREATES)]
    if written and snapshot.record.state not in RUNNING:
        yield f"I9: {written[0].what} while the release is {snapshot.record.state}"
    if decision.takes and not any(
        p.record and p.record.mode is Mode.NONE for p in snapshot.pods.values()
    ):
        desired = wanted(snapshot)
        limit = most_out(snapshot.record.plan.strategy.max_unavailable, desired)
        serve = [
            p
            for p in snapshot.pods.values()
            if available(p, snapshot) and p.uid not in snapshot.busy
        ]
        there, takes = len(serve), len(decision.takes)
        if desired - there + takes > max(limit, desired - there):
            yield f"I3: {takes} are taken, {there} of {desired} are available"
        for one in snapshot.budgets:
            covered = sum(pod.labels.get("app") == "shop" for pod in serve)  # Its selector.
            if takes and (not one.observed or takes > min(covered - one.desired, one.allowed)):
                yield f"I3: {takes} are taken, {covered} are available under {one}"


def committed(snapshot: Snapshot, decision: Decision) -> Iterator[str]:
    """The template follows the last group, else a replacement would be a Beta's (protocol 7).

    A pod that was born since, from the template before, is the sweep's.
    """
    goal = snapshot.revisions[snapshot.record.to_revision]
    written = [w.body["spec"].get("template", {}).get("metadata") for w in decision.workloads]
    new = [meta for meta in written if meta and meta["labels"][names.REVISION] == goal.name]
    if new and snapshot.record.kind is Kind.UPGRADE:
        for pod in snapshot.pods.values():
            elsewhere = pod.terminating or pod.over or pod.created >= seconds(snapshot.record.since)
            if not elsewhere and not (pod.images() == goal.images and finished(pod)):
                yield f"the template is committed before {pod.name} is upgraded"


def most_out(max_unavailable: int | str, desired: int) -> int:
    """How many pods may be out of service: a number, or a percentage rounded down; one at least."""
    if isinstance(max_unavailable, int):
        return max(1, max_unavailable)
    return max(1, int(max_unavailable.rstrip("%")) * desired // 100)


def wanted(snapshot: Snapshot) -> int:
    """How many pods there are to be: what ReplicaSets ask for, and the plan where one is missing.

    In a first release what was asked for up to now; in a group that removes pods, what it leaves.
    """
    if snapshot.record.kind is Kind.CREATE:
        return sum(workload.replicas for workload in snapshot.workloads)
    stage = under_way(snapshot.record)
    if stage is not None and stage.what == REMOVAL:
        return sum(count for _, count in stage.counts)
    wished = {workload.cell: workload.replicas for workload in snapshot.workloads}
    return sum(wished.get(cell, planned) for cell, planned in snapshot.record.plan.cells.items())


def is_take(snapshot: Snapshot, patch: PodPatch) -> bool:
    """Whether the write is the first of its pod in this release."""
    pod = snapshot.pods[patch.uid]
    return finished(pod) and patch.what in ("off", "image")


def finished(pod: Pod) -> bool:
    """Whether no record of the pod is open."""
    return pod.record is None or pod.record.phase is Phase.FINISHED or pod.record.mode is Mode.NONE


def available(pod: Pod, snapshot: Snapshot) -> bool:
    """Whether the pod is in service, by all that it shows; a new version's for long enough."""
    new = pod.labels.get(names.REVISION) == snapshot.record.to_revision
    for_long = snapshot.record.plan.strategy.min_ready_seconds if new else 0
    starts = (container.started_at for container in pod.containers.values())
    return (
        not pod.terminating
        and pod.ready.status == "True"
        and is_on(pod)
        and finished(pod)
        and pod.observed >= pod.generation
        and snapshot.time - max(pod.ready.since, *starts) >= for_long
        and all(name in pod.finalizers for name in snapshot.record.plan.strategy.traffic_finalizers)
    )


def is_on(pod: Pod) -> bool:
    """Whether its switch is on."""
    gate = pod.gate.status == "True" if pod.gated else True
    return gate and pod.labels.get(names.TRAFFIC, "on") == "on"


def is_truly_off(cluster: MemCluster, pod: Pod) -> bool:
    """Whether nobody sends the pod requests: switched off, as its kubelet and endpoints say."""
    acknowledged = not pod.gated or pod.ready.status == "False"
    return not is_on(pod) and acknowledged and pod.uid not in ready_endpoints(cluster)


def still_off(cluster: MemCluster, drained: set[str]) -> tuple[str, ...]:
    """Those of the drained pods that are still out of traffic, each by its uid."""
    if not drained:
        return ()
    pods = (parse(pod) for _, pod in controllers.of_kind(cluster, "pods"))
    return tuple(
        sorted(pod.uid for pod in pods if pod.uid in drained and is_truly_off(cluster, pod))
    )


def outstanding(pod: Pod, worker: kubelet.Worker) -> bool:
    """Whether what runs is going to be replaced: it was not started from the present spec.

    The first start of a container is no restart, unless it is started from an older spec.
    """
    images, aim = pod.images(), dict(worker.aim)
    return any(
        ran.name in worker.acting or ran.image != images[ran.name]
        if ran.container_id
        else ran.name in worker.acting and aim[ran.name] != images[ran.name]
        for ran in worker.containers
    )


def out_of_service(pod: Pod, worker: kubelet.Worker | None) -> bool:
    """Whether the pod serves nobody because of us: switched off, or restarting."""
    restarting = worker is not None and outstanding(pod, worker)
    return not is_on(pod) or restarting or not finished(pod)


def on_its_way(pod: Pod, goal: str) -> bool:
    """Whether the pod has or gets the goal."""
    if pod.record and pod.record.phase is not Phase.FINISHED:
        return pod.record.to == goal
    return pod.labels.get(names.REVISION) == goal


def allowed_in(record: Record, cell: str) -> int | None:
    """How many pods of the cell may be at the goal or on their way; None: all."""
    if record.kind is not Kind.UPGRADE:
        return None
    found = _confirmed(record)
    if any(stage.what != GROUP for stage in found) or not found:
        return None
    return None if whole(record, found[-1]) else found[-1].count(cell)


def born_in(record: Record, cell: str) -> int:
    """How many pods the release may create in the cell by now (I6)."""
    if record.kind is Kind.ROLLBACK:  # With what the release had sent before the rollback.
        return max(record.plan.cells[cell], (record.plan.before or {}).get(cell, 0))
    counts = (stage.count(cell) for stage in _confirmed(record) if stage.what == GROUP)
    return max(counts, default=0)


def _confirmed(record: Record) -> tuple[Stage, ...]:
    """The steps that have begun, but for a group that waits for its confirmation."""
    waits = State.AWAITING_CONFIRM in (record.state, record.origin)
    return stages(record)[: record.step + (not waits)]


def ours(cluster: MemCluster) -> list[Json]:
    """The pods that the release has to do with: selected, and of a ReplicaSet that is ours."""
    sets = controllers.of_kind(cluster, "replicasets")
    uids = {one["metadata"]["uid"] for _, one in sets if one["metadata"].get("ownerReferences")}
    return [
        pod
        for _, pod in controllers.of_kind(cluster, "pods")
        if not strayed(pod)
        and not controllers.terminal(pod)
        and any(o["uid"] in uids for o in pod["metadata"]["ownerReferences"])
    ]


def foreign(old: Json, new: Json) -> Iterator[str]:
    """What is not ours stays (I10)."""
    if old["metadata"].get("finalizers") != new["metadata"].get("finalizers"):
        yield "I10: a finalizer was written"
    for kind in ("labels", "annotations"):
        before, after = (o["metadata"].get(kind) or {} for o in (old, new))
        if before.get(FOREIGN) != after.get(FOREIGN):
            yield f"I10: a foreign one of the {kind} is gone"
    before, after = (_conditions(o) for o in (old, new))
    if before != after:
        yield "I10: a condition that is not ours was written"


def _conditions(pod: Json) -> list[Any]:
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return [c for c in conditions if c["type"] != names.IN_SERVICE]


def is_lost(objects: Mapping[str, Any]) -> bool:
    """Whether the node of all pods is lost."""
    found = objects.get(paths.nodes(NODE))
    return found is not None and found["status"]["conditions"][0]["status"] != "True"


def ready_endpoints(cluster: MemCluster) -> set[str]:
    """The uids that an EndpointSlice shows ready."""
    return ready_endpoints_of(cluster.objects)


def ready_endpoints_of(objects: Mapping[str, Any]) -> set[str]:
    """The uids that an EndpointSlice shows ready."""
    return {
        endpoint["targetRef"]["uid"]
        for path, item in objects.items()
        if address(path).plural == "endpointslices"
        for endpoint in item["endpoints"]
        if endpoint["conditions"]["ready"]
    }

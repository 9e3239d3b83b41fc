"""What must hold of every write of a driver, judged on the cluster as the step found it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kubectl_cafe import names
from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.pods.model import Pod
from kubectl_cafe.pods.record import Phase
from statemachine.record import Record
from statemachine.steps import Kind
from tests.explore.bench import Outcome
from tests.explore.scenario import BALANCER, CAFE
from tests.explore.stages import COMMIT, REMOVAL, begun, under_way
from tests.explore.state import State as World
from tests.explore.steps import Steps
from tests.explore.truths import (
    allowed_in,
    born_in,
    foreign,
    is_lost,
    is_on,
    most_out,
    on_its_way,
    out_of_service,
    outstanding,
    ready_endpoints_of,
)
from tests.memcluster.address import address
from tests.memcluster.requests import Written

Json = Mapping[str, Any]


def turned(record: Record, outcome: Outcome) -> bool:
    """Whether the driver has yet to see that another release or a rollback took its place."""
    return any((v.record.id, v.record.kind) != (record.id, record.kind) for v, _ in outcome.looked)


@dataclass
class Then:
    """The cluster as a step found it, write by write."""

    steps: Steps
    world: World

    def __post_init__(self) -> None:
        found = (self.steps.worlds.objects[n] for n in self.world.objects)
        self.objects: dict[str, Any] = dict(found)
        self.workers = dict(self.world.workers)

    def parse(self, pod: Json) -> Pod:
        """The pod as the engine parses it."""
        return self.steps.worlds.pods.parse(pod)

    @property
    def record(self) -> Record:
        """The release's record."""
        record = CafeDeployment(self.objects[CAFE]).record
        assert record is not None
        return record

    def apply(self, write: Written) -> None:
        """Go on to the next write."""
        if write.new is not None:
            where = address(write.path)
            self.objects[f"{where.collection}/{write.new['metadata']['name']}"] = write.new

    def pods(self) -> list[Pod]:
        """All pods there are, but for those that are over."""
        found = [self.parse(o) for p, o in self.objects.items() if address(p).plural == "pods"]
        return [pod for pod in found if not pod.over]

    def fenced(self, epoch: int) -> Iterator[str]:
        """Nothing of an earlier driver lands once it is fenced off (I7)."""
        if epoch < self.record.fenced_epoch:
            fence = self.record.fenced_epoch
            yield f"I7: a write of epoch {epoch} lands behind the fence of {fence}"

    def _ours(self, pod: Json) -> bool:
        """Whether the ReplicaSet of the pod is ours: a fence reaches no other pod."""
        owners = {one["uid"] for one in pod["metadata"]["ownerReferences"]}
        return any(
            item["metadata"]["uid"] in owners and item["metadata"].get("ownerReferences")
            for path, item in self.objects.items()
            if address(path).plural == "replicasets"
        )

    def workload_written(self, write: Written, outcome: Outcome) -> Iterator[str]:
        """One write of a ReplicaSet, by a driver: it has pods for the confirmed groups (I6)."""
        assert write.new is not None
        record, name = self.record, write.new["metadata"]["name"]
        spec = write.new["spec"]
        if write.old is None:
            if spec["replicas"]:
                yield from self._created(name, spec)
            return  # Without pods it harms nobody, however late it comes.
        yield from self.fenced(outcome.epoch)
        before = write.old["spec"]["replicas"]
        if spec["replicas"] < before:
            late = record.kind is Kind.ROLLBACK and (
                outcome.by == "late" or turned(record, outcome)
            )
            yield from self._scaled_in(write, name, late=late)
        if spec["replicas"] < before and under_way(record):
            return
        if spec["replicas"] == before or turned(record, outcome):
            return  # The driver has yet to see that another release took its place.
        labels = spec["template"]["metadata"]["labels"]
        if labels[names.REVISION] != record.to_revision:
            yield f"pods are to be born in {name} before its template is committed"
        born = born_in(record, labels[names.CELL])
        if spec["replicas"] > born:
            yield f"I6: {name} is to have {spec['replicas']} pods, group {record.group} has {born}"

    def _scaled_in(self, write: Written, name: str, *, late: bool) -> Iterator[str]:
        """A ReplicaSet gets fewer pods: as the group says (I6), once they serve nobody (I1).

        `late`: it may have been sent before the rollback was said.
        """
        assert write.new is not None
        meta, replicas = write.new["metadata"], write.new["spec"]["replicas"]
        cell, stage = meta["labels"][names.CELL], under_way(self.record)
        removes = stage is not None and stage.what == REMOVAL
        if not removes and not late:
            yield f"I11: {name} is to have fewer pods"
        if stage is not None and removes and replicas < stage.count(cell):
            yield f"I6: {name} is to have {replicas} pods, group {stage.number} leaves more"
        living = [p for p in self.pods() if p.owner == meta["uid"] and not p.terminating]
        ready = ready_endpoints_of(self.objects)
        serve = [p for p in living if is_on(p) or p.uid in ready]
        switched = self.steps.scene.mode != "None"
        if switched and len(living) > replicas and len(serve) > replicas:
            yield f"I1: {name} is to have {replicas} pods, and {len(serve)} are in traffic"

    def _created(self, name: str, spec: Json) -> Iterator[str]:
        """A ReplicaSet with pods: one that was lost, as it was planned, old until the commit."""
        labels, record = spec["template"]["metadata"]["labels"], self.record
        first = record.kind is Kind.CREATE
        cell = labels[names.CELL]
        planned = born_in(record, cell) if first else record.plan.cells[cell]
        if not self.steps.scene.losses or spec["replicas"] != planned:
            yield f"I6: {name} is created with {spec['replicas']} pods, planned are {planned}"
        late = first or any(stage.what == COMMIT for stage in begun(record))
        if labels[names.REVISION] != (record.to_revision if late else record.from_revision):
            yield f"{name} is created at another version than its cell has by then"

    def pod_written(self, write: Written, outcome: Outcome) -> Iterator[str]:
        """One write of a pod, by a driver."""
        if write.old is None or write.new is None:
            yield "I11: a driver made or removed a pod"
            return
        old, new = self.parse(write.old), self.parse(write.new)
        if self._ours(write.old):
            yield from self.fenced(outcome.epoch)
        yield from foreign(write.old, write.new)
        if write.new is write.old:
            yield f"I8: a write to {old.name} that changes nothing"
        if old.images() != new.images():
            yield from self._image(old, late=outcome.by == "late")
        if is_on(new) and not is_on(old):
            yield from self._on(old)
        taken = (is_on(old) and not is_on(new)) or (
            self.steps.scene.mode == "None" and old.images() != new.images()
        )
        if taken:
            yield from self._taken(old, new)

    def _image(self, old: Pod, *, late: bool) -> Iterator[str]:
        """An image changes: the pod was seen off, its last change is over (I1).

        Of a late write it is not known for how long whoever sent it had seen the pod off.
        """
        worker = self.workers[old.uid]
        if old.record and old.record.phase is Phase.PATCHED and outstanding(old, worker):
            yield f"the image of {old.name} is changed again before its last change is over"
        if self.steps.scene.mode == "None":
            return
        if old.record is None or old.record.phase is Phase.FINISHED:
            yield f"I1: the image of {old.name} is patched, and it was never drained"
        if is_on(old):
            yield f"I1: the image of {old.name} is patched, and its traffic is on"
        if old.uid in ready_endpoints_of(self.objects):
            yield f"I1: the image of {old.name} is patched, and an endpoint is ready"
        if self.steps.scene.mode == "Gate" and old.ready.status != "False":
            yield f"I1: the image of {old.name} is patched, and its kubelet still says Ready"
        if self.steps.scene.held and BALANCER in old.finalizers:
            yield f"I1: the image of {old.name} is patched, and the load balancer holds it"
        waits = self.record.plan.strategy.drain_seconds and not late
        if waits and old.uid not in self.world.drained:
            yield f"I1: the image of {old.name} is patched, and it was not off for drainSeconds"

    def _on(self, old: Pod) -> Iterator[str]:
        """Traffic goes on: nothing is going to kill what runs there (I2)."""
        worker = self.workers[old.uid]
        if outstanding(old, worker):
            yield f"I2: {old.name} is put into traffic, and its restart is outstanding"
        elif old.gated and not all(ran.container_id for ran in worker.containers):
            yield f"{old.name} is put into traffic before it has run (C27)"

    def _taken(self, old: Pod, new: Pod) -> Iterator[str]:
        """A pod is taken: within the budget, within its group (I3, I6), on a node that is there."""
        if new.record and new.record.op == "scale-in":
            yield from self._removed(old)
            return
        if is_lost(self.objects):
            yield f"{old.name} is taken, and its node is lost (C80)"
        record, others = self.record, [p for p in self.pods() if p.uid != old.uid]
        limit = most_out(record.plan.strategy.max_unavailable, sum(record.plan.cells.values()))
        if wanted := self.steps.scene.budget:
            limit = min(limit, len(others) + 1 - wanted)
        edited = bool(self.steps.scene.edits)
        if (
            not edited
            and not out_of_service(old, self.workers[old.uid])
            and old.ready.status == "True"
        ):
            ours = [p.name for p in others if self._out_by_us(p)]
            if len(ours) >= limit:
                yield f"I3: {old.name} is taken while {', '.join(ours)} are out of service"
        if new.record and new.record.release != record.id:
            return  # It was under way when another release took its place.
        allowed = allowed_in(record, old.cell)
        goal = record.to_revision
        here = (p for p in others if p.cell == old.cell and not p.terminating)
        there = [p for p in here if on_its_way(p, goal)]
        if allowed is not None and len(there) + 1 > allowed:
            yield f"I6: {old.name} is taken, and group {record.group} has {allowed} there"

    def _removed(self, old: Pod) -> Iterator[str]:
        """A pod is drained to be removed: within its group, and enough others serve (I3, I6)."""
        record, stage = self.record, under_way(self.record)
        if stage is None or stage.what != REMOVAL:
            if record.kind is not Kind.ROLLBACK:  # Else it was sent before the rollback was said.
                yield f"I6: {old.name} is drained to be removed, and no group removes pods"
            return
        others = [p for p in self.pods() if p.uid != old.uid and not p.terminating]
        left = sum(count for _, count in stage.counts)
        limit = most_out(record.plan.strategy.max_unavailable, left)
        serve = [p for p in others if p.ready.status == "True" and is_on(p) and self._serves(p)]
        served = old.ready.status == "True" and self._serves(old)
        if served and len(serve) < max(left - limit, self.steps.scene.budget):
            yield f"I3: {old.name} is drained to be removed, and {len(serve)} others serve"
        here = [p for p in others if p.cell == old.cell and not self._leaves(p)]
        if len(here) < stage.count(old.cell) and not self.steps.scene.deletions:
            yield f"I6: {old.name} is drained to be removed, and {len(here)} are left in its cell"

    def _serves(self, pod: Pod) -> bool:
        return not out_of_service(pod, self.workers[pod.uid])

    @staticmethod
    def _leaves(pod: Pod) -> bool:
        record = pod.record
        return record is not None and record.phase is Phase.DRAINED and record.op == "scale-in"

    def _out_by_us(self, pod: Pod) -> bool:
        worker = self.workers[pod.uid]
        never_ran = all(not ran.container_id for ran in worker.containers)
        born = pod.record is None and (never_ran or (pod.gated and not pod.gate.status))
        return not (born or pod.terminating) and out_of_service(pod, worker)

"""What must hold in every state and of every write (protocol 11), judged by the truth.

The engine judges by what it has seen; here the runtimes themselves are asked. What an engine
can't have seen (a crash a moment ago, a pod that was just born) is held against nobody.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kubectl_cafe import names
from kubectl_cafe.engine.cafedeployment import CafeDeployment
from kubectl_cafe.engine.groups import limit_of
from kubectl_cafe.pods.model import Pod
from kubectl_cafe.pods.record import Phase
from statemachine.record import Record
from tests.explore.bench import Outcome
from tests.explore.endings import Ending
from tests.explore.scenario import BALANCER, CAFE
from tests.explore.state import FREE
from tests.explore.state import State as World
from tests.explore.steps import Steps
from tests.explore.truths import (
    allowed_in,
    anywhere,
    born_in,
    committed,
    decided,
    foreign,
    is_on,
    on_its_way,
    out_of_service,
    outstanding,
    ready_endpoints,
    ready_endpoints_of,
    touches,
)
from tests.memcluster import controllers, kubelet
from tests.memcluster.address import address
from tests.memcluster.requests import Written

Json = Mapping[str, Any]


@dataclass
class Invariants:
    """Judges one step after the other."""

    steps: Steps

    def broken(self, before: World, outcome: Outcome) -> list[str]:
        """What the step broke; usually nothing."""
        if outcome.raised is not None:
            return [f"the engine raised {outcome.raised!r}"]
        if not outcome.by:
            return list(self._kills(before, outcome)) if "kubelet" in outcome.label else []
        then = Then(self, before)
        found: list[str] = []
        for view, decision in outcome.looked:
            found += decided(view, decision)
            if not self.steps.scene.edits:
                found += committed(view, decision)
        for write in outcome.written:
            found += anywhere(write)
            plural = address(write.path).plural
            if touches(write):
                pass
            elif plural == "pods":
                found += then.pod_written(write, outcome)
            elif plural == "replicasets":
                found += then.workload_written(write, outcome)
            elif plural == "cafedeployments" and outcome.by == "driver":
                found += self._moved(write, outcome)  # A late one was true when it was judged.
            then.apply(write)
        if outcome.by == "driver" and (outcome.world.driver, outcome.world.lease) == (-1, FREE):
            found += self._left(outcome)
        return found

    def parse(self, pod: Json) -> Pod:
        """The pod as the engine parses it."""
        return self.steps.worlds.pods.parse(pod)

    def _kills(self, before: World, outcome: Outcome) -> Iterator[str]:
        """A container that runs is killed: nobody may send it requests any more (I1)."""
        scene = self.steps.scene
        if scene.mode == "None" or scene.edits or kubelet.Move.ACT not in outcome.label:
            return  # Where a stranger patches images, it is not ours to keep traffic off.
        workers = dict(before.workers)
        cluster = outcome.moment.cluster
        for uid, worker in outcome.moment.workers.items():
            old = workers[uid]
            if old == worker or not any(
                r.state == kubelet.RUNNING and r.name == old.acting[0] for r in old.containers
            ):
                continue
            if uid in ready_endpoints(cluster):
                yield f"I1: a container of {uid} is killed while an endpoint is ready"

    def _left(self, outcome: Outcome) -> Iterator[str]:
        """A driver leaves by itself: no pod is left drained, unless its deadline has passed."""
        pods = controllers.of_kind(outcome.moment.cluster, "pods")
        for pod in (self.parse(item) for _, item in pods) if not outcome.world.era else ():
            if pod.record and pod.record.phase is Phase.DRAINED:
                yield f"I12: the driver leaves, and {pod.name} is drained"

    def _moved(self, write: Written, outcome: Outcome) -> Iterator[str]:
        """A group or the release has ended: what it says of the pods is true."""
        assert write.new is not None
        new = CafeDeployment(write.new).record
        old = write.old and CafeDeployment(write.old).record
        if not new or not old:
            return
        moment = outcome.moment
        ending = Ending(
            scene=self.steps.scene,
            old=old,
            new=new,
            goal=self.steps.worlds.revisions(moment.cluster)[new.to_revision],
            cluster=moment.cluster,
            pods=tuple(self.parse(o) for _, o in controllers.of_kind(moment.cluster, "pods")),
            workers=moment.workers,
        )
        yield from ending.broken()


@dataclass
class Then:
    """The cluster as a step found it, write by write."""

    judge: Invariants
    world: World

    def __post_init__(self) -> None:
        found = (self.judge.steps.worlds.objects[n] for n in self.world.objects)
        self.objects: dict[str, Any] = dict(found)
        self.workers = dict(self.world.workers)

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
        """All pods there are."""
        return [self.judge.parse(o) for p, o in self.objects.items() if address(p).plural == "pods"]

    def fenced(self, epoch: int) -> Iterator[str]:
        """Nothing of an earlier driver lands once it is fenced off (I7)."""
        if epoch < self.record.fenced_epoch:
            fence = self.record.fenced_epoch
            yield f"I7: a write of epoch {epoch} lands behind the fence of {fence}"

    def workload_written(self, write: Written, outcome: Outcome) -> Iterator[str]:
        """One write of a ReplicaSet, by a driver: it has pods for the confirmed groups (I6)."""
        assert write.new is not None
        record, name = self.record, write.new["metadata"]["name"]
        spec = write.new["spec"]
        if write.old is None:
            if spec["replicas"]:
                yield f"I6: {name} is created with pods"
            return  # Without pods it harms nobody, however late it comes.
        yield from self.fenced(outcome.epoch)
        before = write.old["spec"]["replicas"]
        if spec["replicas"] < before:
            yield f"I11: {name} is to have fewer pods"
        if spec["replicas"] == before or any(v.record.id != record.id for v, _ in outcome.looked):
            return  # The driver has yet to see that another release took its place.
        labels = spec["template"]["metadata"]["labels"]
        if labels[names.REVISION] != record.to_revision:
            yield f"pods are to be born in {name} before its template is committed"
        born = born_in(record, labels[names.CELL])
        if spec["replicas"] > born:
            yield f"I6: {name} is to have {spec['replicas']} pods, group {record.group} has {born}"

    def pod_written(self, write: Written, outcome: Outcome) -> Iterator[str]:
        """One write of a pod, by a driver."""
        if write.old is None or write.new is None:
            yield "I11: a driver made or removed a pod"
            return
        old, new = self.judge.parse(write.old), self.judge.parse(write.new)
        yield from self.fenced(outcome.epoch)
        yield from foreign(write.old, write.new)
        if write.new is write.old:
            yield f"I8: a write to {old.name} that changes nothing"
        if old.images() != new.images():
            yield from self._image(old, late=outcome.by == "late")
        if is_on(new) and not is_on(old):
            yield from self._on(old)
        taken = (is_on(old) and not is_on(new)) or (
            self.judge.steps.scene.mode == "None" and old.images() != new.images()
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
        if self.judge.steps.scene.mode == "None":
            return
        if old.record is None or old.record.phase is Phase.FINISHED:
            yield f"I1: the image of {old.name} is patched, and it was never drained"
        if is_on(old):
            yield f"I1: the image of {old.name} is patched, and its traffic is on"
        if old.uid in ready_endpoints_of(self.objects):
            yield f"I1: the image of {old.name} is patched, and an endpoint is ready"
        if self.judge.steps.scene.mode == "Gate" and old.ready.status != "False":
            yield f"I1: the image of {old.name} is patched, and its kubelet still says Ready"
        if self.judge.steps.scene.held and BALANCER in old.finalizers:
            yield f"I1: the image of {old.name} is patched, and the load balancer holds it"
        waits = self.record.plan.strategy.drain_seconds and not late
        if waits and old.uid not in self.world.drained:
            yield f"I1: the image of {old.name} is patched, and it was not off for drainSeconds"

    def _on(self, old: Pod) -> Iterator[str]:
        """Traffic goes on: nothing is going to kill what runs there (I2)."""
        if outstanding(old, self.workers[old.uid]):
            yield f"I2: {old.name} is put into traffic, and its restart is outstanding"

    def _taken(self, old: Pod, new: Pod) -> Iterator[str]:
        """A pod is taken: within the budget, within its group (I3, I6)."""
        record, others = self.record, [p for p in self.pods() if p.uid != old.uid]
        limit = limit_of(record.plan.strategy.max_unavailable, sum(record.plan.cells.values()))
        if wanted := self.judge.steps.scene.budget:
            limit = min(limit, len(others) + 1 - wanted)
        edited = bool(self.judge.steps.scene.edits)
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
        there = [p for p in others if p.cell == old.cell and on_its_way(p, goal)]
        if allowed is not None and len(there) + 1 > allowed:
            yield f"I6: {old.name} is taken, and group {record.group} has {allowed} there"

    def _out_by_us(self, pod: Pod) -> bool:
        worker = self.workers[pod.uid]
        never_ran = all(not ran.container_id for ran in worker.containers)
        born = pod.record is None and (never_ran or (pod.gated and not pod.gate.status))
        return not born and out_of_service(pod, worker)

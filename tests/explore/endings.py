"""What is true where a group or a release is said to be over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kubectl_cafe import names
from kubectl_cafe.pods.model import Pod
from kubectl_cafe.pods.record import Phase
from kubectl_cafe.revisions.revision import Revision
from kubectl_cafe.times import seconds
from statemachine.lifecycle import State
from statemachine.record import Record
from tests.explore.scenario import BALANCER, CAFE, Scenario
from tests.explore.stages import GROUP, REMOVAL, Stage, under_way
from tests.explore.truths import out_of_service
from tests.memcluster import controllers, kubelet
from tests.memcluster.address import address
from tests.memcluster.cluster import MemCluster


@dataclass(frozen=True)
class Ending:
    """The cluster right after a move from `old` to `new`, with its pods as the engine parses them.

    `goal` is the revision that `new` goes to.
    """

    scene: Scenario
    old: Record
    new: Record
    goal: Revision
    cluster: MemCluster
    pods: tuple[Pod, ...]
    workers: Mapping[str, kubelet.Worker]

    def broken(self) -> Iterator[str]:
        """What is said and not true."""
        same = (self.old.id, self.old.kind) == (self.new.id, self.new.kind)
        if same and self.new.step > self.old.step:
            yield from self._group()
        if self.old.state is self.new.state:
            return
        if self.new.state in (State.COMPLETED, State.ROLLED_BACK):
            yield from self._everywhere()
        if self.new.state is State.ABORTED and not self.old.forced:
            for pod in self.pods:
                if pod.record and pod.record.phase is Phase.DRAINED and not pod.terminating:
                    yield f"Aborted, and {pod.name} was left drained"

    def _group(self) -> Iterator[str]:
        """Each cell has its count of pods in service (protocol 7).

        What broke by itself a moment ago can't have been seen, and is held against nobody: where
        containers die, what the pods show is what counts.
        """
        scene, group = self.scene, under_way(self.old)
        if group is not None and group.what == REMOVAL:
            yield from self._removed(group)
        if group is None or group.what != GROUP:
            return
        unready = scene.restarts or scene.probes or scene.nodes
        if scene.edits or not scene.starts or (unready and scene.lag):
            return
        leaves = scene.deletions or scene.evictions or scene.strays or scene.failures
        leaves = leaves or scene.disowned or scene.losses
        if leaves and scene.lag:
            return  # A pod that was deleted a moment ago can't have been seen to be gone.
        for cell, planned in group.counts:
            count = min(planned, self._wished(cell)) if scene.scaled else planned
            here = [pod for pod in self.pods if pod.cell == cell]
            there = sum(map(self._serves, here))
            if there < count:
                yield f"group {group.number} is over, and {there} of {count} serve in {cell}"

    def _removed(self, group: Stage) -> Iterator[str]:
        """No cell has more pods than the group leaves, and none is still drained."""
        for cell, count in group.counts:
            living = [p for p in self.pods if p.cell == cell and not p.terminating]
            drained = [p.name for p in living if p.record and p.record.phase is Phase.DRAINED]
            late = self.scene.scaled or (self.scene.lag and self.scene.deletions)
            if drained or (len(living) > count and not late):
                yield f"group {group.number} is over, and {cell} has {len(living)} pods, {drained}"

    def _wished(self, cell: str) -> int:
        """How many pods the ReplicaSets of the cell ask for, as another client may have scaled."""
        return sum(
            workload["spec"]["replicas"]
            for _, workload in controllers.of_kind(self.cluster, "replicasets")
            if workload["spec"]["template"]["metadata"]["labels"].get(names.CELL) == cell
        )

    def _serves(self, pod: Pod) -> bool:
        now, strategy = self.cluster.server_time(), self.old.plan.strategy
        starts = (container.started_at for container in pod.containers.values())
        released = seconds(pod.record.since) if pod.record else 0.0
        return (
            self._at_goal(pod)
            and not pod.terminating
            and not out_of_service(pod, None if self.scene.restarts else self.workers[pod.uid])
            and pod.ready.status == "True"
            and now - max(pod.ready.since, released, *starts) >= strategy.min_ready_seconds
            and (not self.scene.held or BALANCER in pod.finalizers)
        )

    def _at_goal(self, pod: Pod) -> bool:
        return pod.images() == self.goal.images and pod.labels.get(names.REVISION) == self.goal.name

    def _everywhere(self) -> Iterator[str]:
        state, cells = self.new.state, self.new.plan.cells
        workloads = controllers.of_kind(self.cluster, "replicasets")
        spec = self.cluster.get(CAFE)["spec"]
        if spec["replicas"] != sum(cells.values()) and not self.scene.scaled:
            yield f"{state}, and spec.replicas is {spec['replicas']}"
        if len(workloads) != len(cells):
            yield f"{state}, and there are {len(workloads)} ReplicaSets for {len(cells)} cells"
        for path, workload in workloads:
            labels = workload["spec"]["template"]["metadata"]["labels"]
            if labels.get(names.REVISION) != self.goal.name:
                yield f"{state}, and {address(path).name} has another template"
            shown = {one["name"]: one["image"] for one in _containers(workload)}
            if shown != self.goal.images and not self.scene.templates:
                yield f"{state}, and the template of {address(path).name} has {shown}"
            # What another client has scaled stays as it is (C51).
            if not self.scene.scaled and workload["spec"]["replicas"] != cells[labels[names.CELL]]:
                yield f"{state}, and {address(path).name} has another number of pods"
        if self.scene.edits:
            return
        for pod in (pod for pod in self.pods if not pod.terminating):
            if not self._at_goal(pod):
                yield f"{state}, and {pod.name} is not at {self.goal.images}"
            elif out_of_service(pod, self.workers.get(pod.uid)) and pod.gate.status:
                yield f"{state}, and {pod.name} is out of service"


def _containers(workload: Mapping[str, Any]) -> list[dict[str, Any]]:
    return list(workload["spec"]["template"]["spec"]["containers"])

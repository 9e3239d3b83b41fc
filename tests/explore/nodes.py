"""A node that is lost for a while: its kubelet is silent, and its pods are marked as not Ready."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from kubectl_cafe.client import paths
from tests.explore.bench import Bench, Outcome
from tests.explore.scenario import NODE, node
from tests.explore.state import NODES
from tests.explore.state import State as World
from tests.memcluster import controllers


@dataclass
class Nodes(Bench):
    """What happens to the node of all pods."""

    def node_lost(self, world: World) -> bool:
        """Whether the node is silent."""
        found = [item for _, item in self.of_kind(world, "nodes")] if self.scene.nodes else []
        return any(item["status"] != node(ready=True)["status"] for item in found)

    def lose_node(self, world: World) -> Outcome:
        """The node controller says so, and marks its pods: Ready is False, its reason stays."""
        moment = self.worlds.thaw(world, live=False)
        moment.left[NODES] -= 1
        moment.cluster.put(paths.nodes(NODE), node(ready=False))
        for path, pod in controllers.of_kind(moment.cluster, "pods"):
            conditions = [
                {**one, "status": "False"} if one["type"] == "Ready" else one
                for one in pod["status"].get("conditions") or ()
            ]
            moment.cluster.put(path, {**pod, "status": {**pod["status"], "conditions": conditions}})
        return self.done("the node is lost", moment)

    def node_returning(self, world: World) -> Iterator[Outcome]:
        """Its kubelet is heard again, and publishes what it knows of its pods."""
        if not self.node_lost(world):
            return
        moment = self.worlds.thaw(world, live=False)
        moment.cluster.put(paths.nodes(NODE), node(ready=True))
        moment.workers = {
            uid: replace(worker, unsaid=True) if worker.read[0] else worker
            for uid, worker in moment.workers.items()
        }
        yield self.done("the node is back", moment)

"""What goes wrong: drivers die, answers are lost, strangers meddle, containers crash."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.explore.bench import CRASHES, DELETIONS, EDITS, FAULTS, RESTARTS, TIGHTENED, Outcome
from tests.explore.driving import ANSWERS, Driving
from tests.explore.scenario import OLD
from tests.explore.state import LEFT
from tests.explore.state import State as World
from tests.memcluster import kubelet
from tests.memcluster.address import address


@dataclass
class Wrongs(Driving):
    """Whatever may go wrong next."""

    def wrongs(self, world: World) -> Iterator[Outcome]:
        """Each of them as often as it is left."""
        if world.left[CRASHES] and world.driver >= 0:
            yield self._killed(world)
        if world.left[FAULTS] and world.driver >= 0:
            for number in range(len(world.flights)):
                for fault in ANSWERS:
                    yield from self.answered(world, number, fault)
        for path, pod in self.of_kind(world, "pods"):
            if world.left[DELETIONS]:
                yield self._deleted(world, path, pod)
            if world.left[EDITS]:
                for image in sorted({OLD, self.scene.image}):
                    yield from self._edited(world, path, pod, image)
        if world.left[RESTARTS]:
            for uid, worker in world.workers:
                for ran in worker.containers if not worker.acting else ():
                    if ran.state == kubelet.RUNNING:
                        yield self._restarted(world, uid, ran.name)
        if world.left[TIGHTENED]:
            for path, budget in self.of_kind(world, "poddisruptionbudgets"):
                yield self._tightened(world, path, budget)

    def _killed(self, world: World) -> Outcome:
        moment = self.worlds.thaw(world, live=False)
        moment.left[CRASHES] -= 1
        self.leave(moment, LEFT, self.worlds.record(world.driver).epoch)
        return self.done("the driver is killed", moment)

    def _deleted(self, world: World, path: str, pod: dict[str, Any]) -> Outcome:
        moment = self.worlds.thaw(world, live=False)
        moment.left[DELETIONS] -= 1
        moment.cluster.remove(path)
        del moment.workers[pod["metadata"]["uid"]]
        return self.done(f"a stranger deletes {address(path).name}", moment)

    def _edited(
        self, world: World, path: str, pod: dict[str, Any], image: str
    ) -> Iterator[Outcome]:
        first, *others = pod["spec"]["containers"]
        if first["image"] == image:
            return
        moment = self.worlds.thaw(world, live=False)
        moment.left[EDITS] -= 1
        spec = {**pod["spec"], "containers": [{**first, "image": image}, *others]}
        meta = {**pod["metadata"], "generation": pod["metadata"]["generation"] + 1}
        moment.cluster.put(path, {**pod, "metadata": meta, "spec": spec})
        yield self.done(f"a stranger patches {address(path).name} to {image}", moment)

    def _restarted(self, world: World, uid: str, name: str) -> Outcome:
        moment = self.worlds.thaw(world, live=False)
        moment.left[RESTARTS] -= 1
        moment.workers[uid] = kubelet.restart(moment.workers[uid], name)
        return self.done(f"container {name} of {uid} dies and is started again", moment)

    def _tightened(self, world: World, path: str, budget: dict[str, Any]) -> Outcome:
        moment = self.worlds.thaw(world, live=False)
        moment.left[TIGHTENED] -= 1
        spec = {**budget["spec"], "minAvailable": budget["spec"]["minAvailable"] + 1}
        meta = {**budget["metadata"], "generation": budget["metadata"]["generation"] + 1}
        moment.cluster.put(path, {**budget, "metadata": meta, "spec": spec})
        return self.done("somebody tightens the budget", moment)

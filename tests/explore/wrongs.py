"""What goes wrong: drivers die, answers are lost, other clients meddle, containers crash."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from kubectl_cafe.times import rfc3339
from tests.explore.bench import Outcome
from tests.explore.driving import ANSWERS
from tests.explore.nodes import Nodes
from tests.explore.overtaking import Overtaking
from tests.explore.policies import IN_FORCE
from tests.explore.scenario import CAFE, EDITED, FOREIGN, OLD, strayed
from tests.explore.state import (
    CRASHES,
    DEAF,
    DELETING,
    DELETIONS,
    DISOWNED,
    EDITS,
    EVICTIONS,
    FAILURES,
    LEFT,
    LOSSES,
    NODES,
    OVERTAKEN,
    POLICY,
    PROBES,
    RESTARTS,
    SCALED,
    STRAYS,
    TEMPLATES,
    TIGHTENED,
    TOUCHES,
)
from tests.explore.state import State as World
from tests.explore.thawing import unwatched
from tests.memcluster import controllers, kubelet
from tests.memcluster.address import address


@dataclass
class Wrongs(Overtaking, Nodes):
    """Whatever may go wrong next."""

    def wrongs(self, world: World) -> Iterator[Outcome]:
        """Each of them as often as it is left."""
        if world.left[CRASHES] and world.driver >= 0:
            yield self._killed(world)
        if world.left[OVERTAKEN] and world.driver >= 0:
            yield self.overtaken(world)
        if self.loses(world) and world.driver >= 0:
            for number, one in enumerate(world.flights):
                for fault in ANSWERS if self.worlds.flight(one).may_arrive else ():
                    yield from self.answered(world, number, fault)
        for path, pod in self.of_kind(world, "pods"):
            if world.left[DELETIONS] and (not self.scene.answering or self._answering(world, pod)):
                yield self._deleted(world, path, pod)
            if world.left[EDITS]:
                for image in sorted({OLD, self.scene.image}):
                    yield from self._edited(world, path, pod, image)
            if world.left[EVICTIONS] and "deletionTimestamp" not in pod["metadata"]:
                yield self._evicted(world, path)
            if world.left[TOUCHES]:
                yield self._touched(world, path, pod)
            if world.left[FAILURES] and not controllers.terminal(pod):
                yield self._evicted_by_its_node(world, path, pod)
            if world.left[STRAYS] and not strayed(pod):
                yield self._strays(world, path, pod)
        harmed = any(world.left[n] for n in (DISOWNED, LOSSES, SCALED, TEMPLATES))
        for path, workload in self.of_kind(world, "replicasets") if harmed else ():
            if world.left[DISOWNED] and workload["metadata"].get("ownerReferences"):
                yield self._disowned(world, path, workload)
            if world.left[LOSSES]:
                yield self._lost(world, path, workload)
            if world.left[SCALED]:
                yield self._scaled(world, path, workload)
            if world.left[TEMPLATES]:
                yield self._template_edited(world, path, workload)
        for uid, worker in world.workers if world.left[PROBES] else ():
            for ran in worker.containers if not worker.acting else ():
                if ran.ready:
                    yield self._probed(world, uid, ran.name, passes=False)
        if world.left[POLICY] and (self.scene.policy_goes or world.left[POLICY] != IN_FORCE):
            yield self._policy_changed(world)
        if self.unlisted(world) and world.driver >= 0:
            yield from self._unwatched(world)
        if world.left[NODES] and not self.node_lost(world):
            yield self.lose_node(world)
        if world.left[DEAF]:
            yield self._deaf(world)
        if world.left[DELETING]:
            yield self._cafe_deleted(world)
        if world.left[RESTARTS]:
            for uid, worker in world.workers:
                for ran in worker.containers if not worker.acting else ():
                    if ran.state == kubelet.RUNNING:
                        yield self._restarted(world, uid, ran.name)
        if world.left[TIGHTENED]:
            for path, budget in self.of_kind(world, "poddisruptionbudgets"):
                yield self._tightened(world, path, budget)

    def _answering(self, world: World, pod: dict[str, Any]) -> bool:
        """Whether the answer to a write of the pod is on its way."""
        uid = pod["metadata"]["uid"]
        flights = map(self.worlds.flight, (*world.flights, *world.other_flights))
        return any(one.patch.uid == uid and not one.may_arrive for one in flights)

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
        return self.done(f"another client deletes {address(path).name}", moment)

    def _lost(self, world: World, path: str, workload: dict[str, Any]) -> Outcome:
        moment = self.worlds.thaw(world, live=False)
        moment.left[LOSSES] -= 1
        for pod, item in controllers.owned(moment.cluster, workload):
            moment.cluster.remove(pod)
            del moment.workers[item["metadata"]["uid"]]
        moment.cluster.remove(path)
        moment.cached.pop(path, None)
        return self.done(f"another client deletes {address(path).name} with its pods", moment)

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
        yield self.done(f"another client patches {address(path).name} to {image}", moment)

    def _restarted(self, world: World, uid: str, name: str) -> Outcome:
        moment = self.worlds.thaw(world, live=False)
        moment.left[RESTARTS] -= 1
        moment.workers[uid] = kubelet.restart(moment.workers[uid], name)
        return self.done(f"container {name} of {uid} dies and is started again", moment)

    def leaving(self, world: World) -> Iterator[Outcome]:
        """A pod that was evicted has gone: its kubelet has stopped what ran."""
        for path, pod in self.of_kind(world, "pods"):
            if "deletionTimestamp" in pod["metadata"]:
                moment = self.worlds.thaw(world, live=False)
                moment.cluster.remove(path)
                del moment.workers[pod["metadata"]["uid"]]
                yield self.done(f"{address(path).name} has gone", moment)

    def returning(self, world: World) -> Iterator[Outcome]:
        """A pod that strayed gets its label back."""
        for path, pod in self.of_kind(world, "pods"):
            if strayed(pod):
                moment = self.worlds.thaw(world, live=False)
                labels = {**pod["metadata"]["labels"], "app": "shop"}
                moment.cluster.put(path, {**pod, "metadata": {**pod["metadata"], "labels": labels}})
                yield self.done(f"{address(path).name} gets its label back", moment)

    def recovering(self, world: World) -> Iterator[Outcome]:
        """A readiness probe that failed passes again."""
        for uid, worker in world.workers if self.scene.probes else ():
            for ran in worker.containers if not worker.acting else ():
                if ran.state == kubelet.RUNNING and not ran.ready and "unready" not in ran.image:
                    yield self._probed(world, uid, ran.name, passes=True)

    def _probed(self, world: World, uid: str, name: str, *, passes: bool) -> Outcome:
        moment = self.worlds.thaw(world, live=False)
        moment.left[PROBES] -= not passes
        moment.workers[uid] = kubelet.probe(moment.workers[uid], name, passes=passes)
        said = "passes again" if passes else "fails"
        return self.done(f"the readiness probe of {name} of {uid} {said}", moment)

    def _evicted_by_its_node(self, world: World, path: str, pod: dict[str, Any]) -> Outcome:
        moment = self.worlds.thaw(world, live=False)
        moment.left[FAILURES] -= 1
        uid, at = pod["metadata"]["uid"], rfc3339(moment.cluster.server_time())
        moment.workers[uid], status = kubelet.evict(pod, moment.workers[uid], at)
        moment.cluster.put(path, {**pod, "status": status})
        return self.done(f"the kubelet of {uid} evicts it", moment)

    def _scaled(self, world: World, path: str, workload: dict[str, Any]) -> Outcome:
        moment = self.worlds.thaw(world, live=False)
        moment.left[SCALED] -= 1
        spec = {**workload["spec"], "replicas": workload["spec"]["replicas"] + self.scene.scaled}
        meta = {**workload["metadata"], "generation": workload["metadata"]["generation"] + 1}
        moment.cluster.put(path, {**workload, "metadata": meta, "spec": spec})
        return self.done(f"another client scales {address(path).name}", moment)

    def _template_edited(self, world: World, path: str, workload: dict[str, Any]) -> Outcome:
        moment = self.worlds.thaw(world, live=False)
        moment.left[TEMPLATES] -= 1
        wanted = workload["spec"]["template"]
        first, *others = wanted["spec"]["containers"]
        inner = {**wanted["spec"], "containers": [{**first, "image": EDITED}, *others]}
        spec = {**workload["spec"], "template": {**wanted, "spec": inner}}
        meta = {**workload["metadata"], "generation": workload["metadata"]["generation"] + 1}
        moment.cluster.put(path, {**workload, "metadata": meta, "spec": spec})
        return self.done(f"another client sets the image of {address(path).name}", moment)

    def _strays(self, world: World, path: str, pod: dict[str, Any]) -> Outcome:
        moment = self.worlds.thaw(world, live=False)
        moment.left[STRAYS] -= 1
        labels = {k: v for k, v in pod["metadata"]["labels"].items() if k != "app"}
        moment.cluster.put(path, {**pod, "metadata": {**pod["metadata"], "labels": labels}})
        return self.done(f"another client takes the label of {address(path).name}", moment)

    def _disowned(self, world: World, path: str, workload: dict[str, Any]) -> Outcome:
        moment = self.worlds.thaw(world, live=False)
        moment.left[DISOWNED] -= 1
        meta = {k: v for k, v in workload["metadata"].items() if k != "ownerReferences"}
        moment.cluster.put(path, {**workload, "metadata": meta})
        return self.done(f"another client takes the owner of {address(path).name}", moment)

    def _evicted(self, world: World, path: str) -> Outcome:
        moment = self.worlds.thaw(world, live=False)
        moment.left[EVICTIONS] -= 1
        controllers.terminate(moment.cluster, path)
        return self.done(f"another client evicts {address(path).name}", moment)

    def _touched(self, world: World, path: str, pod: dict[str, Any]) -> Outcome:
        moment = self.worlds.thaw(world, live=False)
        moment.left[TOUCHES] -= 1
        tolerations = [*pod["spec"].get("tolerations", ()), {"key": FOREIGN}]
        meta = {**pod["metadata"], "generation": pod["metadata"]["generation"] + 1}
        spec = {**pod["spec"], "tolerations": tolerations}
        moment.cluster.put(path, {**pod, "metadata": meta, "spec": spec})
        return self.done(f"another client adds a toleration to {address(path).name}", moment)

    def _policy_changed(self, world: World) -> Outcome:
        """A policy comes into force, or goes: somebody tries again then."""
        moment = self.worlds.thaw(world, live=False)
        moment.left[POLICY] -= 1
        moment.news = moment.news or world.driver < 0
        comes = moment.left[POLICY] == IN_FORCE
        return self.done(
            f"a policy {f'refuses {self.scene.about}' if comes else 'is gone'}", moment
        )

    def _unwatched(self, world: World) -> Iterator[Outcome]:
        """The driver's watch of pods breaks off, and another one is refused."""
        if not self.worlds.drivers[world.driver].unseen:
            moment = self.worlds.thaw(world)
            assert moment.live is not None
            unwatched(moment.live)
            yield self.done("the driver's watch of pods ends, refused", moment)

    def _deaf(self, world: World) -> Outcome:
        """The CafeDeployment can't be read from now on, or can be again."""
        moment = self.worlds.thaw(world, live=False)
        moment.left[DEAF] -= 1
        can = "can't" if moment.left[DEAF] == IN_FORCE else "can"
        return self.done(f"drivers {can} read the CafeDeployment", moment)

    def _cafe_deleted(self, world: World) -> Outcome:
        """Somebody deletes the CafeDeployment, and a finalizer keeps it."""
        moment = self.worlds.thaw(world, live=False)
        moment.left[DELETING] -= 1
        cafe = moment.cluster.objects[CAFE]
        at = rfc3339(moment.cluster.server_time())
        meta = {**cafe["metadata"], "deletionTimestamp": at, "finalizers": [FOREIGN]}
        moment.cluster.put(CAFE, {**cafe, "metadata": meta})
        return self.done("somebody deletes the CafeDeployment", moment)

    def _tightened(self, world: World, path: str, budget: dict[str, Any]) -> Outcome:
        moment = self.worlds.thaw(world, live=False)
        moment.left[TIGHTENED] -= 1
        spec = {**budget["spec"], "minAvailable": budget["spec"]["minAvailable"] + 1}
        meta = {**budget["metadata"], "generation": budget["metadata"]["generation"] + 1}
        moment.cluster.put(path, {**budget, "metadata": meta, "spec": spec})
        return self.done("another client tightens the budget", moment)

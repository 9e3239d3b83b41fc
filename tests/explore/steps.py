"""Everything that may happen next, one step each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from kubectl_cafe.cluster.errors import ApiError
from kubectl_cafe.pods.model import Pod
from statemachine.lifecycle import RESTING
from tests.explore import scenario as scenes
from tests.explore.bench import CRASHES, DELETIONS, EDITS, FAULTS, RESTARTS, VERBS, Outcome
from tests.explore.driving import ANSWERS, Driving
from tests.explore.people import People
from tests.explore.scenario import NAME
from tests.explore.state import FREE, LEFT, LONG_AGO, Moment, aged
from tests.explore.state import State as World
from tests.memcluster import controllers, kubelet
from tests.memcluster.address import address


@dataclass
class Steps(Driving, People):
    """The steps of one scenario."""

    def first(self) -> World:
        """Where the search starts: the release is recorded, nobody drives yet."""
        cluster, workers = scenes.begin(self.scene)
        cached = dict(controllers.of_kind(cluster, "replicasets"))
        scene = self.scene
        left = [scene.crashes, scene.faults, scene.deletions, scene.said]
        left += [scene.edits, scene.restarts]
        moment = Moment(cluster, workers, cached, None, [], [], FREE, 0, True, left)
        return self.worlds.freeze(moment)

    def after(self, world: World) -> Iterator[Outcome]:
        """Every step from `world`. Deadlines pass only where nothing else happens by itself."""
        moved = False
        cafe = self.cafe(world)
        over = cafe.position.state in RESTING and world.driver < 0
        for outcome in self._own(world) if not over else self._lates(world):
            moved = moved or outcome.world != world
            yield outcome
        if over:
            return
        yield from self._faults(world)
        if world.left[VERBS]:
            yield from self.people_steps(world, cafe)
        if not moved and world.driver >= 0 and world.era < self.scene.eras:
            yield from self._deadline(world)

    # What happens by itself

    def _own(self, world: World) -> Iterator[Outcome]:
        yield from self._kubelets(world)
        yield from self._controllers(world)
        if world.driver >= 0:
            yield from self.driver_steps(world)
            yield from self._patience(world)
        else:
            yield from self.takeover(world)
        yield from self._lates(world)

    def _kubelets(self, world: World) -> Iterator[Outcome]:
        pods = {o["metadata"]["uid"]: (p, o) for p, o in self.of_kind(world, "pods")}
        for uid, worker in world.workers:
            if uid not in pods:
                continue
            path, pod = pods[uid]
            for move in kubelet.moves(pod, worker):
                moment = self.worlds.thaw(world, live=False)
                moment.workers[uid] = scenes.advance(moment.cluster, path, worker, move)
                yield self.done(f"the kubelet of {uid} {move}", moment)

    def _controllers(self, world: World) -> Iterator[Outcome]:
        moment = self.worlds.thaw(world, live=False)
        for path, workload in self.of_kind(world, "replicasets"):
            name = workload["metadata"]["name"]
            lacks = controllers.lacks(moment.cluster, workload)
            if lacks > 0:
                number = self.scene.deletions - world.left[DELETIONS]
                body = f"{name.removeprefix(f'{NAME}-')}-{9 - number}"
                seen = {**moment.cached[path], **_names(workload)}
                pod = controllers.give_birth(moment.cluster, seen, body)
                born = moment.cluster.objects[pod]
                moment.workers[born["metadata"]["uid"]] = kubelet.born(born)
                yield self.done(f"the controller of {name} makes {body}", moment)
                moment = self.worlds.thaw(world, live=False)
            if controllers.unseen(workload):
                controllers.observe(moment.cluster, path)
                moment.cached[path] = moment.cluster.objects[path]
                yield self.done(f"the controller of {name} sees its spec", moment)
                moment = self.worlds.thaw(world, live=False)
        for _, service in self.of_kind(world, "services"):
            if controllers.stale(moment.cluster, service):
                controllers.publish(moment.cluster, service)
                yield self.done("the endpoints follow", moment)

    def _lates(self, world: World) -> Iterator[Outcome]:
        for number in range(len(world.late)):
            moment = self.worlds.thaw(world, live=False)
            request = moment.late.pop(number)
            with suppress(ApiError):
                moment.cluster.patch(request.path, request.body, request.kind)
            what = address(request.path).name
            yield self.done(
                f"a late write of epoch {request.epoch} to {what} arrives",
                moment,
                by="late",
                epoch=request.epoch,
            )

    # The driver

    def _patience(self, world: World) -> Iterator[Outcome]:
        """Long enough passes for rules that read a clock, over a pod of which nothing moves.

        Or over one whose kubelet hangs before it reads the spec, or while it pulls: no rule may
        count on more than is shown by then.
        """
        kept = self.worlds.drivers[world.driver].memory
        busy = {self.worlds.writes[n].uid for n, _, _ in world.flights}
        workers = dict(world.workers)
        for path, pod in self.of_kind(world, "pods"):
            uid = pod["metadata"]["uid"]
            known, sighting = kept["_pods"].get(uid), kept["_sightings"].get(uid)
            if known is None or uid in busy:
                continue
            if not kubelet.idle(pod, workers[uid]) and not _hangs(known):
                continue
            if known.resource_version != pod["metadata"]["resourceVersion"]:
                continue
            steady = known.ready.status == "True" and not _unfinished(known)
            if steady or aged(sighting) == sighting:
                continue
            moment = self.worlds.thaw(world)
            assert moment.live is not None
            moment.live.memory._sightings[uid] = aged(sighting)
            yield self.done(f"long enough passes over {address(path).name}", moment)

    def _deadline(self, world: World) -> Iterator[Outcome]:
        moment = self.worlds.thaw(world)
        assert moment.live is not None
        memory = moment.live.memory
        memory._sightings = {uid: aged(s) for uid, s in memory._sightings.items()}
        memory._off_since = dict.fromkeys(memory._off_since, LONG_AGO)
        moment.era += 1
        yield self.done("every deadline passes", moment)

    # What goes wrong

    def _faults(self, world: World) -> Iterator[Outcome]:
        if world.left[CRASHES] and world.driver >= 0:
            moment = self.worlds.thaw(world, live=False)
            moment.left[CRASHES] -= 1
            record = self.worlds.record(world.driver)
            self.leave(moment, LEFT, record.epoch)
            yield self.done("the driver is killed", moment)
        if world.left[FAULTS] and world.driver >= 0:
            for number in range(len(world.flights)):
                for fault in ANSWERS:
                    yield from self.answered(world, number, fault)
        if world.left[DELETIONS]:
            for path, pod in self.of_kind(world, "pods"):
                moment = self.worlds.thaw(world, live=False)
                moment.left[DELETIONS] -= 1
                moment.cluster.remove(path)
                del moment.workers[pod["metadata"]["uid"]]
                yield self.done(f"a stranger deletes {address(path).name}", moment)
        if world.left[EDITS]:
            for path, pod in self.of_kind(world, "pods"):
                for image in {"app:v1", self.scene.image}:
                    yield from self._edited(world, path, pod, image)
        if world.left[RESTARTS]:
            for uid, worker in world.workers:
                if not worker.acting and worker.containers[0].state == kubelet.RUNNING:
                    moment = self.worlds.thaw(world, live=False)
                    moment.left[RESTARTS] -= 1
                    moment.workers[uid] = kubelet.restart(worker)
                    yield self.done(f"a container of {uid} dies and is started again", moment)

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

    # What people say


def _names(workload: dict[str, Any]) -> dict[str, Any]:
    return {"metadata": workload["metadata"]}


def _hangs(pod: Pod) -> bool:
    """Whether its kubelet may be stuck for any time: what it shows is older than the spec."""
    before = pod.record.before if pod.record else {}
    shown = pod.containers
    return pod.observed < pod.generation or any(
        name in shown and shown[name].container_id == one.container_id
        for name, one in before.items()
    )


def _unfinished(pod: Any) -> bool:
    return pod.record is not None and pod.record.phase != "finished"

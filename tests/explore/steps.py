"""Everything that may happen next, one step each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from kubectl_cafe.client.errors import ApiError
from tests.explore import opening
from tests.explore.bench import Outcome
from tests.explore.passing import Passing
from tests.explore.people import People
from tests.explore.policies import TO_COME
from tests.explore.scenario import BALANCER, NAME
from tests.explore.state import (
    DELETIONS,
    EVICTIONS,
    FAILURES,
    FREE,
    LOSSES,
    VERBS,
    Moment,
    set_path,
)
from tests.explore.state import State as World
from tests.explore.truths import is_on
from tests.explore.wrongs import Wrongs
from tests.memcluster import controllers, disruptions, kubelet
from tests.memcluster.address import address

APART = 10
"""What is between the names of a cell's pods before its ReplicaSet was lost and after."""


@dataclass
class Steps(Wrongs, People, Passing):
    """The steps of one scenario."""

    def first(self) -> World:
        """Where the search starts: the release is recorded, nobody drives yet."""
        cluster, workers = opening.begin(self.scene)
        cached = dict(controllers.of_kind(cluster, "replicasets"))
        scene = self.scene
        left = [scene.crashes, scene.faults, scene.deletions, scene.said]
        left += [scene.edits, scene.restarts, scene.tightened, scene.losses]
        left += [scene.evictions, scene.touches, TO_COME * bool(scene.policy), int(scene.deleted)]
        left += [scene.strays, scene.disowned, scene.failures, int(scene.scaled != 0), scene.probes]
        left += [scene.overtaken, TO_COME * scene.deaf, scene.nodes, scene.templates, scene.slow]
        moment = Moment(cluster, workers, cached, None, [], [], FREE, 0, 0, True, left)
        return self.worlds.freeze(moment)

    def after(self, world: World) -> Iterator[Outcome]:
        """Every step from `world`. Time passes only where nothing else happens by itself, or
        where writes are repeated.

        An evicted pod goes then as well; with `lag` at any moment.
        A load balancer's controller may hang for as long as it likes.
        """
        moved = False
        cafe = self.cafe(world)
        over = self.over(world)
        for outcome in self._own(world) if not over else self._behind(world):
            moved = moved or outcome.world != world
            yield outcome
        if over:
            return
        yield from self._balancer(world)
        yield from self.wrongs(world)
        if world.left[VERBS]:
            yield from self.people_steps(world, cafe)
        if not moved and not self.scene.lag:
            yield from self.leaving(world)
        if world.driver >= 0 and (not moved or self.repeating(world)):
            yield from self.minute(world)
            yield from self.deadline(world)

    def _own(self, world: World) -> Iterator[Outcome]:
        yield from self._kubelets(world)
        yield from self._controllers(world)
        if self.scene.lag:
            yield from self.leaving(world)
        yield from self.returning(world)
        yield from self.recovering(world)
        yield from self.node_returning(world)
        if world.driver >= 0:
            yield from self.driver_steps(world)
            yield from self.patience(world)
            yield from self.repeats(world)
            yield from self.silence(world)
            yield from self.drains(world)
        else:
            yield from self.takeover(world)
        yield from self._behind(world)

    def _behind(self, world: World) -> Iterator[Outcome]:
        """What arrives of drivers that are dead, and what one does that was overtaken."""
        yield from self._lates(world)
        if world.other >= 0:
            yield from self.others_steps(world)

    def _kubelets(self, world: World) -> Iterator[Outcome]:
        pods = {o["metadata"]["uid"]: (p, o) for p, o in self.of_kind(world, "pods")}
        for uid, worker in world.workers if not self.node_lost(world) else ():
            if uid not in pods or "deletionTimestamp" in pods[uid][1]["metadata"]:
                continue  # Nothing is started any more in a pod that is on its way out.
            path, pod = pods[uid]
            for move in kubelet.moves(pod, worker):
                moment = self.worlds.thaw(world, live=False)
                moment.workers[uid] = opening.advance(
                    moment.cluster, path, worker, move, pausing=self.scene.pausing
                )
                yield self.done(f"the kubelet of {uid} {move}", moment)

    def _controllers(self, world: World) -> Iterator[Outcome]:
        moment = self.worlds.thaw(world, live=False)
        for path, workload in self.of_kind(world, "replicasets"):
            name = workload["metadata"]["name"]
            lacks = controllers.lacks(moment.cluster, workload) if path in moment.cached else 0
            if lacks > 0:
                body = self._born(world, moment, workload)
                yield self.done(f"the controller of {name} makes {body}", moment)
                moment = self.worlds.thaw(world, live=False)
            for victim in controllers.victims(moment.cluster, workload) if lacks < 0 else ():
                controllers.terminate(moment.cluster, victim)
                what = address(victim).name
                yield self.done(f"the controller of {name} deletes {what}", moment)
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
                moment = self.worlds.thaw(world, live=False)
        for path, budget in self.of_kind(world, "poddisruptionbudgets"):
            if disruptions.stale(moment.cluster, budget):
                disruptions.publish(moment.cluster, path)
                yield self.done("the budget's status follows", moment)

    def _born(self, world: World, moment: Moment, workload: dict[str, Any]) -> str:
        """A pod that the workload lacks, from the template that its controller saw last."""
        path, cluster = set_path(workload["metadata"]["name"]), moment.cluster
        # No pod's name comes twice: each death was another client's.
        number = len(controllers.owned(cluster, workload)) + self.scene.deletions
        number += APART * (self.scene.losses - world.left[LOSSES])
        number += self.scene.evictions - world.left[EVICTIONS]
        number += self.scene.failures - world.left[FAILURES]
        number += max(0, -self.scene.more)
        name = workload["metadata"]["name"].removeprefix(f"{NAME}-")
        name = f"{name}-{number - world.left[DELETIONS]}"
        seen = {**moment.cached[path], "metadata": workload["metadata"]}
        born = cluster.objects[controllers.give_birth(cluster, seen, name)]
        moment.workers[born["metadata"]["uid"]] = kubelet.born(born)
        return name

    def _balancer(self, world: World) -> Iterator[Outcome]:
        """A load balancer lets go of a pod that is switched off, and takes up one that serves."""
        for path, item in self.of_kind(world, "pods") if self.scene.held else ():
            pod = self.worlds.pods.parse(item)
            meta, on = item["metadata"], is_on(pod)
            if on and pod.ready.status == "True" and BALANCER not in pod.finalizers:
                meta, does = {**meta, "finalizers": [BALANCER]}, "takes up"
            elif not on and BALANCER in pod.finalizers:
                meta, does = {**meta, "finalizers": []}, "lets go of"
            else:
                continue
            moment = self.worlds.thaw(world, live=False)
            moment.cluster.put(path, {**item, "metadata": meta})
            yield self.done(f"the load balancer {does} {pod.name}", moment)

    def _lates(self, world: World) -> Iterator[Outcome]:
        for number in range(len(world.late)):
            moment = self.worlds.thaw(world, live=False)
            request = moment.late.pop(number)
            with suppress(ApiError):
                if request.create:
                    moment.cluster.create(request.path, request.body)
                else:
                    moment.cluster.patch(request.path, request.body, request.kind)
            what = address(request.object).name
            yield self.done(
                f"a late write of epoch {request.epoch} to {what} arrives",
                moment,
                by="late",
                epoch=request.epoch,
            )

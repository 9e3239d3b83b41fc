"""The steps of a driver: it sees, takes its turn, is answered, and takes over."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from kubectl_cafe.cluster.errors import ApiError
from kubectl_cafe.engine import disruption, ending, fence, journal, verbs
from kubectl_cafe.engine.memory import Memory
from kubectl_cafe.podsets.inplaceset import InPlaceSet
from kubectl_cafe.traffic.endpoints import ready_uids
from tests.explore.bench import CRASHES, FAULTS, Bench, Effect, Outcome
from tests.explore.scenario import CAFE, NAME, SPACE
from tests.explore.state import FREE, HELD, LEFT, Live, Moment, pod_path, request_of
from tests.explore.state import State as World
from tests.memcluster import controllers
from tests.memcluster.address import address
from tests.memcluster.requests import Fault, Killed

WRITTEN = ("cafedeployments", "replicasets", "controllerrevisions")
"""Kinds that a turn itself writes to."""
REMEMBERED = 20_000
"""Effects of drivers' steps that are remembered at once."""
SAID = {
    Fault.KILLED: "and is killed at its",
    Fault.LOST_ANSWER: "and has no answer to its",
    Fault.DELAYED: "and has no answer to its late",
}
ANSWERS = (Fault.LOST_ANSWER, Fault.DELAYED)


class Seeing(NamedTuple):
    """What is seen, what identifies that, and how the driver comes to see it."""

    name: str
    key: int
    sees: Callable[[Moment], None]


@dataclass
class Driving(Bench):
    """Whatever a driver may do next."""

    def driver_steps(self, world: World) -> Iterator[Outcome]:
        for number in range(len(world.flights)):
            yield from self.answered(world, number, None)
        seen = self._seen(world)
        for chosen in self._choices(seen):
            yield from self._turn(world, chosen)

    def answered(self, world: World, number: int, fault: Fault | None) -> Iterator[Outcome]:
        """A write under way arrives, and its answer comes back, or not."""
        code, version, took = world.flights[number]
        patch = self.worlds.patch(code, version)
        mine = tuple(n for n in world.objects if self.worlds.objects[n][0] == pod_path(patch.pod))
        key = (world.driver, world.passed, "answer", world.flights[number], mine, fault)

        def carry_out(moment: Moment, live: Live) -> None:
            live.actor.carry_out(patch, took)

        effect = self._effect(world, key, {1: fault} if fault else {}, carry_out)
        flights = world.flights[:number] + world.flights[number + 1 :]
        moment = self._applied(world._replace(flights=flights), effect)
        moment.left[FAULTS] -= fault is not None
        said = f": {fault.name.lower().replace('_', ' ')}" if fault else ""
        yield self.done(f"the driver's {patch.what!r} reaches {patch.pod}{said}", moment, effect)

    def _seen(self, world: World) -> list[Seeing]:
        """What the driver has not seen yet, and how it comes to see it."""
        kept = self.worlds.drivers[world.driver]
        memory, found = kept.memory, list[Seeing]()
        pods = {o["metadata"]["uid"]: o for _, o in self.of_kind(world, "pods")}
        for uid, pod in pods.items():
            known = memory["_pods"].get(uid)
            version = pod["metadata"]["resourceVersion"]
            if known is None or known.resource_version != version or uid in memory["_unseen"]:
                key = self.worlds.objects.number(pod_path(pod["metadata"]["name"]), pod)
                found.append(Seeing(pod["metadata"]["name"], key, _sees_pod("MODIFIED", pod)))
        for uid, known in memory["_pods"].items():
            if uid not in pods:
                gone = {"metadata": {"name": known.name, "uid": uid, "resourceVersion": "1"}}
                found.append(Seeing(known.name, -1, _sees_pod("DELETED", gone)))
        sets = {name: one for name, (_, one) in memory["workloads"].items.items()}
        parsed = InPlaceSet().parse
        shown = [parsed(o) for _, o in self.of_kind(world, "replicasets")]
        if any(sets.get(workload.name) != workload for workload in shown):
            found.append(Seeing("the workloads", -2, SEES_WORKLOADS))
        for path, item in self.of_kind(world, "endpointslices"):
            if memory["slices"].items[item["metadata"]["name"]][1] != ready_uids(item):
                key = self.worlds.objects.number(path, item)
                found.append(Seeing("the endpoints", key, SEES_SLICES))
        for path, item in self.of_kind(world, "poddisruptionbudgets"):
            if memory["budgets"].items[item["metadata"]["name"]][1] != disruption.parse(item):
                key = self.worlds.objects.number(path, item)
                found.append(Seeing("the budget", key, SEES_BUDGETS))
        for number in world.objects:
            if self.worlds.objects[number][0] == CAFE and number != kept.cafe:
                found.append(Seeing(NAME, -3, _sees_cafe))
        return found

    def _choices(self, seen: list[Seeing]) -> Iterator[list[Seeing]]:
        """All that is new; with `lag` also all but one thing, and nothing."""
        yield seen
        if self.scene.lag:
            if len(seen) > 1:
                for number in range(len(seen)):
                    yield [*seen[:number], *seen[number + 1 :]]
            if seen:
                yield []

    def _turn(self, world: World, seen: list[Seeing]) -> Iterator[Outcome]:
        """The driver sees `seen` and takes a turn; it may be killed, or not be answered, in it."""
        if not seen and (world.driver, world.passed) in self.idle_turns:
            return
        clean = self._turned(world, seen, {})
        if not seen and clean.world == world:
            self.idle_turns.add((world.driver, world.passed))
            return
        yield clean
        for number, write in enumerate(clean.written, start=1):
            if world.left[CRASHES]:
                yield self._turned(world, seen, {number: Fault.KILLED})
            if world.left[FAULTS]:
                yield self._turned(world, seen, {number: Fault.LOST_ANSWER})
                if address(write.path).plural == "replicasets":
                    yield self._turned(world, seen, {number: Fault.DELAYED})

    def _turned(self, world: World, seen: list[Seeing], faults: dict[int, Fault]) -> Outcome:
        objects = self.worlds.objects
        written = tuple(n for n in world.objects if address(objects[n][0]).plural in WRITTEN)
        shown = tuple((one.name, one.key) for one in seen)
        key = (world.driver, world.passed, shown, written, tuple(faults.items()))

        def turn(moment: Moment, live: Live) -> bool:
            for one in seen:
                one.sees(moment)
            ended = live.driver.turn(live.actor)
            if ended is not None:  # As wheel.drive and wheel.hold do it at the end.
                known = tuple(self.worlds.revisions(moment.cluster).values())
                with suppress(ApiError):
                    ending.conclude(moment.cluster, ended.cafe, known)
            return ended is not None

        effect = self._effect(world, key, faults, turn)
        moment = self._applied(world, effect)
        moment.left[CRASHES] -= effect.killed
        moment.left[FAULTS] -= bool(faults) and not effect.killed
        names = ", ".join(one.name for one in seen)
        label = f"the driver sees {names or 'nothing new'} and takes a turn"
        label += "".join(f", {SAID[f]} write {n}" for n, f in faults.items())
        return self.done(label, moment, effect)

    def _effect(
        self,
        world: World,
        key: tuple[object, ...],
        faults: dict[int, Fault],
        act: Callable[[Moment, Live], bool | None],
    ) -> Effect:
        """What `act` does, tried once: the same driver in the same place does the same."""
        if (known := self.effects.get(key)) is not None:
            return known
        moment = self.worlds.thaw(world)
        live, cluster = moment.live, moment.cluster
        assert live is not None
        before, cluster.faults = dict(cluster.objects), faults
        epoch = live.driver._release.record.epoch
        left, killed, ended, raised = None, False, False, None
        try:
            ended = bool(act(moment, live))
            if ended:
                left = FREE if live.actor.answered else LEFT
        except Killed:
            left, killed = LEFT, True
        except Exception as error:
            left, raised = LEFT, error
            live.actor.abandon()
        flights = []
        while not live.actor.queue.empty():
            job = live.actor.queue.get_nowait()
            assert job is not None
            flights.append(job)
        effect = Effect(
            live=live,
            epoch=epoch,
            objects={p: o for p, o in cluster.objects.items() if before.get(p) is not o},
            written=cluster.written,
            writes=cluster.writes,
            flights=flights,
            delayed=[replace(one, epoch=epoch) for one in cluster.delayed],
            left=left,
            killed=killed,
            ended=ended,
            raised=raised or (live.actor.fatal[0] if live.actor.fatal else None),
        )
        # A sweep has read all pods: what it saw is not in the key.
        if not any(decision.sweep for _, decision in live.watcher.views):
            if len(self.effects) >= REMEMBERED:
                self.effects.clear()
            self.effects[key] = effect
        return effect

    def _applied(self, world: World, effect: Effect) -> Moment:
        """`world` after `effect`."""
        moment = self.worlds.thaw(world, live=False)
        moment.cluster.objects.update(effect.objects)
        moment.live, moment.kept = effect.live, -1
        moment.flights += effect.flights
        moment.late += effect.delayed
        if effect.left is not None:
            self.leave(moment, effect.left, effect.epoch)
            moment.news = not effect.ended
        return moment

    def leave(self, moment: Moment, lease: int, epoch: int) -> None:
        """The driver is gone; what it has under way may arrive at any time."""
        moment.late += [request_of(patch, epoch) for patch, _ in moment.flights]
        moment.flights.clear()
        moment.drained.clear()  # Whoever comes next drains again, by its own clock.
        moment.live, moment.kept, moment.lease, moment.news = None, -1, lease, True

    def takeover(self, world: World) -> Iterator[Outcome]:
        """Somebody else takes the wheel: the lists, the fence, and the epoch."""
        if not world.news:
            return
        clean = self._taken(world, {})
        yield clean
        if world.left[CRASHES]:
            for number in range(1, clean.writes + 1):
                yield self._taken(world, {number: Fault.KILLED})

    def _taken(self, world: World, faults: dict[int, Fault]) -> Outcome:
        moment = self.worlds.thaw(world)
        cluster = moment.cluster
        cluster.faults = faults
        cafe = journal.read(cluster, SPACE, NAME)
        memory = Memory(cafe.uid, InPlaceSet())
        _list_all(moment, memory)
        label = "a driver takes the wheel"
        label += "".join(f", {SAID[f]} write {n}" for n, f in faults.items())
        epoch = verbs.epoch_after(cafe, 0, memory.highest_epoch())
        try:
            if fence.needed(cafe.record, given_back=moment.lease == FREE):
                cafe = fence.fence(cluster, cafe, epoch)
            cafe = verbs.take_wheel(cluster, cafe, epoch)
        except Killed:
            moment.left[CRASHES] -= 1
            moment.lease = LEFT
            moment.late += [replace(one, epoch=epoch) for one in cluster.delayed]
        else:
            moment.live = self.worlds.start(cluster, cafe, memory)
            moment.lease, moment.news = HELD, False
        return self.done(label, moment, by="takeover")


def _sees_pod(kind: str, pod: dict[str, Any]) -> Callable[[Moment], None]:
    def sees(moment: Moment) -> None:
        assert moment.live is not None
        moment.live.memory.pod_event(kind, pod, 0.0)

    return sees


def _sees_all(collection: str, plural: str) -> Callable[[Moment], None]:
    def sees(moment: Moment) -> None:
        assert moment.live is not None
        found = (item for _, item in controllers.of_kind(moment.cluster, plural))
        getattr(moment.live.memory, collection).listed(found)

    return sees


SEES_WORKLOADS = _sees_all("workloads", "replicasets")
SEES_SLICES = _sees_all("slices", "endpointslices")
SEES_BUDGETS = _sees_all("budgets", "poddisruptionbudgets")


def _sees_cafe(moment: Moment) -> None:
    assert moment.live is not None
    moment.live.driver.refresh()


def _list_all(moment: Moment, memory: Memory) -> None:
    """The informers' first lists."""
    cluster = moment.cluster

    def items(plural: str) -> list[dict[str, Any]]:
        return [item for _, item in controllers.of_kind(cluster, plural)]

    memory.workloads.listed(items("replicasets"))
    memory.services.listed(items("services"))
    memory.budgets.listed(items("poddisruptionbudgets"))
    memory.slices.listed(items("endpointslices"))
    memory.pods_listed(items("pods"), 0.0)

"""The steps of a driver: it sees, takes its turn, is answered, and takes over."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace

from kubectl_cafe.assessment import disruption_budgets
from kubectl_cafe.cache.cache import Cache
from kubectl_cafe.client.errors import ApiError
from kubectl_cafe.driver import fencing
from kubectl_cafe.podsets.inplaceset import InPlaceSet
from kubectl_cafe.record import store
from kubectl_cafe.release import moves, outcome
from kubectl_cafe.traffic.endpoints import parse_slice
from tests.explore.answering import Answering
from tests.explore.bench import Outcome
from tests.explore.policies import IN_FORCE
from tests.explore.scenario import CAFE, NAME, SPACE, Ticking, strayed
from tests.explore.seeing import (
    SEES_BUDGETS,
    SEES_SLICES,
    SEES_WORKLOADS,
    Seeing,
    list_all,
    sees_cafe,
    sees_pod,
)
from tests.explore.state import (
    CRASHES,
    DEAF,
    FAULTS,
    FREE,
    HELD,
    LAST,
    LEFT,
    NO_ANSWER,
    POLICY,
    SLOW,
    Live,
    Moment,
    pod_path,
)
from tests.explore.state import State as World
from tests.explore.thawing import held
from tests.memcluster.address import address
from tests.memcluster.requests import Fault, Killed

WRITTEN = ("cafedeployments", "replicasets", "controllerrevisions")
"""Kinds that a turn itself writes to."""
SAID = {
    Fault.KILLED: "and is killed at its",
    Fault.LOST_ANSWER: "and has no answer to its",
    Fault.DELAYED: "and has no answer to its late",
}
ANSWERS = (Fault.LOST_ANSWER, Fault.DELAYED)


@dataclass
class Driving(Answering):
    """Whatever a driver may do next."""

    def driver_steps(self, world: World) -> Iterator[Outcome]:
        for number in range(len(world.flights)):
            yield from self.answered(world, number, None)
            if world.left[SLOW] and world.flights[number][-1] == NO_ANSWER:
                yield self.arrives(world, number)
        seen = self._seen(world)
        for chosen in self._choices(seen):
            yield from self._turn(world, chosen)

    def _seen(self, world: World) -> list[Seeing]:
        """What the driver has not seen yet, and how it comes to see it."""
        kept = self.worlds.drivers[world.driver]
        cache, found, last = kept.cache, list[Seeing](), str(LAST)
        there = {o["metadata"]["uid"]: o for _, o in self.of_kind(world, "pods")}
        pods = {uid: pod for uid, pod in there.items() if not strayed(pod)}
        for uid, pod in pods.items() if not kept.unseen else ():
            known = cache["_pods"].get(uid)
            version = pod["metadata"]["resourceVersion"]
            if known is None or known.resource_version != version or uid in cache["_unseen"]:
                key = self.worlds.objects.number(pod_path(pod["metadata"]["name"]), pod)
                found.append(Seeing(pod["metadata"]["name"], key, sees_pod("MODIFIED", pod), True))
        for uid, known in cache["_pods"].items() if not kept.unseen else ():
            if uid in there and uid not in pods:  # As a server says it of one that doesn't match.
                key = self.worlds.objects.number(pod_path(known.name), there[uid])
                found.append(Seeing(known.name, key, sees_pod("DELETED", there[uid]), True))
            elif uid not in pods:
                gone = {"metadata": {"name": known.name, "uid": uid, "resourceVersion": last}}
                found.append(Seeing(known.name, -1, sees_pod("DELETED", gone), True))
        sets = {name: one for name, (_, one) in cache["workloads"].items.items()}
        parsed = InPlaceSet().parse
        if sets != {w.name: w for w in (parsed(o) for _, o in self.of_kind(world, "replicasets"))}:
            found.append(Seeing("the workloads", -2, SEES_WORKLOADS))
        for path, item in self.of_kind(world, "endpointslices"):
            if cache["slices"].items[item["metadata"]["name"]][1] != parse_slice(item):
                key = self.worlds.objects.number(path, item)
                found.append(Seeing("the endpoints", key, SEES_SLICES))
        for path, item in self.of_kind(world, "poddisruptionbudgets"):
            if cache["budgets"].items[item["metadata"]["name"]][1] != disruption_budgets.parse(
                item
            ):
                key = self.worlds.objects.number(path, item)
                found.append(Seeing("the budget", key, SEES_BUDGETS))
        for number in world.objects:
            known = number == kept.cafe and kept.heard
            if self.worlds.objects[number][0] == CAFE and not known and not self.deaf(world):
                found.append(Seeing(NAME, -3, sees_cafe))
        return found

    def _choices(self, seen: list[Seeing]) -> Iterator[list[Seeing]]:
        """All that is new; with `lag` also all but one thing, all but the pods, and nothing."""
        yield seen
        if self.scene.lag:
            if len(seen) > 1:
                for number in range(len(seen)):
                    yield [*seen[:number], *seen[number + 1 :]]
                if 0 < len(others := [one for one in seen if not one.pod]) < len(seen) - 1:
                    yield others  # The whole watch of the pods lags behind the other watches.
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
        for number, path in enumerate(clean.attempted, start=1):
            if world.left[CRASHES]:
                yield self._turned(world, seen, {number: Fault.KILLED})
            if self.loses(world):
                yield self._turned(world, seen, {number: Fault.LOST_ANSWER})
                if address(path).plural == "replicasets" or world.left[POLICY] == IN_FORCE:
                    yield self._turned(world, seen, {number: Fault.DELAYED})

    def _turned(self, world: World, seen: list[Seeing], faults: dict[int, Fault]) -> Outcome:
        objects = self.worlds.objects
        written = tuple(n for n in world.objects if address(objects[n][0]).plural in WRITTEN)
        shown = tuple((one.name, one.key) for one in seen)
        judged = world.left[POLICY], world.left[DEAF]
        key = (world.driver, world.passed, shown, written, tuple(faults.items()), judged)

        def turn(moment: Moment, live: Live) -> bool:
            for one in seen:
                one.sees(moment)
            ended = live.driver.turn(live.actor)
            if ended is not None:  # As leader.drive and leader.lead do it at the end.
                known = tuple(self.worlds.revisions(moment.cluster).values())
                with suppress(ApiError):
                    outcome.conclude(moment.cluster, ended.cafe, known)
            return ended is not None

        effect = self.effect(world, key, faults, turn)
        moment = self.applied(world, effect)
        moment.left[CRASHES] -= effect.killed
        moment.left[FAULTS] -= bool(faults) and not effect.killed
        names = ", ".join(one.name for one in seen)
        label = f"the driver sees {names or 'nothing new'} and takes a turn"
        label += "".join(f", {SAID[f]} write {n}" for n, f in faults.items())
        return self.done(label, moment, effect)

    def takeover(self, world: World) -> Iterator[Outcome]:
        """Somebody else becomes the driver: the lists, the fence, and the epoch."""
        if not world.news or self.deaf(world) or self.unlisted(world):
            return
        clean = self._taken(world, {})
        yield clean
        if world.left[CRASHES]:
            for number in range(1, len(clean.attempted) + 1):
                yield self._taken(world, {number: Fault.KILLED})

    def _taken(self, world: World, faults: dict[int, Fault]) -> Outcome:
        moment = self.worlds.thaw(world)
        cluster = moment.cluster
        cluster.faults, cluster.clock = faults, Ticking(cluster.server_time())
        cafe = store.read(cluster, SPACE, NAME)
        cache = Cache(cafe.uid, InPlaceSet())
        list_all(moment, cache)
        label = "a driver becomes the driver"
        label += "".join(f", {SAID[f]} write {n}" for n, f in faults.items())
        epoch, session = moves.epoch_after(cafe, 0, cache.highest_epoch()), cluster.session(held)
        try:
            if fencing.needed(cafe.record, given_back=moment.lease == FREE):
                cafe = fencing.fence(session, cafe, epoch, "driver")
            cafe = moves.become_driver(session, cafe, epoch, "driver")
        except (ApiError, fencing.Unfenced):
            label += ", and is refused a write"
            moment.news = False  # Until something changes.
        except Killed:
            moment.left[CRASHES] -= 1
            moment.lease = LEFT
            moment.late += [replace(one, epoch=epoch) for one in cluster.delayed]
        else:
            moment.live = self.worlds.start(cluster, cafe, cache)
            moment.lease, moment.news = HELD, False
        return self.done(label, moment, by="takeover")

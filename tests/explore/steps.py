"""Everything that may happen next, one step each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import cache
from operator import itemgetter
from typing import Any, NamedTuple
from unittest.mock import patch as patched

from kubectl_cafe.cluster import paths
from kubectl_cafe.cluster.errors import ApiError
from kubectl_cafe.engine import ending, fence, journal, start, verbs
from kubectl_cafe.engine.cafedeployment import CafeDeployment
from kubectl_cafe.engine.memory import Memory
from kubectl_cafe.engine.start import Mover
from kubectl_cafe.engine.view import Decision, View
from kubectl_cafe.errors import Refused
from kubectl_cafe.pods import record as pod_records
from kubectl_cafe.pods.model import Pod
from kubectl_cafe.pods.patches import PodPatch
from kubectl_cafe.podsets.inplaceset import InPlaceSet
from kubectl_cafe.traffic.endpoints import ready_uids
from statemachine import record as releases
from statemachine.lifecycle import RESTING, IllegalMove, State, Trigger, legal
from tests.explore import scenario as scenes
from tests.explore.scenario import CAFE, NAME, SPACE, Scenario
from tests.explore.world import (
    FREE,
    HELD,
    LEFT,
    LONG_AGO,
    Live,
    Moment,
    Worlds,
    aged,
    pod_path,
    request_of,
)
from tests.explore.world import State as World
from tests.memcluster import controllers, kubelet
from tests.memcluster.address import address
from tests.memcluster.cluster import Fault, Killed, Request, Written

CRASHES, FAULTS, DELETIONS, VERBS, EDITS, RESTARTS = range(6)
"""Where each is in State.left."""
WRITTEN = ("cafedeployments", "replicasets", "controllerrevisions")
"""Kinds that a turn itself writes to."""
REMEMBERED = 20_000
"""Effects of drivers' steps that are remembered at once."""
SAID = {
    Fault.KILLED: "and is killed at its",
    Fault.LOST_ANSWER: "and has no answer to its",
}
ANSWERS = (Fault.LOST_ANSWER, Fault.DELAYED)


class Seeing(NamedTuple):
    """What is seen, what identifies that, and how the driver comes to see it."""

    name: str
    key: int
    sees: Callable[[Moment], None]


@dataclass(frozen=True)
class Effect:
    """What a driver's step did: it depends on what the driver knows and on what it writes to.

    `objects` are those it changed, `flights` the writes it queued, `delayed` those on their way.
    `left`: the driver is gone, and the lease is so. `live` is the driver afterwards.
    """

    live: Live
    epoch: int
    objects: Mapping[str, dict[str, Any]]
    written: list[Written]
    writes: int
    flights: list[tuple[PodPatch, bool]]
    delayed: list[Request]
    left: int | None = None
    killed: bool = False
    ended: bool = False
    raised: BaseException | None = None


@dataclass
class Outcome:
    """One step that was taken: what it is called, where it leads, and what it did.

    `before` is the moment's cluster as the step found it, as objects by path. `raised`: the
    product raised what it should not have.
    """

    label: str
    world: World
    written: list[Written]
    looked: list[tuple[View, Decision]]
    moment: Moment
    by: str = ""
    """driver, late, person, takeover, or empty: the cluster's own."""
    epoch: int = 0
    writes: int = 0
    raised: BaseException | None = None


class Inline:
    """An executor that runs at once, in the caller's thread."""

    def __init__(self, *_: object, **__: object) -> None:
        pass

    def __enter__(self) -> Inline:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def map(self, call: Callable[..., Any], *rest: Any) -> Iterator[Any]:
        """As Executor.map."""
        return map(call, *rest)


class Ids:
    """Stands in for `secrets` where releases get their ids."""

    next = "1"

    def token_hex(self, _bytes: int) -> str:
        """The id that the step has chosen."""
        return self.next


@contextmanager
def product(worlds: Worlds) -> Iterator[None]:
    """The product, with what no search can have taken out: threads, chance, `.status`.

    `.status` is a projection that is never read back (protocol 4). Records are decoded once a
    text: the same text has the same record.
    """
    with ExitStack() as stack:
        for target, name, value in (
            ("kubectl_cafe.engine.memory", "parse", worlds.pods.parse),
            ("kubectl_cafe.engine.fence", "ThreadPoolExecutor", Inline),
            ("kubectl_cafe.engine.start", "secrets", Ids()),
            ("kubectl_cafe.engine.driver", "projection", NoStatus),
            ("kubectl_cafe.engine.cafedeployment", "decode", cache(releases.decode)),
            ("kubectl_cafe.pods.model", "decode", cache(pod_records.decode)),
        ):
            stack.enter_context(patched(f"{target}.{name}", value))
        yield


class NoStatus:
    """Stands in for the module `projection`."""

    @staticmethod
    def write(*_: object) -> None:
        """Nothing is written."""


@dataclass
class Steps:
    """The steps of one scenario. `idle_turns` are drivers that have nothing to do or say."""

    scene: Scenario
    worlds: Worlds
    idle_turns: set[tuple[int, int]] = field(default_factory=set)
    effects: dict[tuple[object, ...], Effect] = field(default_factory=dict)

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
            yield from self._people(world, cafe)
        if not moved and world.driver >= 0 and world.era < self.scene.eras:
            yield from self._deadline(world)

    def cafe(self, world: World) -> CafeDeployment:
        """The CafeDeployment as the server has it."""
        for number in world.objects:
            path, item = self.worlds.objects[number]
            if path == CAFE:
                return CafeDeployment(item)
        raise AssertionError("the CafeDeployment is gone")

    # What happens by itself

    def _own(self, world: World) -> Iterator[Outcome]:
        yield from self._kubelets(world)
        yield from self._controllers(world)
        if world.driver >= 0:
            yield from self._driver(world)
            yield from self._patience(world)
        else:
            yield from self._takeover(world)
        yield from self._lates(world)

    def _kubelets(self, world: World) -> Iterator[Outcome]:
        pods = {o["metadata"]["uid"]: (p, o) for p, o in self._of_kind(world, "pods")}
        for uid, worker in world.workers:
            if uid not in pods:
                continue
            path, pod = pods[uid]
            for move in kubelet.moves(pod, worker):
                moment = self.worlds.thaw(world, live=False)
                moment.workers[uid] = scenes.advance(moment.cluster, path, worker, move)
                yield self._done(f"the kubelet of {uid} {move}", moment)

    def _controllers(self, world: World) -> Iterator[Outcome]:
        moment = self.worlds.thaw(world, live=False)
        for path, workload in self._of_kind(world, "replicasets"):
            name = workload["metadata"]["name"]
            lacks = controllers.lacks(moment.cluster, workload)
            if lacks > 0:
                number = self.scene.deletions - world.left[DELETIONS]
                body = f"{name.removeprefix(f'{NAME}-')}-{9 - number}"
                seen = {**moment.cached[path], **_names(workload)}
                pod = controllers.give_birth(moment.cluster, seen, body)
                born = moment.cluster.objects[pod]
                moment.workers[born["metadata"]["uid"]] = kubelet.born(born)
                yield self._done(f"the controller of {name} makes {body}", moment)
                moment = self.worlds.thaw(world, live=False)
            if controllers.unseen(workload):
                controllers.observe(moment.cluster, path)
                moment.cached[path] = moment.cluster.objects[path]
                yield self._done(f"the controller of {name} sees its spec", moment)
                moment = self.worlds.thaw(world, live=False)
        for _, service in self._of_kind(world, "services"):
            if controllers.stale(moment.cluster, service):
                controllers.publish(moment.cluster, service)
                yield self._done("the endpoints follow", moment)

    def _lates(self, world: World) -> Iterator[Outcome]:
        for number in range(len(world.late)):
            moment = self.worlds.thaw(world, live=False)
            request = moment.late.pop(number)
            with suppress(ApiError):
                moment.cluster.patch(request.path, request.body, request.kind)
            what = address(request.path).name
            yield self._done(
                f"a late write of epoch {request.epoch} to {what} arrives",
                moment,
                by="late",
                epoch=request.epoch,
            )

    # The driver

    def _driver(self, world: World) -> Iterator[Outcome]:
        for number in range(len(world.flights)):
            yield from self._answered(world, number, None)
        seen = self._seen(world)
        for chosen in self._choices(seen):
            yield from self._turn(world, chosen)

    def _answered(self, world: World, number: int, fault: Fault | None) -> Iterator[Outcome]:
        """A write under way arrives, and its answer comes back, or not."""
        code, version, took = world.flights[number]
        patch = self.worlds.patch(code, version)
        mine = tuple(n for n in world.objects if self.worlds.objects[n][0] == pod_path(patch.pod))
        key = (world.driver, world.era, "answer", world.flights[number], mine, fault)

        def carry_out(moment: Moment, live: Live) -> None:
            live.actor.carry_out(patch, took)

        effect = self._effect(world, key, {1: fault} if fault else {}, carry_out)
        flights = world.flights[:number] + world.flights[number + 1 :]
        moment = self._applied(world._replace(flights=flights), effect)
        moment.left[FAULTS] -= fault is not None
        said = f": {fault.name.lower().replace('_', ' ')}" if fault else ""
        yield self._done(f"the driver's {patch.what!r} reaches {patch.pod}{said}", moment, effect)

    def _seen(self, world: World) -> list[Seeing]:
        """What the driver has not seen yet, and how it comes to see it."""
        kept = self.worlds.drivers[world.driver]
        memory, found = kept.memory, list[Seeing]()
        pods = {o["metadata"]["uid"]: o for _, o in self._of_kind(world, "pods")}
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
        sets, parsed = memory["workloads"].items, InPlaceSet().parse
        shown = [parsed(o) for _, o in self._of_kind(world, "replicasets")]
        if any(sets[workload.name][1] != workload for workload in shown):
            found.append(Seeing("the workloads", -2, _sees_workloads))
        for _, item in self._of_kind(world, "endpointslices"):
            if memory["slices"].items[item["metadata"]["name"]][1] != ready_uids(item):
                key = self.worlds.objects.number(slice_of(item), item)
                found.append(Seeing("the endpoints", key, _sees_slices))
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
        if not seen and (world.driver, world.era) in self.idle_turns:
            return
        clean = self._turned(world, seen, {})
        if not seen and clean.world == world:
            self.idle_turns.add((world.driver, world.era))
            return
        yield clean
        for number in range(1, clean.writes + 1):
            if world.left[CRASHES]:
                yield self._turned(world, seen, {number: Fault.KILLED})
            if world.left[FAULTS]:
                yield self._turned(world, seen, {number: Fault.LOST_ANSWER})

    def _turned(self, world: World, seen: list[Seeing], faults: dict[int, Fault]) -> Outcome:
        objects = self.worlds.objects
        written = tuple(n for n in world.objects if address(objects[n][0]).plural in WRITTEN)
        shown = tuple((one.name, one.key) for one in seen)
        key = (world.driver, world.era, shown, written, tuple(faults.items()))

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
        return self._done(label, moment, effect)

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
            self._leave(moment, effect.left, effect.epoch)
            moment.news = not effect.ended
        return moment

    def _leave(self, moment: Moment, lease: int, epoch: int) -> None:
        """The driver is gone; what it has under way may arrive at any time."""
        moment.late += [request_of(patch, epoch) for patch, _ in moment.flights]
        moment.flights.clear()
        moment.live, moment.kept, moment.lease, moment.news = None, -1, lease, True

    def _takeover(self, world: World) -> Iterator[Outcome]:
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
        return self._done(label, moment, by="takeover")

    def _patience(self, world: World) -> Iterator[Outcome]:
        """Long enough passes for rules that read a clock, over a pod of which nothing moves.

        Or over one whose kubelet hangs before it reads the spec, or while it pulls: no rule may
        count on more than is shown by then.
        """
        kept = self.worlds.drivers[world.driver].memory
        busy = {self.worlds.writes[n].uid for n, _, _ in world.flights}
        workers = dict(world.workers)
        for path, pod in self._of_kind(world, "pods"):
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
            yield self._done(f"long enough passes over {address(path).name}", moment)

    def _deadline(self, world: World) -> Iterator[Outcome]:
        moment = self.worlds.thaw(world)
        assert moment.live is not None
        memory = moment.live.memory
        memory._sightings = {uid: aged(s) for uid, s in memory._sightings.items()}
        memory._off_since = dict.fromkeys(memory._off_since, LONG_AGO)
        moment.era += 1
        yield self._done("every deadline passes", moment)

    # What goes wrong

    def _faults(self, world: World) -> Iterator[Outcome]:
        if world.left[CRASHES] and world.driver >= 0:
            moment = self.worlds.thaw(world, live=False)
            moment.left[CRASHES] -= 1
            record = self.worlds.record(world.driver)
            self._leave(moment, LEFT, record.epoch)
            yield self._done("the driver is killed", moment)
        if world.left[FAULTS] and world.driver >= 0:
            for number in range(len(world.flights)):
                for fault in ANSWERS:
                    yield from self._answered(world, number, fault)
        if world.left[DELETIONS]:
            for path, pod in self._of_kind(world, "pods"):
                moment = self.worlds.thaw(world, live=False)
                moment.left[DELETIONS] -= 1
                moment.cluster.remove(path)
                del moment.workers[pod["metadata"]["uid"]]
                yield self._done(f"a stranger deletes {address(path).name}", moment)
        if world.left[EDITS]:
            for path, pod in self._of_kind(world, "pods"):
                for image in {"app:v1", self.scene.image}:
                    yield from self._edited(world, path, pod, image)
        if world.left[RESTARTS]:
            for uid, worker in world.workers:
                if not worker.acting and worker.containers[0].state == kubelet.RUNNING:
                    moment = self.worlds.thaw(world, live=False)
                    moment.left[RESTARTS] -= 1
                    moment.workers[uid] = kubelet.restart(worker)
                    yield self._done(f"a container of {uid} dies and is started again", moment)

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
        yield self._done(f"a stranger patches {address(path).name} to {image}", moment)

    # What people say

    def _people(self, world: World, cafe: CafeDeployment) -> Iterator[Outcome]:
        can = set(legal(cafe.position.state))
        for trigger in self.scene.verbs:
            if trigger in can:
                yield from self.said(world, trigger)
        if self.scene.forced and cafe.position.state in (State.FAILED, State.ABORTING):
            yield from self.said(world, Trigger.ABORT, forced=True)

    def said(self, world: World, trigger: Trigger, *, forced: bool = False) -> Iterator[Outcome]:
        """A verb, recorded for whoever drives (--detach); nothing where it is refused."""
        moment = self.worlds.thaw(world, live=False)
        cluster: Any = moment.cluster
        moment.left[VERBS] -= 1
        cafe = journal.read(cluster, SPACE, NAME)
        before, who = cafe.resource_version, Mover("bob")
        try:
            if trigger is Trigger.ROLLBACK:
                verbs.rollback(cluster, cafe, scenes.around(cluster, cafe), who, fast=False)
            elif trigger is Trigger.ABORT:
                verbs.abort(cluster, cafe, who, force=forced)
            elif trigger is Trigger.CONFIRM:
                verbs.confirm(cluster, cafe, who, None)
            elif trigger is Trigger.RESUME:
                verbs.resume(cluster, cafe, who)
            elif trigger is Trigger.SUPERSEDE:
                self._supersede(cluster, cafe, who)
            else:
                verbs.say(cluster, cafe, trigger, who)
        except (Refused, IllegalMove):
            return
        if cluster.objects[CAFE]["metadata"]["resourceVersion"] == before:
            return
        moment.news = True
        yield self._done(f"bob: {trigger}{' --force' if forced else ''}", moment, by="person")

    def _supersede(self, cluster: Any, cafe: CafeDeployment, who: Mover) -> None:
        start.secrets.next = "2"
        wanted = scenes.template(self.scene, "app:v3")
        scenes.release(cluster, cafe, wanted, Trigger.SUPERSEDE, who.who)
        start.secrets.next = "1"

    # Within

    def _done(
        self, label: str, moment: Moment, effect: Effect | None = None, by: str = "", epoch: int = 0
    ) -> Outcome:
        if effect is None:
            written = moment.cluster.written
            return Outcome(
                label, self.worlds.freeze(moment), written, [], moment, by, epoch, len(written)
            )
        return Outcome(
            label=label,
            world=self.worlds.freeze(moment),
            written=effect.written,
            looked=effect.live.watcher.views,
            moment=moment,
            by="driver",
            epoch=effect.epoch,
            writes=effect.writes,
            raised=effect.raised,
        )

    def _of_kind(self, world: World, plural: str) -> list[tuple[str, dict[str, Any]]]:
        found = [self.worlds.objects[number] for number in world.objects]
        return sorted((o for o in found if address(o[0]).plural == plural), key=itemgetter(0))


def slice_of(item: dict[str, Any]) -> str:
    """The path of the EndpointSlice."""
    return paths.endpointslices(SPACE, item["metadata"]["name"])


def _sees_pod(kind: str, pod: dict[str, Any]) -> Callable[[Moment], None]:
    def sees(moment: Moment) -> None:
        assert moment.live is not None
        moment.live.memory.pod_event(kind, pod, 0.0)

    return sees


def _sees_workloads(moment: Moment) -> None:
    assert moment.live is not None
    found = (o for _, o in controllers.of_kind(moment.cluster, "replicasets"))
    moment.live.memory.workloads.listed(found)


def _sees_slices(moment: Moment) -> None:
    assert moment.live is not None
    found = (o for _, o in controllers.of_kind(moment.cluster, "endpointslices"))
    moment.live.memory.slices.listed(found)


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

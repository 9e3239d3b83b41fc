"""A state of the search, and how it is taken apart and put together again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, NamedTuple

from kubectl_cafe.cluster import paths
from kubectl_cafe.cluster.transport import PatchKind
from kubectl_cafe.engine.act import Actor
from kubectl_cafe.engine.cafedeployment import CafeDeployment
from kubectl_cafe.engine.collection import Collection
from kubectl_cafe.engine.driver import Driver
from kubectl_cafe.engine.memory import Memory
from kubectl_cafe.engine.observe import Observer
from kubectl_cafe.engine.view import Decision, View
from kubectl_cafe.pods.patches import PodPatch
from kubectl_cafe.pods.sighting import Seen, Sighting
from kubectl_cafe.podsets.inplaceset import InPlaceSet
from kubectl_cafe.revisions import revision as revisions
from statemachine.record import Record
from tests.explore.scenario import CAFE, SPACE, T0, Frozen
from tests.explore.tables import Objects, Pods, Table, text_of
from tests.memcluster.address import address
from tests.memcluster.cluster import MemCluster, Request
from tests.memcluster.kubelet import Worker

ERA = 86_400.0
"""Seconds by which every deadline is over."""
LONG_AGO = -1e6
"""When, by the frozen clock, something was seen that has lasted long enough since."""
FREE, HELD, LEFT = 0, 1, 2
"""The lease: given back, held, or left behind by a driver that is dead."""
BASE = 90
"""The cluster's counter at the start of every step: above any renamed resourceVersion."""


@cache
def pod_path(name: str) -> str:
    """The path of the pod."""
    return paths.pods(SPACE, name)


@cache
def set_path(name: str) -> str:
    """The path of the ReplicaSet."""
    return paths.replicasets(SPACE, name)


class State(NamedTuple):
    """One state; all parts are small numbers or hashable values.

    `objects` are what the API server has, `workers` what the nodes remember, `cached` the
    workloads as their controller last saw them. `driver` is -1 without one; `flights` are its
    writes under way, `late` those that nobody waits for any more. `left` says how often what
    goes wrong may still do so; `news`: somebody may want to drive.
    """

    objects: tuple[int, ...]
    workers: tuple[tuple[str, Worker], ...]
    cached: tuple[int, ...]
    driver: int
    flights: tuple[tuple[int, str, bool], ...]
    late: tuple[tuple[int, str], ...]
    lease: int
    era: int
    news: bool
    left: tuple[int, ...]


@dataclass(frozen=True)
class Kept:
    """What is kept of a driver between two steps. `memory` are its memory's own fields."""

    cafe: int
    since: int
    no_way_back: tuple[str, ...]
    lost: tuple[tuple[int, str], ...]
    memory: Mapping[str, Any]


class Silent:
    """A watcher that remembers the last view and decision."""

    def __init__(self) -> None:
        self.views: list[tuple[View, Decision]] = []

    def moved(self, cafe: CafeDeployment) -> None:
        """Nobody is told."""

    def looked(self, view: View, decision: Decision) -> None:
        """For the invariants."""
        self.views.append((view, decision))


@dataclass
class Live:
    """A driver that runs: the product's own, with a memory that nobody fills but the steps."""

    driver: Driver
    actor: Actor
    memory: Memory
    watcher: Silent


@dataclass
class Moment:
    """A state that is being changed."""

    cluster: MemCluster
    workers: dict[str, Worker]
    cached: dict[str, dict[str, Any]]
    live: Live | None
    flights: list[tuple[PodPatch, bool]]
    late: list[Request]
    lease: int
    era: int
    news: bool
    left: list[int]
    kept: int = -1
    """The number of a driver that this step has nothing to do with."""
    lost: list[PodPatch] = field(default_factory=list)


class Worlds:
    """Freezes and thaws the states of one search."""

    def __init__(self) -> None:
        self.objects = Objects()
        self.pods = Pods()
        self.writes: Table[PodPatch | Request] = Table()
        self.drivers: Table[Kept] = Table()
        self._holds: dict[int, dict[str, set[int]]] = {}

    # Thawing

    def thaw(self, state: State, *, live: bool = True) -> Moment:
        """A moment to change. `live` False leaves the driver alone as it is."""
        cluster = MemCluster(clock=Frozen(T0 + state.era * ERA), shared=True)
        cluster.objects = dict(self.objects[number] for number in state.objects)
        cluster.counter = BASE
        moment = Moment(
            cluster=cluster,
            workers=dict(state.workers),
            cached=dict(self.objects[number] for number in state.cached),
            live=None,
            flights=[(self.patch(n, v), took) for n, v, took in state.flights],
            late=[self._request(n, v) for n, v in state.late],
            lease=state.lease,
            era=state.era,
            news=state.news,
            left=list(state.left),
            kept=state.driver,
        )
        if live and state.driver >= 0:
            moment.live = self.wake(cluster, self.drivers[state.driver])
            moment.kept = -1
        return moment

    def wake(self, cluster: MemCluster, kept: Kept) -> Live:
        """The driver as it was."""
        cafe = CafeDeployment(self.objects[kept.cafe][1])
        memory = Memory(cafe.uid, InPlaceSet())
        for name, value in kept.memory.items():
            if isinstance(value, _Items):
                getattr(memory, name)._kept.update(value.items)
            else:
                setattr(memory, name, value.copy() if isinstance(value, dict | set) else value)
        live = self.start(cluster, cafe, memory)
        live.driver._since = T0 + kept.since * ERA
        live.driver._no_way_back = set(kept.no_way_back)
        live.actor._lost = [self.patch(n, v) for n, v in kept.lost]
        return live

    def start(self, cluster: MemCluster, cafe: CafeDeployment, memory: Memory) -> Live:
        """A driver of `cafe` that knows what is in `memory`."""
        observer = Observer.__new__(Observer)
        observer.memory = memory
        observer._transport = cluster
        observer._pods_path = paths.pods(SPACE)
        observer._pods_query = {"labelSelector": cafe.label_selector}
        observer._informers = ()
        known = self.revisions(cluster)
        watcher = Silent()
        driver = Driver(cluster, cafe, known, observer, who="driver", watcher=watcher)
        actor = Actor(cluster, SPACE, memory, workers=0)
        return Live(driver, actor, memory, watcher)

    def revisions(self, cluster: MemCluster) -> dict[str, revisions.Revision]:
        """All revisions there are."""
        return {
            item["metadata"]["name"]: revisions.parse(item)
            for path, item in cluster.objects.items()
            if address(path).plural == "controllerrevisions"
        }

    def record(self, driver: int) -> Record:
        """The release's record as the driver knows it."""
        record = CafeDeployment(self.objects[self.drivers[driver].cafe][1]).record
        assert record is not None
        return record

    # Freezing

    def freeze(self, moment: Moment) -> State:
        """The state that `moment` has become; resourceVersions are numbered anew."""
        numbers = {path: self.objects.number(path, o) for path, o in moment.cluster.objects.items()}
        shown = {
            path: self.objects[n][1]["metadata"]["resourceVersion"] for path, n in numbers.items()
        }
        known = self._known(moment)
        renames: dict[str, dict[str, str]] = {}
        for path, version in shown.items():
            alive = sorted({int(version), *known.get(path, ())})
            renames[path] = {str(old): str(new) for new, old in enumerate(alive, start=1)}
        if moment.kept >= 0 and any(
            renames[path][str(v)] != str(v)
            for path, versions in self._held(moment.kept).items()
            for v in versions
            if path in renames
        ):
            moment.live = self.wake(moment.cluster, self.drivers[moment.kept])
        objects = tuple(
            sorted(
                self.objects.renamed(n, renames[path][shown[path]]) for path, n in numbers.items()
            )
        )
        cached = tuple(sorted(self._bare(path, item) for path, item in moment.cached.items()))
        return State(
            objects=objects,
            workers=tuple(sorted(moment.workers.items())),
            cached=cached,
            driver=self._driver(moment, renames),
            flights=self._flights(moment, shown, renames),
            late=self._late(moment, shown, renames),
            lease=moment.lease,
            era=moment.era,
            news=moment.news,
            left=tuple(moment.left),
        )

    def _bare(self, path: str, item: dict[str, Any]) -> int:
        """A controller's copy of a workload: its status and version are nobody's business."""
        meta = {**item["metadata"], "resourceVersion": "0"}
        return self.objects.number(path, {"metadata": meta, "spec": item["spec"]})

    def _known(self, moment: Moment) -> dict[str, set[int]]:
        """Every resourceVersion that somebody holds, by path."""
        known: dict[str, set[int]] = {}

        def hold(path: str, version: str | int) -> None:
            known.setdefault(path, set()).add(int(version))

        for patch, _ in moment.flights:
            hold(pod_path(patch.pod), patch.resource_version)
        for request in moment.late:
            if version := _version(request):
                hold(address(request.path).object, version)
        if moment.kept >= 0:
            for path, versions in self._held(moment.kept).items():
                known.setdefault(path, set()).update(versions)
        if moment.live is not None:
            self._live_holds(moment.live, hold)
        return known

    def _held(self, kept: int) -> dict[str, set[int]]:
        """Every resourceVersion that a driver holds which is not awake."""
        if kept not in self._holds:
            found: dict[str, set[int]] = {}
            live = self.wake(MemCluster(shared=True), self.drivers[kept])
            self._live_holds(live, lambda path, v: found.setdefault(path, set()).add(int(v)))
            self._holds[kept] = found
        return self._holds[kept]

    def _live_holds(self, live: Live, hold: Callable[[str, str | int], object]) -> None:
        for patch in live.actor._lost:
            hold(pod_path(patch.pod), patch.resource_version)
        memory, named = live.memory, {}
        for uid, pod in memory._pods.items():
            path = named[uid] = pod_path(pod.name)
            hold(path, pod.resource_version)
        for uid, version in [*memory._unseen.items(), *memory._stale.items()]:
            if uid in named:
                hold(named[uid], version)
        for workload in memory.workloads.all():
            hold(set_path(workload.name), workload.resource_version)
        hold(CAFE, live.driver._release.cafe.resource_version)

    def _driver(self, moment: Moment, renames: Mapping[str, Mapping[str, str]]) -> int:
        live = moment.live
        if live is None:
            return moment.kept
        memory, payload, key = live.memory, {}, []
        for name, value in sorted(vars(memory).items()):
            if name in ("changed", "_dirty", "_owner", "_podset"):
                continue
            if isinstance(value, Collection):
                items = {
                    k: (0, _renamed_workload(v, renames) if name == "workloads" else v)
                    for k, (_, v) in value._kept.items()
                }
                payload[name] = _Items(items)
                key.append((name, _hashable(items)))
                continue
            if name == "_pods":
                value = {
                    uid: self._pod(p, renames.get(pod_path(p.name), {})) for uid, p in value.items()
                }
                key.append((name, tuple(sorted((u, self.pods.key(p)) for u, p in value.items()))))
            elif name in ("_unseen", "_stale"):
                value = {
                    uid: type(v)(renames[pod_path(memory._pods[uid].name)][str(v)])
                    for uid, v in value.items()
                    if uid in memory._pods and pod_path(memory._pods[uid].name) in renames
                }
                key.append((name, _hashable(value)))
            else:
                key.append((name, _hashable(value)))
            payload[name] = value
        cafe = live.driver._release.cafe
        number = self.objects.number(
            CAFE, dict(cafe.obj) if type(cafe.obj) is not dict else cafe.obj
        )
        number = self.objects.renamed(number, renames[CAFE][cafe.resource_version])
        lost = tuple(
            (self._write(p), renames[pod_path(p.pod)][p.resource_version])
            for p in live.actor._lost
            if pod_path(p.pod) in renames and p.resource_version in renames[pod_path(p.pod)]
        )
        since = int((live.driver._since - T0) // ERA)
        kept = Kept(number, since, tuple(sorted(live.driver._no_way_back)), lost, payload)
        return self.drivers.number(
            (kept.cafe, kept.since, kept.no_way_back, kept.lost, tuple(key)), kept
        )

    def _pod(self, pod: Any, renames: Mapping[str, str]) -> Any:
        content, version = self.pods.key(pod)
        return self.pods.pod(content, renames.get(version, "0"))

    def _flights(
        self, moment: Moment, shown: Mapping[str, str], renames: Mapping[str, Mapping[str, str]]
    ) -> tuple[tuple[int, str, bool], ...]:
        found = []
        for patch, took in moment.flights:
            path = pod_path(patch.pod)
            version = patch.resource_version
            judged = "resourceVersion" in patch.body["metadata"]
            if judged and shown.get(path) != version:  # It will meet a 409, whatever it says.
                patch = PodPatch(
                    patch.pod, patch.uid, version, "stale", patch.status, _stale(patch)
                )
            found.append((self._write(patch), renames.get(path, {}).get(version, "0"), took))
        return tuple(sorted(found))

    def _late(
        self, moment: Moment, shown: Mapping[str, str], renames: Mapping[str, Mapping[str, str]]
    ) -> tuple[tuple[int, str], ...]:
        """Writes that nobody waits for; those that can't land any more are forgotten."""
        found = set()
        for request in moment.late:
            path, version = address(request.path).object, _version(request)
            if path in shown and version in ("", shown[path]):
                found.add((self._write(request), renames[path][version] if version else ""))
        return tuple(sorted(found))

    def _write(self, write: PodPatch | Request) -> int:
        bare = replace(write, body=_versioned(write.body, ""))
        if isinstance(write, PodPatch):
            bare = replace(bare, resource_version="")
            named = (write.pod, write.uid, write.what, write.status)
            return self.writes.number((*named, text_of(bare.body)), bare)
        key = (write.path, write.kind, write.epoch, text_of(bare.body))
        return self.writes.number(key, bare)

    def patch(self, number: int, version: str) -> PodPatch:
        """The write of this number, judged on this resourceVersion."""
        bare = self.writes[number]
        assert isinstance(bare, PodPatch)
        return replace(bare, resource_version=version, body=_versioned(bare.body, version))

    def _request(self, number: int, version: str) -> Request:
        bare = self.writes[number]
        assert isinstance(bare, Request)
        return replace(bare, body=_versioned(bare.body, version))


@dataclass(frozen=True)
class _Items:
    """What a Collection keeps."""

    items: Mapping[str, Any]


def request_of(patch: PodPatch, epoch: int) -> Request:
    """A pod's write as it is on its way."""
    path = paths.pods(SPACE, patch.pod, "status" if patch.status else None)
    return Request(path, patch.body, PatchKind.STRATEGIC, epoch)


def aged(sighting: Sighting) -> Sighting:
    """The sighting after long enough."""

    def older(seen: Seen) -> Seen:
        return replace(
            seen,
            id_since=LONG_AGO,
            ready_since=None if seen.ready_since is None else LONG_AGO,
            trouble_since=None if seen.trouble_since is None else LONG_AGO,
            acted_since=None if seen.acted_since is None else LONG_AGO,
        )

    containers = {name: older(seen) for name, seen in sighting.containers.items()}
    return replace(sighting, ready_reason_since=LONG_AGO, containers=containers)


def _version(request: Request) -> str:
    return str(request.body["metadata"].get("resourceVersion", ""))


def _versioned(body: Mapping[str, Any], version: str) -> dict[str, Any]:
    meta = body["metadata"]
    if "resourceVersion" not in meta:
        return dict(body)
    return {**body, "metadata": {**meta, "resourceVersion": version}}


def _stale(patch: PodPatch) -> dict[str, Any]:
    return {"metadata": {"uid": patch.uid, "resourceVersion": patch.resource_version}}


def _renamed_workload(workload: Any, renames: Mapping[str, Mapping[str, str]]) -> Any:
    versions = renames.get(set_path(workload.name), {})
    return replace(workload, resource_version=versions.get(workload.resource_version, "0"))


def _hashable(value: object) -> object:
    if isinstance(value, Mapping):
        return tuple(sorted((k, _hashable(v)) for k, v in value.items()))
    if isinstance(value, set | frozenset):
        return tuple(sorted(value))
    if isinstance(value, tuple | list):
        return tuple(_hashable(item) for item in value)
    if isinstance(value, Sighting):
        return (
            value.generation,
            value.ready_reason,
            value.ready_reason_since,
            value.gate,
            tuple(sorted(value.containers.items())),
        )
    if hasattr(value, "selector"):  # A Service: it never changes.
        return value.name
    return value

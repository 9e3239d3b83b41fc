"""A state put together again: a cluster, and a driver that goes on where it was."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, cast

from msgspec import structs

from kubectl_cafe import names
from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.cache.cache import Cache
from kubectl_cafe.cache.informers import Observer
from kubectl_cafe.client import paths
from kubectl_cafe.client.errors import ApiError
from kubectl_cafe.driver.loop import Driver
from kubectl_cafe.driver.writers import Writers
from kubectl_cafe.pods.patches import PodPatch
from kubectl_cafe.podsets import WorkloadWrite
from kubectl_cafe.podsets.inplaceset import InPlaceSet
from kubectl_cafe.release.write_failures import Trouble
from kubectl_cafe.revisions import revision as revisions
from statemachine.record import Record
from tests.explore.policies import IN_FORCE, Unwatched
from tests.explore.scenario import SPACE, T0, Frozen
from tests.explore.state import (
    BASE,
    ERA,
    LONG_AGO,
    MINUTE,
    NO_ANSWER,
    POD,
    POLICY,
    RECORD,
    SET,
    Flight,
    Items,
    Kept,
    Live,
    Moment,
    Repeated,
    Silent,
    State,
)
from tests.explore.tables import Objects, Pods, Table
from tests.memcluster.address import address
from tests.memcluster.cluster import MemCluster
from tests.memcluster.requests import Request


class Thawing:
    """The tables of one search, and its states as something that can be changed."""

    def __init__(self, policy: Callable[[str, Any], ApiError | None] | None = None) -> None:
        self.policy = policy
        self.objects = Objects()
        self.pods = Pods()
        self.writes: Table[PodPatch | Request | WorkloadWrite] = Table()
        self.drivers: Table[Kept] = Table()
        self.errors: Table[Exception] = Table()
        self._parsed: dict[int, revisions.Revision] = {}
        self._holds: dict[int, dict[str, set[int]]] = {}

    def thaw(self, state: State, *, live: bool = True) -> Moment:
        """A moment to change. `live` False leaves the driver alone as it is."""
        now = T0 + state.era * ERA + state.minute * MINUTE
        cluster = MemCluster(clock=Frozen(now), shared=True)
        cluster.objects = dict(self.objects[number] for number in state.objects)
        cluster.counter = BASE
        if self.policy and state.left[POLICY] == IN_FORCE:
            cluster.refuses = self.policy
        moment = Moment(
            cluster=cluster,
            workers=dict(state.workers),
            cached=dict(self.objects[number] for number in state.cached),
            live=None,
            flights=[self.flight(one) for one in state.flights],
            late=[self._request(n, v) for n, v in state.late],
            lease=state.lease,
            era=state.era,
            minute=state.minute,
            news=state.news,
            left=list(state.left),
            drained=set(state.drained),
            kept=state.driver,
            other=state.other,
            other_flights=[self.flight(one) for one in state.other_flights],
        )
        if live and state.driver >= 0:
            moment.live = self.wake(cluster, self.drivers[state.driver])
            moment.kept = -1
        return moment

    def wake(self, cluster: MemCluster, kept: Kept) -> Live:
        """The driver as it was."""
        cafe = CafeDeployment(self.objects[kept.cafe][1])
        cache = Cache(cafe.uid, InPlaceSet())
        for name, value in kept.cache.items():
            if isinstance(value, Items):
                getattr(cache, name)._kept.update(value.items)
            else:
                setattr(cache, name, value.copy() if isinstance(value, dict | set) else value)
        live = self.start(cluster, cafe, cache)
        live.driver._since = T0 + kept.since
        if not kept.heard:
            live.driver._release._heard = LONG_AGO
        live.driver._no_way_back = set(kept.no_way_back)
        refusals = live.driver._refusals
        refusals.end, refusals.reopening, refusals.blind, barred, refusals._still = kept.refusals
        refusals.barred, live.actor.blind = set(barred), refusals.blind
        if kept.unseen:
            unwatched(live)
        for number, error in kept.failed:
            live.actor.failures.put((self.errors[error], self.patch(number, "0")))
        for one in kept.troubles:
            self.repeats(live, one)
        live.actor._lost = [self.patch(n, v) for n, v in kept.lost]
        live.actor.workloads._lost = [self._workload(n, v) for n, v in kept.lost_sets]
        return live

    def repeats(self, live: Live, one: Repeated) -> None:
        """The driver repeats this write."""
        error = self.errors[one.error]
        assert isinstance(error, ApiError)
        trouble = Trouble(one.what, one.since, error, one.image)
        if one.of == RECORD:
            live.driver._release.trouble = trouble
        else:
            actor = live.actor
            found = actor.troubles if one.of == POD else actor.workloads.troubles
            found._kept[one.key] = trouble

    def repeated(self, live: Live) -> tuple[Repeated, ...]:
        """The writes that fail and are repeated."""
        actor, moving = live.actor, live.driver._release.trouble
        found = [(POD, *one) for one in actor.troubles.all().items()]
        found += [(SET, *one) for one in actor.workloads.troubles.all().items()]
        found += [(RECORD, "", moving)] if moving else []
        return tuple(
            sorted(
                Repeated(of, key, one.what, one.since, self.error(one.error), one.image)
                for of, key, one in found
            )
        )

    def error(self, error: Exception) -> int:
        """The number of an error; equal ones share it."""
        said = (str(error), getattr(error, "where", ""), getattr(error, "method", ""))
        return self.errors.number((type(error), *said), error)

    def start(self, cluster: MemCluster, cafe: CafeDeployment, cache: Cache) -> Live:
        """A driver of `cafe` that knows what is in `cache`."""
        observer = Observer.__new__(Observer)
        observer.cache = cache
        observer._transport = cluster
        observer._pods_path = paths.pods(SPACE)
        observer._slices_path = paths.endpointslices(SPACE)
        observer._pods_query = {"labelSelector": cafe.label_selector}
        observer._informers = ()
        observer._others = cast(Any, ...)  # Lists alone: nothing is watched here.
        known = self.revisions(cluster)
        watcher = Silent()
        session = cluster.session(held)
        driver = Driver(session, cafe, known, observer, who="driver", watcher=watcher)
        actor = Writers(session, SPACE, cache, workers=0)
        return Live(driver, actor, cache, watcher)

    def revisions(self, cluster: MemCluster) -> dict[str, revisions.Revision]:
        """All revisions there are."""
        found = {}
        for path, item in cluster.objects.items():
            labels = item["metadata"].get("labels") or {}
            if address(path).plural == "controllerrevisions" and names.RELEASE_OF not in labels:
                number = self.objects.number(path, item)
                if number not in self._parsed:
                    self._parsed[number] = revisions.parse(item)
                found[item["metadata"]["name"]] = self._parsed[number]
        return found

    def record(self, driver: int) -> Record:
        """The release's record as the driver knows it."""
        record = CafeDeployment(self.objects[self.drivers[driver].cafe][1]).record
        assert record is not None
        return record

    def flight(self, one: tuple[int, str, bool, int]) -> Flight:
        """The write under way that a state tells by numbers."""
        number, version, took, answer = one
        return Flight(self.patch(number, version), took, self._answer(answer))

    def _answer(self, number: int) -> dict[str, Any] | ApiError | None:
        if number >= 0:
            return self.objects[number][1]
        if number == NO_ANSWER:
            return None
        error = self.errors[NO_ANSWER - 1 - number]
        assert isinstance(error, ApiError)
        return error

    def patch(self, number: int, version: str) -> PodPatch:
        """The write of this number, judged on this resourceVersion."""
        bare = self.writes[number]
        assert isinstance(bare, PodPatch)
        return structs.replace(bare, resource_version=version, body=versioned(bare.body, version))

    def _workload(self, number: int, version: str) -> WorkloadWrite:
        bare = self.writes[number]
        assert isinstance(bare, WorkloadWrite)
        return structs.replace(bare, body=versioned(bare.body, version))

    def _request(self, number: int, version: str) -> Request:
        bare = self.writes[number]
        assert isinstance(bare, Request)
        return replace(bare, body=versioned(bare.body, version))


def unwatched(live: Live) -> None:
    """The driver's watch of pods ends, refused."""
    observer: Any = live.driver._observer
    observer._informers = (Unwatched(),)


def held() -> None:
    """No lease runs out between two steps: that it is lost is a step of its own."""


def versioned(body: Mapping[str, Any], version: str) -> dict[str, Any]:
    """The body, judged on this resourceVersion; one that names none goes on doing so."""
    meta = body["metadata"]
    if "resourceVersion" not in meta:
        return dict(body)
    return {**body, "metadata": {**meta, "resourceVersion": version}}

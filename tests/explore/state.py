"""What a state of the search is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple

from msgspec.structs import replace

from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.assessment.snapshot import Decision, Snapshot
from kubectl_cafe.cache.cache import Cache
from kubectl_cafe.client import paths
from kubectl_cafe.client.errors import ApiError, UnknownOutcome
from kubectl_cafe.client.transport import PatchKind
from kubectl_cafe.driver.loop import Driver
from kubectl_cafe.driver.refusals import End
from kubectl_cafe.driver.writers import Writers
from kubectl_cafe.pods.observed import Seen, Sighting, Stamp
from kubectl_cafe.pods.patches import PodPatch
from tests.explore.scenario import SPACE
from tests.memcluster.cluster import MemCluster
from tests.memcluster.kubelet import Worker
from tests.memcluster.requests import Request

ERA = 86_400.0
"""Seconds by which every deadline is over."""
MINUTE = 60.0
"""Seconds by which any minReadySeconds are over, and no deadline is."""
LONG_AGO = -1e6
"""When, by the frozen clock, something was seen that has lasted long enough since."""
CRASHES, FAULTS, DELETIONS, VERBS, EDITS, RESTARTS, TIGHTENED, LOSSES = range(8)
EVICTIONS, TOUCHES, POLICY, DELETING, STRAYS, DISOWNED, FAILURES, SCALED, PROBES = range(8, 17)
OVERTAKEN, DEAF, NODES, TEMPLATES, SLOW = range(17, 22)
"""Where each is in State.left."""
FREE, HELD, LEFT = 0, 1, 2
"""The lease: given back, held, or left behind by a driver that is dead."""
LAST = 10**9
"""The resourceVersion of a pod's deletion: no pod of a search comes back under its uid."""
NO_ANSWER = -1
"""Of a write that has not arrived; other negative numbers are those of errors."""
BASE = 90
"""The cluster's counter at the start of every step: above any renamed resourceVersion."""


@cache
def pod_path(name: str) -> str:
    """The path of the pod."""
    return paths.pods(SPACE, name)


def pod_path_of(uid: str) -> str:
    """The path of the pod with this uid."""
    return pod_path(uid.removeprefix("uid-"))


@cache
def set_path(name: str) -> str:
    """The path of the ReplicaSet."""
    return paths.replicasets(SPACE, name)


class State(NamedTuple):
    """One state; all parts are small numbers or hashable values.

    `objects` are what the API server has, `workers` what the nodes remember, `cached` the
    workloads as their controller last saw them. `driver` is -1 without one; `flights` are its
    writes under way, each with the number of its answer where that is on its way, else NO_ANSWER;
    `late` are those that nobody waits for any more. `left` says how often what
    goes wrong may still do so; `news`: somebody may want to drive. `era` and `minute` are how
    often that much time has passed. `drained` are the uids of pods that drainSeconds have passed
    over since the driver saw them off, and that were off all the time: the truth, which nobody
    reads but the invariants. `other` is a driver that goes on although its lease has run out,
    -1 without one; `other_flights` are its writes under way.
    """

    objects: tuple[int, ...]
    workers: tuple[tuple[str, Worker], ...]
    cached: tuple[int, ...]
    driver: int
    flights: tuple[tuple[int, str, bool, int], ...]
    late: tuple[tuple[int, str], ...]
    lease: int
    era: int
    minute: int
    news: bool
    left: tuple[int, ...]
    drained: tuple[str, ...]
    other: int = -1
    other_flights: tuple[tuple[int, str, bool, int], ...] = ()

    @property
    def passed(self) -> tuple[int, int]:
        """How much time has passed."""
        return self.era, self.minute


class Repeated(NamedTuple):
    """A write that fails and is repeated: of POD, SET or RECORD; `error` is the error's number."""

    of: int
    key: str
    what: str
    since: float
    error: int
    image: bool


POD, SET, RECORD = range(3)


@dataclass(frozen=True)
class Kept:
    """What is kept of a driver between two steps. `cache` are its memory's own fields.

    `refusals` are why it leaves, whether it reopens, the pods that no write reaches, and since
    when it has been in the mode in which it repeats writes; `failed` the writes that were
    refused, each with its error's number, of which it has yet to hear; `troubles` those that it
    repeats. `heard`: it has read the CafeDeployment lately. `unseen`: its watch of pods has ended.
    """

    cafe: int
    since: int
    no_way_back: tuple[str, ...]
    lost: tuple[tuple[int, str], ...]
    lost_sets: tuple[tuple[int, str], ...]
    refusals: tuple[End | None, bool, bool, frozenset[str], tuple[object, float]]
    failed: tuple[tuple[int, int], ...]
    troubles: tuple[Repeated, ...]
    heard: bool
    unseen: bool
    cache: Mapping[str, Any]


class Silent:
    """A watcher that remembers the last view and decision."""

    def __init__(self) -> None:
        self.views: list[tuple[Snapshot, Decision]] = []

    def moved(self, cafe: CafeDeployment) -> None:
        """Nobody is told."""

    def looked(self, snapshot: Snapshot, decision: Decision) -> None:
        """For the invariants."""
        self.views.append((snapshot, decision))


class Flight(NamedTuple):
    """A write of a pod under way; `took`: it takes a healthy pod.

    `answer`: the write has arrived, and this is on its way back: the pod, or the error. A lost
    answer is one that the writer looks for (Writers._settle).
    """

    patch: PodPatch
    took: bool
    answer: dict[str, Any] | ApiError | None = None

    @property
    def may_arrive(self) -> bool:
        """Whether the write may still reach the server."""
        return self.answer is None or isinstance(self.answer, UnknownOutcome)


@dataclass
class Live:
    """A driver that runs: the product's own, with a memory that nobody fills but the steps.

    `settling` are the writes whose lost answers its writers still look for.
    """

    driver: Driver
    actor: Writers
    cache: Cache
    watcher: Silent
    settling: list[Flight] = field(default_factory=list)


@dataclass
class Moment:
    """A state that is being changed."""

    cluster: MemCluster
    workers: dict[str, Worker]
    cached: dict[str, dict[str, Any]]
    live: Live | None
    flights: list[Flight]
    late: list[Request]
    lease: int
    era: int
    minute: int
    news: bool
    left: list[int]
    drained: set[str] = field(default_factory=set)
    kept: int = -1
    """The number of a driver that this step has nothing to do with."""
    other: int = -1
    other_flights: list[Flight] = field(default_factory=list)


@dataclass(frozen=True)
class Items:
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


def later(sighting: Sighting, seconds: float) -> Sighting:
    """The sighting once the server's time has moved by so many seconds: all was seen earlier."""

    def earlier(stamp: Stamp) -> Stamp:
        return replace(stamp, seen=stamp.seen - seconds)

    containers = {
        name: replace(seen, started=earlier(seen.started))
        for name, seen in sighting.containers.items()
    }
    return replace(sighting, turned=earlier(sighting.turned), containers=containers)

"""An API server of a few objects, where the transport would be; and a driver in front of it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

from msgspec.structs import replace

from kubectl_cafe import names
from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.assessment.snapshot import Decision, Snapshot
from kubectl_cafe.cache.cache import Cache
from kubectl_cafe.client import paths
from kubectl_cafe.client.errors import ApiError, NotFound
from kubectl_cafe.client.transport import Listing, PatchKind
from kubectl_cafe.driver.loop import Driver
from kubectl_cafe.podsets.inplaceset import InPlaceSet
from kubectl_cafe.revisions.revision import Revision
from statemachine.record import Record
from statemachine.record_json import encode
from tests.unit.builders import REVISIONS, START, cafe_object, template

Object = dict[str, Any]
CR = paths.cafedeployments("stores", "shop")
SET = paths.replicasets("stores", "shop")
ENOUGH = 20
"""Looks after which a driver that should have stopped is taken for one that never does."""


class Hand:
    """A clock that only moves in `sleep`."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return START + self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class Server:
    """Keeps what is patched; `errors` are raised by the next writes of a path, in order.

    A path with /status has its own beside. `allowed` is what access reviews are answered.
    `lost` are raised in the same way, after the write was made. It stands where a session's
    transport does; its `guard` is what the driver asks, and holds no write back.
    """

    def __init__(self, objects: Mapping[str, Object]) -> None:
        self.objects = {path: copy.deepcopy(item) for path, item in objects.items()}
        self.errors: dict[str, list[Exception]] = {}
        self.lost: dict[str, list[Exception]] = {}
        self.clock = Hand()
        self.check_lease: Callable[[], None] = lambda: None
        self.aside_refused = ""
        self.release = ""
        self.allowed = True

    def server_time(self) -> float:
        return self.clock.time()

    def get(self, path: str, query: Any = None, *, timeout: float | None = None) -> Object:
        if path not in self.objects:
            raise NotFound("there is none", where=path)
        return copy.deepcopy(self.objects[path])

    def list(self, path: str, query: Any = None) -> Listing:
        below = [item for at, item in self.objects.items() if at.startswith(f"{path}/")]
        return Listing(copy.deepcopy(below), "100")

    def patch(
        self, path: str, body: Object, kind: PatchKind, query: Any = None, **_: Any
    ) -> Object:
        for at in (path, path := path.removesuffix("/status")):
            if self.errors.get(at):
                raise self.errors[at].pop(0)
        found = self.get(path)
        version = int(found["metadata"]["resourceVersion"])
        _merge(found, body)
        found["metadata"]["resourceVersion"] = str(version + 1)
        self.objects[path] = found
        if self.lost.get(path):
            raise self.lost[path].pop(0)
        return copy.deepcopy(found)

    def create(self, path: str, body: Object, **_: Any) -> Object:
        """An access review; nothing else is created."""
        assert path == paths.selfsubjectaccessreviews()
        return {"status": {"allowed": self.allowed}}

    def create_aside(self, path: str, body: Object) -> None:
        """Events are nobody's business here."""

    @property
    def record(self) -> Record:
        """The release as it stands."""
        record = CafeDeployment(self.objects[CR]).record
        assert record is not None
        return record


def _merge(item: Object, body: Mapping[str, Any]) -> None:
    for key, value in body.items():
        if isinstance(value, Mapping):
            _merge(item.setdefault(key, {}), value)
        elif value is None:
            item.pop(key, None)
        else:
            item[key] = value


def cafe(record: Record) -> Object:
    """The CafeDeployment with a release of the spec that it has."""
    obj = cafe_object(template=template("app:v2"))
    planned = replace(record, spec_hash=CafeDeployment(obj).spec_hash)
    obj["metadata"]["annotations"] = {names.RELEASE: encode(planned)}
    return obj


def replicaset() -> Object:
    """Our ReplicaSet at v1, without pods."""
    body = dict(InPlaceSet().create(cafe_object(), "", "v1", template()).body)
    meta = {**body["metadata"], "uid": "uid-set", "resourceVersion": "1", "generation": 1}
    return {**body, "metadata": meta, "status": {"observedGeneration": 1}}


class Watched:
    """An observer of `server`, and a watcher that has seen enough after a while."""

    def __init__(self, server: Server) -> None:
        self.cache = Cache("uid-cafe", InPlaceSet())
        self.cache.workloads.listed(server.list(paths.replicasets("stores")).items)
        self.cache.pods_listed([], 0.0)
        self.looks = 0
        self.unread: ApiError | None = None

    def refusal(self) -> None:
        """The watches are well."""

    def read(self, snapshot: Snapshot, decision: Decision) -> None:
        if decision.sweep and self.unread is not None:
            raise self.unread
        if decision.sweep:
            self.cache.swept(snapshot.record.id, snapshot.record.step)

    def moved(self, _cafe: CafeDeployment) -> None:
        """It is not told to anybody."""

    def looked(self, _view: Snapshot, _decision: Decision) -> None:
        self.looks += 1
        assert self.looks < ENOUGH, "the driver goes on and on"


def driver(
    server: Server, known: Mapping[str, Revision] = REVISIONS, *, asks: bool = False
) -> Driver:
    """A driver of the release that the server has."""
    watched, found = Watched(server), CafeDeployment(server.get(CR))
    made: Any = Driver  # Its transport and observer are ours.
    result: Driver = made(server, found, known, watched, who="bob", watcher=watched, asks=asks)
    return result

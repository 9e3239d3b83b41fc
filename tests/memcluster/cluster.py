"""The API server in memory: objects, preconditions, generations, watches, faults."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from kubectl_cafe.cluster import errors
from kubectl_cafe.cluster.clock import BootClock, Clock
from kubectl_cafe.cluster.transport import Listing, Object, Objects, PatchKind, Query
from kubectl_cafe.names import FIELD_MANAGER
from kubectl_cafe.times import rfc3339
from kubectl_cafe.version import VERSION
from tests.memcluster import patching
from tests.memcluster.address import Address, address
from tests.memcluster.watching import Change, MemStream, Watches

Json = Mapping[str, Any]

GENERATIONS = {"pods", "replicasets", "statefulsets", "deployments", "cafedeployments"}
"""Kinds whose metadata.generation moves with their spec."""
SPLIT = {"pods", "replicasets", "statefulsets", "deployments", "cafedeployments"}
"""Kinds with a status subresource: a write of the object leaves status alone, and the reverse."""
FIRST = 100
"""The resourceVersion of an empty server: what came before is forgotten."""
LABEL = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
POD_MUTABLE = ("containers", "initContainers")
"""Fields of a pod's spec that may change, by their images alone."""


class Killed(BaseException):
    """The process of whoever was writing is killed: no `except Exception` of it runs."""


class Fault(Enum):
    """What becomes of a write."""

    KILLED = auto()
    """The sender dies, and the request is still on its way: it is in `delayed`."""
    LOST_ANSWER = auto()
    """Committed, and the answer is lost."""
    DELAYED = auto()
    """The answer is lost and the request is still on its way: it is in `delayed`."""
    NOT_SENT = auto()


@dataclass(frozen=True)
class Written:
    """One committed write of a transport's user; `old` is None for a create."""

    method: str
    path: str
    body: Any
    old: Object | None
    new: Object | None


@dataclass(frozen=True)
class Request:
    """A write that is still on its way; `epoch` is its sender's, where whoever keeps it knows."""

    path: str
    body: Any
    kind: PatchKind
    epoch: int = 0


class MemCluster:
    """Stands in for Transport; see the package's docstring.

    `faults` says what becomes of the n-th write from now (1 is the next); a dry run is none.
    `written` are the committed writes. `shared`: objects are handed out as they are stored,
    for callers that never change one in place; else every reader gets its own copy.
    """

    def __init__(
        self, *, clock: Clock | None = None, shared: bool = False, version: str = VERSION
    ) -> None:
        self.version = version
        self.release = ""
        self.dry_run: str | None = None
        self.field_manager = FIELD_MANAGER
        self.before_write: Callable[[], None] | None = None
        self.clock: Clock = clock or BootClock()
        self.objects: dict[str, Object] = {}
        self.counter = FIRST
        self.faults: dict[int, Fault] = {}
        self.writes = 0
        self.written: list[Written] = []
        self.delayed: list[Request] = []
        self.aside: list[Object] = []
        self.watches = Watches(FIRST, off=shared)
        self._shared = shared
        self._uids = 0

    @property
    def user_agent(self) -> str:
        """As Transport's."""
        release = f" (release {self.release})" if self.release else ""
        return f"kubectl-cafe/{self.version}{release}"

    def server_time(self) -> float:
        """Epoch seconds."""
        return self.clock.time()

    # Reading

    def get(self, path: str, query: Query | None = None, *, timeout: float | None = None) -> Object:
        """The object at `path`; raises Gone."""
        return self._out(self._found(address(path)))

    def get_or_none(
        self, path: str, query: Query | None = None, *, timeout: float | None = None
    ) -> Object | None:
        """The object at `path`, None if there is none."""
        found = self.objects.get(address(path).object)
        return None if found is None else self._out(found)

    def list(
        self,
        path: str,
        query: Query | None = None,
        slim: Callable[[Object], Object] | None = None,
    ) -> Listing:
        """All items of a collection, at this moment."""
        where = address(path)
        self._served(where)
        wanted = selector(query)
        items = [
            self._out(item)
            for key, item in sorted(self.objects.items())
            if within(address(key), where) and matches(item, wanted)
        ]
        return Listing([slim(item) for item in items] if slim else items, str(self.counter))

    def stream(
        self, path: str, query: Query | None = None, idle_timeout: float = 70.0
    ) -> MemStream:
        """Watch a collection from `resourceVersion` on; raises Expired where that is forgotten."""
        where = address(path)
        self._served(where)
        wanted = selector(query)
        since = int((query or {}).get("resourceVersion") or self.counter)

        def shown(change: Change) -> bool:
            return within(address(change.path), where) and matches(change.item, wanted)

        return MemStream(self.watches, since, shown, path)

    # Writing

    def create(
        self,
        path: str,
        body: Object,
        query: Query | None = None,
        *,
        guarded: bool = True,
        timeout: float | None = None,
    ) -> Object:
        """POST to a collection."""
        where = address(path)
        self._served(where)
        meta = dict(body.get("metadata") or {})
        if "name" not in meta:
            meta["name"] = f"{meta.get('generateName', '')}{self.counter:05d}"
        meta.setdefault("namespace", where.namespace)
        if not where.namespace:
            meta.pop("namespace")
        where = address(f"{where.collection}/{meta['name']}")
        self._namespace_is_there(where)
        if where.object in self.objects:
            raise errors.AlreadyExists(f'{where.plural} "{where.name}" already exists', where=path)
        validate(meta, path)
        self._uids += 1
        meta.update(
            uid=f"00000000-0000-4000-8000-{self._uids:012d}",
            creationTimestamp=rfc3339(self.server_time()),
        )
        if where.plural in GENERATIONS:
            meta["generation"] = 1
        made = {**_dict(patching.plain(body)), "metadata": meta}
        if where.plural in SPLIT:
            made.pop("status", None)
        if where.plural == "pods":
            made["status"] = {"phase": "Pending"}
        return self._commit("POST", path, where, body, None, made, query, guarded)

    def create_aside(self, path: str, body: Object) -> None:
        """POST what nobody waits for: an Event. They are in `aside`, and nowhere else."""
        self.aside.append(body)

    def replace(
        self, path: str, body: Object, *, guarded: bool = True, timeout: float | None = None
    ) -> Object:
        """PUT: a compare-and-swap as long as `body` has its resourceVersion."""
        where = address(path)
        old = self._found(where)
        check_preconditions(old, body.get("metadata") or {}, where)
        meta = {**(body.get("metadata") or {}), **_identity(old)}
        new = self._merged(where, old, {**body, "metadata": meta})
        return self._commit("PUT", path, where, body, old, new, None, guarded)

    def patch(
        self,
        path: str,
        body: Object | Objects,
        kind: PatchKind,
        query: Query | None = None,
        *,
        timeout: float | None = None,
    ) -> Object:
        """PATCH; uid and resourceVersion in `body` are preconditions."""
        where = address(path)
        self._served(where)
        if kind is PatchKind.STRATEGIC and where.custom:
            raise errors.Invalid("the body of the request was in an unknown format", status=415)
        if kind is PatchKind.APPLY and where.object not in self.objects:
            manager = {"manager": self.field_manager, "operation": "Apply"}
            applied = _dict(body)
            meta = {**applied["metadata"], "managedFields": [manager]}
            return self.create(where.collection, {**applied, "metadata": meta}, query)
        old = self._found(where)
        if isinstance(body, dict):
            check_preconditions(old, body.get("metadata") or {}, where)
        new = self._merged(where, old, patched(old, body, kind, path))
        return self._commit("PATCH", path, where, body, old, new, query, True, kind)

    def delete(
        self, path: str, body: Object | None = None, *, timeout: float | None = None
    ) -> Object:
        """DELETE; a pod on a node first becomes terminating, unless its grace is 0."""
        where = address(path)
        old = self._found(where)
        wanted = (body or {}).get("preconditions") or {}
        if wanted.get("uid", old["metadata"]["uid"]) != old["metadata"]["uid"]:
            raise errors.Gone(
                f"the UID in the precondition ({wanted['uid']}) is another", where=path
            )
        grace = (body or {}).get(
            "gracePeriodSeconds", old.get("spec", {}).get("terminationGracePeriodSeconds", 30)
        )
        if where.plural == "pods" and old["spec"].get("nodeName") and grace:
            meta = {**old["metadata"], "deletionTimestamp": rfc3339(self.server_time())}
            new: Object | None = {**old, "metadata": meta}
        else:
            new = None
        return self._commit("DELETE", path, where, body, old, new, None, True)

    # How the cluster's own actors write: no faults, no guard, not in `written`.

    def put(self, path: str, item: Object) -> None:
        """Store `item` as the object at `path`, if it says something new."""
        old = self.objects.get(path)
        if old is not None and {**item, "metadata": {**item["metadata"], **_version(old)}} == old:
            return
        self._store(path, old, item)

    def remove(self, path: str) -> None:
        """The object at `path` is gone."""
        self._store(path, self.objects[path], None)

    # Within

    def _merged(self, where: Address, old: Object, new: Object) -> Object:
        """`new` as the server stores it over `old`: spec or status alone, generation, rules."""
        if where.plural in SPLIT:
            if where.sub == "status":
                # A pod's metadata may be written along with its status; a custom resource's not.
                meta = new["metadata"] if where.plural == "pods" else old["metadata"]
                new = {**old, "status": new.get("status", {}), "metadata": meta}
            else:
                new = {key: value for key, value in new.items() if key != "status"}
                if "status" in old:
                    new["status"] = old["status"]
        meta = {**new["metadata"], **_identity(old)}
        validate(meta, where.object)
        changed = new.get("spec") != old.get("spec")
        if where.plural == "pods" and changed and not images_only(old["spec"], new["spec"]):
            raise errors.Invalid(
                "spec: Forbidden: pod updates may not change fields other than images",
                where=where.object,
                status=422,
            )
        if where.plural in GENERATIONS and changed:
            meta["generation"] = old["metadata"]["generation"] + 1
        return {**new, "metadata": meta}

    def _commit(
        self,
        method: str,
        path: str,
        where: Address,
        body: Any,
        old: Object | None,
        new: Object | None,
        query: Query | None,
        guarded: bool,
        kind: PatchKind = PatchKind.MERGE,
    ) -> Object:
        if self.dry_run or (query or {}).get("dryRun"):
            return self._out(new or old or {})
        if guarded and self.before_write is not None:
            self.before_write()
        self.writes += 1
        fault = self.faults.get(self.writes)
        if fault is Fault.KILLED:
            self.delayed.append(Request(path, body, kind))
            raise Killed
        if fault is Fault.NOT_SENT:
            raise errors.Unreachable("no connection", where=path)
        if fault is Fault.DELAYED:
            self.delayed.append(Request(path, body, kind))
            raise errors.lost_answer("connection reset", path)
        stored = self._store(where.object, old, new)
        self.written.append(Written(method, path, body, old, stored))
        if fault is Fault.LOST_ANSWER:
            raise errors.lost_answer("connection reset", path)
        return self._out(stored or old or {})

    def _store(self, path: str, old: Object | None, new: Object | None) -> Object | None:
        if new is not None and new == old:
            return old  # Nothing is written where nothing changes.
        self.counter += 1
        version = {"resourceVersion": str(self.counter)}
        if new is None:
            gone = self.objects.pop(path)
            last = {**gone, "metadata": {**gone["metadata"], **version}}
            self.watches.tell(Change(self.counter, "DELETED", path, last))
            for key in [key for key in self.objects if inside_namespace(key, path)]:
                self.remove(key)
            return None
        stored = {**new, "metadata": {**new["metadata"], **version}}
        self.objects[path] = stored
        kind = "ADDED" if old is None else "MODIFIED"
        self.watches.tell(Change(self.counter, kind, path, stored))
        return stored

    def _out(self, item: Object) -> Object:
        return item if self._shared else copy.deepcopy(item)

    def _found(self, where: Address) -> Object:
        self._served(where)
        found = self.objects.get(where.object)
        if found is None:
            raise errors.Gone(f'{where.plural} "{where.name}" not found', where=where.object)
        return found

    def _served(self, where: Address) -> None:
        if where.api.startswith("/apis/none."):
            raise errors.NoSuchKind(f"{where.api} is not served", where=where.collection)

    def _namespace_is_there(self, where: Address) -> None:
        if where.namespace and f"/api/v1/namespaces/{where.namespace}" not in self.objects:
            raise errors.Gone(
                f'namespaces "{where.namespace}" not found',
                where=where.collection,
                hint="kubectl get namespaces",
            )


def patched(old: Object, body: Object | Objects, kind: PatchKind, where: str) -> Object:
    """`old` after the patch. Raises Invalid."""
    if kind is PatchKind.MERGE:
        return _dict(patching.merge(old, body))
    if kind is PatchKind.JSON:
        try:
            return patching.json_patch(old, body if isinstance(body, list) else [])
        except patching.BadPatch as error:
            raise errors.Invalid(f"the API server refuses it: {error}", where=where) from None
    return _dict(patching.strategic(old, body))


def check_preconditions(old: Object, meta: Json, where: Address) -> None:
    """The uid first, as the server does it, then the resourceVersion. Raises Gone, Conflict."""
    known = old["metadata"]
    if meta.get("uid", known["uid"]) != known["uid"]:
        raise errors.Gone("metadata.uid: field is immutable", where=where.object, status=422)
    if meta.get("resourceVersion", known["resourceVersion"]) != known["resourceVersion"]:
        raise errors.Conflict("the object has been modified", where=where.object, status=409)


def images_only(old: Json, new: Json) -> bool:
    """Whether two specs of a pod differ in images alone, none of them empty."""
    return all(
        c.get("image") for field in POD_MUTABLE for c in new.get(field) or ()
    ) and _imageless(old) == _imageless(new)


def _imageless(spec: Json) -> dict[str, Any]:
    bare = {
        field: [{**c, "image": ""} for c in spec[field]] for field in POD_MUTABLE if field in spec
    }
    return {**spec, **bare}


def validate(meta: Json, where: str) -> None:
    """Labels, the one thing that this server checks of any object. Raises Invalid."""
    for value in (meta.get("labels") or {}).values():
        if not LABEL.fullmatch(value):
            raise errors.Invalid(f'metadata.labels: Invalid value: "{value}"', where=where)


def selector(query: Query | None) -> dict[str, str]:
    """The labelSelector (equalities alone) of a query."""
    text = str((query or {}).get("labelSelector") or "")
    return dict(pair.split("=", 1) for pair in text.split(",") if pair)


def matches(item: Json, wanted: Mapping[str, str]) -> bool:
    """Whether the object has these labels."""
    labels = item["metadata"].get("labels") or {}
    return all(labels.get(key) == value for key, value in wanted.items())


def within(one: Address, collection: Address) -> bool:
    """Whether the object is in the collection; one without a namespace spans all of them."""
    if collection.namespace:
        return one.collection == collection.collection
    return (one.api, one.plural) == (collection.api, collection.plural)


def inside_namespace(key: str, path: str) -> bool:
    """Whether the object `key` goes with the namespace at `path`."""
    one = address(path)
    return one.plural == "namespaces" and address(key).namespace == one.name


def _identity(old: Object) -> dict[str, Any]:
    """What no write can change."""
    fixed = ("name", "namespace", "uid", "creationTimestamp", "generation", "resourceVersion")
    kept = {key: old["metadata"][key] for key in fixed if key in old["metadata"]}
    if "deletionTimestamp" in old["metadata"]:
        kept["deletionTimestamp"] = old["metadata"]["deletionTimestamp"]
    return kept


def _version(old: Object) -> dict[str, Any]:
    return {"resourceVersion": old["metadata"]["resourceVersion"]}


def _dict(value: object) -> dict[str, Any]:
    return dict(value) if isinstance(value, Mapping) else {}

"""The API server in memory: objects, preconditions, generations, watches, faults."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

from kubectl_cafe.client import errors
from kubectl_cafe.client.clock import BootClock, Clock
from kubectl_cafe.client.http.stream import Event
from kubectl_cafe.client.transport import Listing, Object, Objects, PatchKind, Query
from kubectl_cafe.names import FIELD_MANAGER
from kubectl_cafe.times import rfc3339
from kubectl_cafe.version import VERSION
from tests.memcluster.address import Address, address
from tests.memcluster.requests import Fault, Killed, Request, Written
from tests.memcluster.rules import (
    GENERATIONS,
    REVIEWS,
    as_dict,
    check_preconditions,
    identity,
    inside_namespace,
    made,
    matches,
    merged,
    patched,
    require_namespace,
    selector,
    served,
    validate,
    version_of,
    within,
)
from tests.memcluster.session import MemSession
from tests.memcluster.watching import Change, MemStream, Watches

Json = Mapping[str, Any]

FIRST = 100
"""The resourceVersion of an empty server: what came before is forgotten."""


class MemCluster:
    """Stands in for Transport; see the package's docstring.

    `faults` says what becomes of the n-th write from now (1 is the next); a dry run is none.
    `refuses` is the error that admission answers to a write (path, body), or None; one without an
    answer may arrive all the same, by a fault. `attempted` are the paths of writes that may be
    carried out, `written` are those that were. `unreadable` is an object whose reads fail.
    `shared`: objects are handed out as they are stored, for callers that never change one in
    place, and a uid is a path, for nothing counts on in them; else every reader gets its copy.
    """

    def __init__(
        self, *, clock: Clock | None = None, shared: bool = False, version: str = VERSION
    ) -> None:
        self.version = version
        self.dry_run: str | None = None
        self.field_manager = FIELD_MANAGER
        self.clock: Clock = clock or BootClock()
        self.objects: dict[str, Object] = {}
        self.counter = FIRST
        self.faults: dict[int, Fault] = {}
        self.refuses: Callable[[str, Any], errors.ApiError | None] = lambda _path, _body: None
        self.unreadable = ""
        self.attempted: list[str] = []
        self.written: list[Written] = []
        self.delayed: list[Request] = []
        self.aside: list[Object] = []
        self.watches = Watches(FIRST, off=shared)
        self._shared = shared
        self._uids = 0

    @property
    def user_agent(self) -> str:
        """As Transport's."""
        return f"kubectl-cafe/{self.version}"

    def session(self, check_lease: Callable[[], None], release: str = "") -> MemSession:
        """This cluster as one session writes to it."""
        return MemSession(self, check_lease, release)

    def server_time(self) -> float:
        """Epoch seconds."""
        return self.clock.time()

    # Reading

    def get(self, path: str, query: Query | None = None, *, timeout: float | None = None) -> Object:
        """The object at `path`; raises NotFound."""
        if path == self.unreadable:
            raise errors.ServerError("no answer", where=path, method="GET")
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
        where, wanted = served(path), selector(query)
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
        where, wanted = served(path), selector(query)
        since = int((query or {}).get("resourceVersion") or self.counter)

        def shown(change: Change) -> Event | None:
            here = within(address(change.path), where)
            return change.shown(lambda item: matches(item, wanted)) if here else None

        return MemStream(self.watches, since, shown, path)

    # Writing

    def create(
        self,
        path: str,
        body: Object,
        query: Query | None = None,
        *,
        needs_lease: bool = True,
        timeout: float | None = None,
    ) -> Object:
        """POST to a collection."""
        where = served(path)
        if where.plural == REVIEWS:
            return {**body, "status": {"allowed": self.refuses(path, body) is None}}
        meta = dict(body.get("metadata") or {})
        if "name" not in meta:
            meta["name"] = f"{meta.get('generateName', '')}{self.counter:05d}"
        meta.setdefault("namespace", where.namespace)
        if not where.namespace:
            meta.pop("namespace")
        where = address(f"{where.collection}/{meta['name']}")
        require_namespace(self.objects, where)
        if where.object in self.objects:
            raise errors.AlreadyExists(f'{where.plural} "{where.name}" already exists', where=path)
        validate(meta, path)
        self._uids += 1
        uid = where.object if self._shared else f"00000000-0000-4000-8000-{self._uids:012d}"
        meta.update(uid=uid, creationTimestamp=rfc3339(self.server_time()))
        if where.plural in GENERATIONS:
            meta["generation"] = 1
        new = made(where, body, meta)
        return self._commit("POST", path, where, body, None, new, query)

    def create_aside(self, path: str, body: Object) -> None:
        """POST what nobody waits for: an Event. They are in `aside`, and nowhere else."""
        self.aside.append(body)

    def replace(
        self, path: str, body: Object, *, needs_lease: bool = True, timeout: float | None = None
    ) -> Object:
        """PUT: a compare-and-swap as long as `body` has its resourceVersion."""
        where = address(path)
        old = self._found(where)
        check_preconditions(old, body.get("metadata") or {}, where)
        meta = {**(body.get("metadata") or {}), **identity(old)}
        new = merged(where, old, {**body, "metadata": meta})
        return self._commit("PUT", path, where, body, old, new, None)

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
        where = served(path)
        if kind is PatchKind.STRATEGIC and where.custom:
            raise errors.Invalid("the body of the request was in an unknown format", status=415)
        if kind is PatchKind.APPLY and where.object not in self.objects:
            manager = {"manager": self.field_manager, "operation": "Apply"}
            applied = as_dict(body)
            meta = {**applied["metadata"], "managedFields": [manager]}
            return self.create(where.collection, {**applied, "metadata": meta}, query)
        old = self._found(where)
        if isinstance(body, dict):
            check_preconditions(old, body.get("metadata") or {}, where)
        new = merged(where, old, patched(old, body, kind, path))
        return self._commit("PATCH", path, where, body, old, new, query, kind)

    def delete(
        self, path: str, body: Object | None = None, *, timeout: float | None = None
    ) -> Object:
        """DELETE; a pod on a node first becomes terminating, unless its grace is 0."""
        where = address(path)
        old = self._found(where)
        wanted = (body or {}).get("preconditions") or {}
        if wanted.get("uid", old["metadata"]["uid"]) != old["metadata"]["uid"]:
            raise errors.NotFound(
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
        return self._commit("DELETE", path, where, body, old, new, None)

    # How the cluster's own actors write: no faults, no lease, not in `written`.

    def put(self, path: str, item: Object) -> None:
        """Store `item` as the object at `path`, if it says something new."""
        old = self.objects.get(path)
        if old is not None and {**item, "metadata": {**item["metadata"], **version_of(old)}} == old:
            return
        self._store(path, old, item)

    def remove(self, path: str) -> None:
        """The object at `path` is gone."""
        self._store(path, self.objects[path], None)

    # Within

    def _commit(
        self,
        method: str,
        path: str,
        where: Address,
        body: Any,
        old: Object | None,
        new: Object | None,
        query: Query | None,
        kind: PatchKind = PatchKind.MERGE,
    ) -> Object:
        if self.dry_run or (query or {}).get("dryRun"):
            return self._out(new or old or {})
        error = self.refuses(path, body)
        if error is not None and not isinstance(error, errors.UnknownOutcome):
            raise error
        self.attempted.append(path)
        fault = self.faults.get(len(self.attempted))
        if error is not None and fault is None:
            raise error
        if fault in (Fault.KILLED, Fault.DELAYED):
            self.delayed.append(Request(path, body, kind, create=method == "POST"))
        if fault is Fault.KILLED:
            raise Killed
        if fault is Fault.NOT_SENT:
            raise errors.Unreachable("no connection", where=path)
        if fault is Fault.DELAYED:
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
            self.watches.tell(Change(self.counter, "DELETED", path, last, gone))
            for key in [key for key in self.objects if inside_namespace(key, path)]:
                self.remove(key)
            return None
        stored = {**new, "metadata": {**new["metadata"], **version}}
        self.objects[path] = stored
        self.watches.tell(Change(self.counter, "MODIFIED", path, stored, old))
        return stored

    def _out(self, item: Object) -> Object:
        return item if self._shared else copy.deepcopy(item)

    def _found(self, where: Address) -> Object:
        served(where.object)
        found = self.objects.get(where.object)
        if found is None:
            raise errors.NotFound(f'{where.plural} "{where.name}" not found', where=where.object)
        return found

"""Runs one list, then one watch, for every kind that a release reads (protocol 10)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.assessment.snapshot import Decision, Snapshot
from kubectl_cafe.cache import nodes
from kubectl_cafe.cache.cache import Cache
from kubectl_cafe.cache.collection import Collection
from kubectl_cafe.cache.known_nodes import suspects
from kubectl_cafe.client import paths
from kubectl_cafe.client.errors import ApiError, Forbidden, Invalid, NoSuchKind, NotSent
from kubectl_cafe.client.transport import Transport
from kubectl_cafe.client.watch import Informer
from kubectl_cafe.durations import exact
from kubectl_cafe.errors import CafeError
from kubectl_cafe.hints import kubectl
from kubectl_cafe.pods.model import lean
from kubectl_cafe.reconcile import shared_budgets
from kubectl_cafe.reconcile.decide import decide
from kubectl_cafe.reconcile.out_of_traffic import unconfirmed
from kubectl_cafe.revisions.revision import Revision

PATIENCE = 60.0
"""Seconds to wait for the first lists of all informers."""
READINGS = 3
"""Snapshots until all nodes are read: without nodes, with their readiness, with architectures."""


class Observer:
    """The informers of one release; they fill `cache`."""

    def __init__(self, transport: Transport, cafe: CafeDeployment) -> None:
        clock, space = transport.clock, cafe.namespace
        podset = cafe.podset
        cache = self.cache = Cache(cafe.uid, podset)
        self._transport = transport
        self._pods_path = paths.pods(space)
        self._slices_path = paths.endpointslices(space)
        self._pods_query = {"labelSelector": cafe.label_selector}

        def pods_listed(items: list[dict[str, Any]]) -> None:
            cache.pods_listed(items, clock.monotonic(), self._informers[0].resource_version)

        def pod_event(kind: str, item: dict[str, Any]) -> None:
            cache.pod_event(kind, item, clock.monotonic())

        self._informers: tuple[Informer, ...] = (
            Informer(
                transport,
                self._pods_path,
                self._pods_query,
                on_sync=pods_listed,
                on_event=pod_event,
                on_failed=self._failed,
                slim=lean,
            ),
            self._informer(
                paths.workloads(podset.resource, space), cache.workloads, self._pods_query
            ),
            self._informer(self._slices_path, cache.slices),
            self._informer(paths.services(space), cache.services),
            self._informer(paths.poddisruptionbudgets(space), cache.budgets),
        )

        self._others: Informer | None = None

    def _informer(
        self,
        path: str,
        collection: Collection[Any],
        query: dict[str, str] | None = None,
        slim: Callable[[dict[str, Any]], dict[str, Any]] | None = None,
    ) -> Informer:
        """An informer that fills `collection`, a part of the cache."""

        def listed(items: list[dict[str, Any]]) -> None:
            collection.listed(items, made.resource_version)

        made = Informer(
            self._transport,
            path,
            query,
            on_sync=listed,
            on_event=collection.event,
            on_failed=self._failed,
            slim=slim,
        )
        return made

    def _failed(self, _error: Exception) -> None:
        self.cache.wake()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Start all informers, wait for their first lists, and stop them at the end."""
        for informer in self._informers:
            informer.start()
        try:
            deadline = self._transport.clock.monotonic() + PATIENCE
            while not all(informer.synced.is_set() for informer in self._informers):
                self.raise_failure()
                if self._transport.clock.monotonic() > deadline:
                    raise self._unlisted()
                self.cache.wait(0.2)
            yield
        finally:
            for informer in self._informers:
                informer.stop()

    def _unlisted(self) -> Exception:
        """The error for a first list that is missing: the informer's error, or a timeout."""
        missing = [informer for informer in self._informers if not informer.synced.is_set()]
        errors = (informer.error for informer in missing if informer.error is not None)
        where = missing[0].path if missing else ""
        return next(errors, None) or CafeError(
            f"the API server has not answered a list within {exact(PATIENCE)}",
            where=where,
            hint=kubectl(f"get --raw '{where}?limit=1'"),
        )

    def raise_failure(self) -> None:
        """Raise the error that ended an informer, if any."""
        for informer in self._informers:
            if informer.failed is not None:
                raise informer.failed

    def refusal(self) -> ApiError | None:
        """The refusal that ended a list or watch, or None. Raises other errors that ended one."""
        try:
            self.raise_failure()
        except (Forbidden, Invalid, NoSuchKind) as error:
            return error
        return None

    def silence(self) -> str:
        """The message that the cache may be stale, and why; empty while every watch is open."""
        return silence(self._informers)

    def read(self, snapshot: Snapshot, decision: Decision) -> None:
        """Read what `decision` asks for; after a failed read the next decision asks again."""
        with suppress(NotSent):
            if decision.sweep:
                self.sweep(snapshot.record.id, snapshot.record.step)
            if decision.nodes:
                self.read_nodes(snapshot)
            if decision.others:
                self.read_others()
            if decision.slices:
                self.read_slices(decision.slices)

    def sweep(self, release: str, step: int) -> None:
        """List the pods consistently and add them to the cache (protocol 7, the commit)."""
        listing = self._transport.list(self._pods_path, self._pods_query, lean)
        now = self._transport.clock.monotonic()
        self.cache.pods_listed(listing.items, now, int(listing.resource_version or 0))
        self.cache.swept(release, step)

    def warnings(self, cafe: CafeDeployment, revisions: Iterable[Revision]) -> tuple[str, ...]:
        """The warnings for an operator about the current pods; call it after the first lists."""
        if cafe.record is None:
            return ()
        known = {revision.name: revision for revision in revisions}
        now, time = self._transport.clock.monotonic(), self._transport.server_time()
        for _ in range(READINGS):
            snapshot = self.cache.snapshot(cafe, known, now=now, time=time, stopping=False)
            decision = decide(snapshot)
            if not decision.nodes:
                break
            self.read_nodes(snapshot)
        return decision.warnings

    def read_others(self) -> None:
        """List all pods of the namespace consistently, and watch them from now on.

        Needed only if a PodDisruptionBudget covers pods outside of this CafeDeployment.
        """
        cache, path = self.cache, self._pods_path
        if self._others is None:
            self._others = self._informer(path, cache.others, slim=lean)
            self._others.start()
            self._informers = (*self._informers, self._others)
        drained = shared_budgets.drained(cache.pods())
        cache.others_read(self._transport.list(path, None, lean).items, drained)

    def read_slices(self, shown_off: frozenset[str]) -> None:
        """List the EndpointSlices consistently; pods `shown_off` are out of traffic (C22)."""
        listing = self._transport.list(self._slices_path)
        self.cache.slices_read(listing.items, int(listing.resource_version or 0), shown_off)

    def read_missing(self, snapshot: Snapshot) -> bool:
        """Read pods of other owners, or EndpointSlices, if `snapshot` needs them.

        Returns whether anything was read; then the caller needs a new snapshot.
        """
        shown_off = unconfirmed(snapshot)
        with suppress(NotSent):  # The next snapshot still needs it.
            if shared_budgets.unread(snapshot):
                self.read_others()
                return True
            if shown_off:
                self.read_slices(shown_off)
                return True
        return False

    def read_nodes(self, snapshot: Snapshot) -> None:
        """Read whether nodes are Ready if `snapshot` needs that, else all architectures."""
        if snapshot.nodes_due:
            ready = nodes.ready(self._transport, suspects(self.cache.pods()))
            self.cache.nodes_shown(ready, self._transport.clock.monotonic())
        else:
            self.cache.nodes_read(nodes.architectures(self._transport))


def silence(informers: Iterable[Informer]) -> str:
    """The error that interrupts a list or watch, as a message; empty while every watch is open."""
    errors = (informer.error for informer in informers if informer.error is not None)
    error = next(errors, None)
    return f"the output may be stale: no response from the API server ({error})" if error else ""

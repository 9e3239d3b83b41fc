"""One list, then one watch, of every kind that a release reads (protocol 10)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.assessment.snapshot import Snapshot
from kubectl_cafe.cache import nodes
from kubectl_cafe.cache.cache import Cache
from kubectl_cafe.cache.collection import Collection
from kubectl_cafe.client import paths
from kubectl_cafe.client.errors import ApiError, Forbidden, Invalid, NoSuchKind, NotSent
from kubectl_cafe.client.transport import Transport
from kubectl_cafe.client.watch import Informer
from kubectl_cafe.errors import CafeError
from kubectl_cafe.hints import kubectl
from kubectl_cafe.pods.model import lean
from kubectl_cafe.reconcile import shared_budgets
from kubectl_cafe.reconcile.decide import decide
from kubectl_cafe.revisions.revision import Revision

PATIENCE = 60.0
"""Seconds for the first lists."""
READINGS = 3
"""Looks at which all is known of the nodes: none read, whether they are Ready, architectures."""


class Observer:
    """The informers of one release; what they see is in `cache`."""

    def __init__(self, transport: Transport, cafe: CafeDeployment) -> None:
        clock, space = transport.clock, cafe.namespace
        podset = cafe.podset
        cache = self.cache = Cache(cafe.uid, podset)
        self._transport = transport
        self._pods_path = paths.pods(space)
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
            self._informer(paths.endpointslices(space), cache.slices),
            self._informer(paths.services(space), cache.services),
            self._informer(paths.poddisruptionbudgets(space), cache.budgets),
        )

        self._others: Informer | None = None

    def _informer(
        self,
        path: str,
        told: Collection[Any],
        query: dict[str, str] | None = None,
        slim: Callable[[dict[str, Any]], dict[str, Any]] | None = None,
    ) -> Informer:
        """An informer of a kind that the memory keeps in a collection."""

        def listed(items: list[dict[str, Any]]) -> None:
            told.listed(items, made.resource_version)

        made = Informer(
            self._transport,
            path,
            query,
            on_sync=listed,
            on_event=told.event,
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
        """The error where a first list has not come: its own trouble, or that there is none."""
        missing = [informer for informer in self._informers if not informer.synced.is_set()]
        errors = (informer.error for informer in missing if informer.error is not None)
        where = missing[0].path if missing else ""
        return next(errors, None) or CafeError(
            f"the API server has not answered a list within {PATIENCE:.0f} s",
            where=where,
            hint=kubectl(f"get --raw '{where}?limit=1'"),
        )

    def raise_failure(self) -> None:
        """Raise what made an informer give up, if one has."""
        for informer in self._informers:
            if informer.failed is not None:
                raise informer.failed

    def refusal(self) -> ApiError | None:
        """The refusal for good that ended a watch, if one did. Raises what else ended one."""
        try:
            self.raise_failure()
        except (Forbidden, Invalid, NoSuchKind) as error:
            return error
        return None

    def silence(self) -> str:
        """Why what is seen may be old, in words; empty while every watch is open."""
        return silence(self._informers)

    def sweep(self, release: str, step: int) -> None:
        """A consistent list of the pods, folded in (protocol 7, the commit)."""
        listing = self._transport.list(self._pods_path, self._pods_query, lean)
        now = self._transport.clock.monotonic()
        self.cache.pods_listed(listing.items, now, int(listing.resource_version or 0))
        self.cache.swept(release, step)

    def warnings(self, cafe: CafeDeployment, revisions: Iterable[Revision]) -> tuple[str, ...]:
        """What a person should know of the pods as they stand; the first lists are there."""
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
        """The namespace's pods, folded in by a consistent list, and watched from now on.

        Only a PodDisruptionBudget that covers pods of others asks for them.
        """
        cache, path = self.cache, self._pods_path
        if self._others is None:
            self._others = self._informer(path, cache.others, slim=lean)
            self._others.start()
            self._informers = (*self._informers, self._others)
        drained = shared_budgets.drained(cache.pods())
        cache.others_read(self._transport.list(path, None, lean).items, drained)

    def read_missing(self, snapshot: Snapshot) -> bool:
        """Read the pods of others where `snapshot` asks for them; whether that was done."""
        if shared_budgets.unread(snapshot):
            with suppress(NotSent):  # It is asked for again.
                self.read_others()
                return True
        return False

    def read_nodes(self, snapshot: Snapshot) -> None:
        """Read what `snapshot` lacks of nodes: whether they are Ready, else architectures, once."""
        if snapshot.nodes_due:
            ready = nodes.ready(self._transport, self.cache.suspects())
            self.cache.nodes_shown(ready, self._transport.clock.monotonic())
        else:
            self.cache.nodes_read(nodes.architectures(self._transport))


def silence(informers: Iterable[Informer]) -> str:
    """What keeps a watch from being heard, in words; empty while all are."""
    errors = (informer.error for informer in informers if informer.error is not None)
    error = next(errors, None)
    return f"this may be stale: no response from the API server ({error})" if error else ""

"""One list, then one watch, of every kind that a release reads (protocol 10)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from kubectl_cafe.cluster import paths
from kubectl_cafe.cluster.transport import Transport
from kubectl_cafe.cluster.watch import Informer
from kubectl_cafe.engine import nodes
from kubectl_cafe.engine.cafedeployment import CafeDeployment
from kubectl_cafe.engine.collection import Collection
from kubectl_cafe.engine.decide import decide
from kubectl_cafe.engine.memory import Memory
from kubectl_cafe.errors import CafeError
from kubectl_cafe.pods.model import lean
from kubectl_cafe.podsets.inplaceset import InPlaceSet
from kubectl_cafe.revisions.revision import Revision

PATIENCE = 60.0
"""Seconds for the first lists."""


class Observer:
    """The informers of one release; what they see is in `memory`."""

    def __init__(self, transport: Transport, cafe: CafeDeployment) -> None:
        clock, space = transport.clock, cafe.namespace
        memory = self.memory = Memory(cafe.uid, InPlaceSet())
        self._transport = transport
        self._pods_path = paths.pods(space)
        self._pods_query = {"labelSelector": cafe.label_selector}

        def pods_listed(items: list[dict[str, Any]]) -> None:
            memory.pods_listed(items, clock.monotonic(), self._informers[0].resource_version)

        def pod_event(kind: str, item: dict[str, Any]) -> None:
            memory.pod_event(kind, item, clock.monotonic())

        def informer(
            path: str, told: Collection[Any], query: dict[str, str] | None = None
        ) -> Informer:
            return Informer(
                transport,
                path,
                query,
                on_sync=told.listed,
                on_event=told.event,
                on_failed=self._failed,
            )

        self._informers = (
            Informer(
                transport,
                self._pods_path,
                self._pods_query,
                on_sync=pods_listed,
                on_event=pod_event,
                on_failed=self._failed,
                slim=lean,
            ),
            informer(paths.replicasets(space), memory.workloads, self._pods_query),
            informer(paths.endpointslices(space), memory.slices),
            informer(paths.services(space), memory.services),
            informer(paths.poddisruptionbudgets(space), memory.budgets),
        )

    def _failed(self, _error: Exception) -> None:
        self.memory.wake()

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
                    raise self._informers[0].error or CafeError("the API server lists nothing")
                self.memory.wait(0.2)
            yield
        finally:
            for informer in self._informers:
                informer.stop()

    def raise_failure(self) -> None:
        """Raise what made an informer give up, if one has."""
        for informer in self._informers:
            if informer.failed is not None:
                raise informer.failed

    def silence(self) -> str:
        """Why what is seen may be old, in words; empty while every watch is open."""
        return silence(self._informers)

    def sweep(self, release: str, step: int) -> None:
        """A consistent list of the pods, folded in (protocol 7, the commit)."""
        listing = self._transport.list(self._pods_path, self._pods_query, lean)
        now = self._transport.clock.monotonic()
        self.memory.pods_listed(listing.items, now, int(listing.resource_version or 0))
        self.memory.swept(release, step)

    def warnings(self, cafe: CafeDeployment, revisions: Iterable[Revision]) -> tuple[str, ...]:
        """What a person should know of the pods as they stand; the first lists are there."""
        if cafe.record is None:
            return ()
        known = {revision.name: revision for revision in revisions}
        now, time = self._transport.clock.monotonic(), self._transport.server_time()
        view = self.memory.view(cafe, known, now=now, time=time, stopping=False)
        decision = decide(view)
        if decision.nodes:
            self.read_nodes()
            view = self.memory.view(cafe, known, now=now, time=time, stopping=False)
            decision = decide(view)
        return decision.warnings

    def read_nodes(self) -> None:
        """The nodes' architectures, folded in; later nodes are not read again."""
        self.memory.nodes_read(nodes.architectures(self._transport))


def silence(informers: Iterable[Informer]) -> str:
    """What keeps a watch from being heard, in words; empty while all are."""
    errors = (informer.error for informer in informers if informer.error is not None)
    error = next(errors, None)
    return f"what is shown may be old: the API server is not heard ({error})" if error else ""

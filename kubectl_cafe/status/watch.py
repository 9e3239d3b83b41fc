"""The status of one release at every change, by watches; nothing is written (protocol 10)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.assessment.recordless_pods import lost_pods
from kubectl_cafe.assessment.snapshot import Snapshot
from kubectl_cafe.cache import direct_reads
from kubectl_cafe.cache.informers import Observer, silence
from kubectl_cafe.client import paths
from kubectl_cafe.client.errors import NotSent
from kubectl_cafe.client.lease_view import LeaseWatch, judge
from kubectl_cafe.client.transport import Transport
from kubectl_cafe.client.watch import Informer
from kubectl_cafe.hints import kubectl
from kubectl_cafe.names import lease_name
from kubectl_cafe.reconcile.decide import decide
from kubectl_cafe.record.store import Missing
from kubectl_cafe.revisions.revision import Revision
from kubectl_cafe.status import build
from kubectl_cafe.status.model import Status
from statemachine.record import Record

TICK = 0.5
"""Seconds after which rules that read a clock are evaluated again."""


class Watching:
    """Watches of one CafeDeployment, its Lease, and the objects that a driver watches."""

    def __init__(self, transport: Transport, cafe: CafeDeployment) -> None:
        self._transport = transport
        self._cafe = cafe
        self._gone = False
        self._lease: dict[str, Any] | None = None
        self._watch = LeaseWatch(transport.clock)
        self._revisions: dict[str, Revision] = {}
        self._named: tuple[str, str] | None = None
        self._observer = Observer(transport, cafe)
        self._own = (
            self._one(paths.cafedeployments(cafe.namespace), cafe.name, self._told),
            self._one(paths.leases(cafe.namespace), lease_name(cafe.name), self._leased),
        )

    @contextmanager
    def running(self) -> Iterator[None]:
        """Watch while the context lasts; the first lists are complete when it is entered."""
        with ExitStack() as left:
            for informer in self._own:
                left.callback(informer.stop)
                informer.start()
            left.enter_context(self._observer.running())
            while not all(informer.synced.is_set() for informer in self._own):
                self._raise_failure()
                self._observer.cache.wait(TICK)
            yield

    def wait(self, timeout: float = TICK) -> None:
        """Wait until a watched object has changed, at most `timeout` seconds."""
        self._observer.cache.wait(timeout)

    @property
    def cafe(self) -> CafeDeployment:
        """The CafeDeployment as last seen. Raises Missing once it is deleted."""
        self._raise_failure()
        if self._gone:
            raise deleted(self._cafe)
        return self._cafe

    def look(self) -> Status:
        """The status now. Raises Missing once the CafeDeployment is deleted."""
        cafe, time = self.cafe, self._transport.server_time()
        lease = judge(self._lease, time)
        watched = self._watch.saw(lease)
        if self._watch.renewed:
            lease = watched  # This process saw the renewal: the age is by its own clock.
        silent = silence(self._own) or self._observer.silence()
        if cafe.record is None:
            lost = lost_pods(cafe, self._observer.cache.pods())
            return build.status_of(cafe, None, (), lease, lost, silent)
        snapshot = self._view(cafe, cafe.record, time)
        decision = decide(snapshot)
        if decision.nodes:
            with suppress(NotSent):  # The next call reads the nodes again.
                self._observer.read_nodes(snapshot)
            snapshot = self._view(cafe, cafe.record, time)
            decision = decide(snapshot)
        return build.status_of(cafe, snapshot, decision.waits, lease, silent=silent)

    def _view(self, cafe: CafeDeployment, record: Record, time: float) -> Snapshot:
        return self._observer.cache.snapshot(
            cafe,
            self._known(cafe, record),
            now=self._transport.clock.monotonic(),
            time=time,
            stopping=False,
        )

    def _known(self, cafe: CafeDeployment, record: Record) -> dict[str, Revision]:
        """The revisions by name, read again if the record's source or target has changed."""
        named = (record.from_revision, record.to_revision)
        if named != self._named:
            found = direct_reads.read_revisions(self._transport, cafe)
            self._revisions, self._named = {r.name: r for r in found}, named
        return self._revisions

    def _one(self, path: str, name: str, receive: Any) -> Informer:
        """An informer of the object `name`; `receive` gets the object, or None if there is none."""

        def listed(items: list[dict[str, Any]]) -> None:
            receive(items[0] if items else None)
            self._observer.cache.wake()

        def event(kind: str, item: dict[str, Any]) -> None:
            receive(None if kind == "DELETED" else item)
            self._observer.cache.wake()

        def failed(_error: Exception) -> None:
            self._observer.cache.wake()

        query = {"fieldSelector": f"metadata.name={name}"}
        return Informer(
            self._transport, path, query, on_sync=listed, on_event=event, on_failed=failed
        )

    def _told(self, obj: dict[str, Any] | None) -> None:
        """Receive the CafeDeployment. None, or another uid: the CafeDeployment was deleted."""
        cafe = CafeDeployment(obj) if obj is not None else None
        self._gone = self._gone or cafe is None or cafe.uid != self._cafe.uid
        if cafe is not None and not self._gone:
            self._cafe = cafe

    def _leased(self, obj: dict[str, Any] | None) -> None:
        self._lease = obj

    def _raise_failure(self) -> None:
        self._observer.raise_failure()
        for informer in self._own:
            if informer.failed is not None:
                raise informer.failed


def deleted(cafe: CafeDeployment) -> Missing:
    """The error for a CafeDeployment that was deleted while it was watched."""
    return Missing(
        f'CafeDeployment "{cafe.name}" in namespace {cafe.namespace} was deleted',
        where=cafe.where,
        hint=kubectl("get cafed --all-namespaces"),
    )

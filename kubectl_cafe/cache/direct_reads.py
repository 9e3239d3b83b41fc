"""Reads a release once by plain lists, for commands that only read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from msgspec import Struct

from kubectl_cafe import names
from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.assessment.recordless_pods import lost_pods
from kubectl_cafe.assessment.snapshot import Snapshot
from kubectl_cafe.cache import nodes
from kubectl_cafe.cache.cache import Cache
from kubectl_cafe.cache.known_nodes import suspects
from kubectl_cafe.client import paths
from kubectl_cafe.client.lease_view import LeaseView, inspect
from kubectl_cafe.client.questions import Questions
from kubectl_cafe.client.transport import Transport
from kubectl_cafe.pods.model import Pod, lean
from kubectl_cafe.podsets import Workload
from kubectl_cafe.reconcile import shared_budgets
from kubectl_cafe.reconcile.decide import decide
from kubectl_cafe.record import release_record, store
from kubectl_cafe.record.release_record import StoredRelease
from kubectl_cafe.revisions import past_releases
from kubectl_cafe.revisions.past_releases import PastRelease
from kubectl_cafe.revisions.revision import Revision, controlled_by, parse
from kubectl_cafe.waits import Wait
from statemachine.lifecycle import RESTING

READERS = 3
"""Background requests at a time, besides the one of the calling thread. On a slow link more would
not be faster; on a fast link each needs a connection, which takes as long as two answers."""


class Observation(Struct, frozen=True):
    """The data for the output of `status`.

    `snapshot` is None if there is no record, as before the first release. `waits` are what the
    release waits for. `lost`: if there is no record, the names of pods with unfinished upgrades
    (C72).
    """

    cafe: CafeDeployment
    snapshot: Snapshot | None
    waits: Sequence[Wait]
    lease: LeaseView
    lost: Sequence[str] = ()


def once(transport: Transport, namespace: str, name: str) -> Observation:
    """Read the state of the release of a CafeDeployment, mostly in two rounds of requests.

    The second round reads what depends on the CafeDeployment, such as pods and revisions. A
    revision is stored before a record names it (I5). Raises Missing.
    """
    questions = Questions(READERS)
    ask = questions.ask
    lease = ask(inspect, transport, namespace, name)
    services = ask(transport.list, paths.services(namespace))
    slices = ask(transport.list, paths.endpointslices(namespace))
    budgets = ask(transport.list, paths.poddisruptionbudgets(namespace))
    cafe = store.read(transport, namespace, name)
    driver = lease.get()
    if cafe.position.state not in RESTING and not driver.holder:
        driver, cafe = driven(transport, namespace, name)
    revisions = ask(read_revisions, transport, cafe)
    now = transport.clock.monotonic()
    cache = _own(transport, cafe, now, questions)
    if cafe.record is None:
        return Observation(cafe, None, (), driver, lost_pods(cafe, cache.pods()))
    cache.services.listed(services.get().items)
    cache.slices.listed(slices.get().items)
    cache.budgets.listed(budgets.get().items)
    known = {revision.name: revision for revision in revisions.get()}
    snapshot = cache.snapshot(cafe, known, now=now, time=transport.server_time(), stopping=False)
    if snapshot.nodes_due:
        cache.nodes_shown(nodes.ready(transport, suspects(cache.pods())), now)
        snapshot = cache.snapshot(cafe, known, now=now, time=snapshot.time, stopping=False)
    decision = decide(snapshot)
    if decision.others:
        found = transport.list(paths.pods(namespace), None, lean)
        cache.others_read(found.items, shared_budgets.drained(cache.pods()))
        snapshot = cache.snapshot(
            cafe, known, now=now, time=transport.server_time(), stopping=False
        )
        decision = decide(snapshot)
    if decision.nodes:
        snapshot = replace(snapshot, architectures=nodes.architectures(transport))
    return Observation(cafe, snapshot, decision.waits, driver)


def driven(
    transport: Transport, namespace: str, name: str, timeout: float | None = None
) -> tuple[LeaseView, CafeDeployment]:
    """Read the lease, then the CafeDeployment.

    In the other order a release could end between both reads and appear to have lost its driver.
    `timeout` is for the read of the lease, in seconds. Raises Missing.
    """
    driver = inspect(transport, namespace, name, timeout)
    return driver, store.read(transport, namespace, name)


def pods(transport: Transport, cafe: CafeDeployment) -> tuple[Pod, ...]:
    """Read the pods of the CafeDeployment; it needs no record."""
    now = transport.clock.monotonic()
    return tuple(_own(transport, cafe, now, Questions(READERS)).pods())


def workloads(transport: Transport, cafe: CafeDeployment) -> tuple[Workload, ...]:
    """Read the workloads of the CafeDeployment."""
    cache = Cache(cafe.uid, cafe.podset)
    cache.workloads.listed(_listed_workloads(transport, cafe))
    return cache.workloads.all()


def _listed_workloads(transport: Transport, cafe: CafeDeployment) -> Sequence[dict[str, Any]]:
    """The native objects that may be workloads of the CafeDeployment, by its label selector."""
    path = paths.workloads(cafe.podset.resource, cafe.namespace)
    return transport.list(path, {"labelSelector": cafe.label_selector}).items


def _own(transport: Transport, cafe: CafeDeployment, now: float, questions: Questions) -> Cache:
    """Read the workloads and pods of the CafeDeployment into a new cache."""
    cache, query = Cache(cafe.uid, cafe.podset), {"labelSelector": cafe.label_selector}
    workloads = questions.ask(_listed_workloads, transport, cafe)
    found = transport.list(paths.pods(cafe.namespace), query, lean)
    cache.workloads.listed(workloads.get())
    cache.pods_listed(found.items, now, int(found.resource_version or 0))
    return cache


def read_revisions(transport: Transport, cafe: CafeDeployment) -> tuple[Revision, ...]:
    """The ControllerRevisions that the CafeDeployment owns."""
    query = {"labelSelector": f"{names.PREFIX}/name={cafe.name}"}
    items = transport.list(paths.controllerrevisions(cafe.namespace), query).items
    return tuple(parse(item) for item in items if controlled_by(item, (cafe.uid,)))


def read_records(transport: Transport, cafe: CafeDeployment) -> tuple[StoredRelease, ...]:
    """The stored releases of `cafe`, also those that can't be read."""
    query = {"labelSelector": f"{names.RELEASE_OF}={cafe.name}"}
    items = transport.list(paths.controllerrevisions(cafe.namespace), query).items
    found = ((item, release_record.parse(item)) for item in items)
    return tuple(one for item, one in found if release_record.belongs(item, one, cafe))


def read_releases(
    transport: Transport, cafe: CafeDeployment, revisions: Iterable[Revision]
) -> tuple[PastRelease, ...]:
    """The ended releases of `cafe`, oldest first.

    Version 0.1.0 recorded its releases in annotations of `revisions`: they are included.
    """
    stored = read_records(transport, cafe)
    return past_releases.ordered(release_record.releases(stored), revisions)

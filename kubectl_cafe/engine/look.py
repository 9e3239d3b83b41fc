"""One look at a release by plain lists, for whoever only reads."""

from __future__ import annotations

from dataclasses import replace

from kubectl_cafe import names
from kubectl_cafe.cluster import paths
from kubectl_cafe.cluster.leaseview import LeaseView, judge
from kubectl_cafe.cluster.transport import Transport
from kubectl_cafe.engine import nodes
from kubectl_cafe.engine.cafedeployment import CafeDeployment
from kubectl_cafe.engine.decide import decide
from kubectl_cafe.engine.lost import lost_pods
from kubectl_cafe.engine.memory import Memory
from kubectl_cafe.engine.view import View
from kubectl_cafe.pods.model import Pod, lean
from kubectl_cafe.podsets.inplaceset import InPlaceSet
from kubectl_cafe.revisions.revision import Revision, parse


def once(transport: Transport, cafe: CafeDeployment) -> tuple[View | None, tuple[str, ...]]:
    """The view, and what is awaited in it; no view before the first release."""
    if cafe.record is None:
        return None, ()
    now = transport.clock.monotonic()
    memory = _listed(transport, cafe, now)
    memory.services.listed(transport.list(paths.services(cafe.namespace)).items)
    memory.slices.listed(transport.list(paths.endpointslices(cafe.namespace)).items)
    memory.budgets.listed(transport.list(paths.poddisruptionbudgets(cafe.namespace)).items)
    known = {r.name: r for r in read_revisions(transport, cafe)}
    view = memory.view(cafe, known, now=now, time=transport.server_time(), stopping=False)
    decision = decide(view)
    if decision.nodes:
        view = replace(view, architectures=nodes.architectures(transport))
    return view, decision.waits


def pods(transport: Transport, cafe: CafeDeployment) -> tuple[Pod, ...]:
    """Its pods, with a record or without."""
    return tuple(_listed(transport, cafe, transport.clock.monotonic()).pods())


def _listed(transport: Transport, cafe: CafeDeployment, now: float) -> Memory:
    memory, query = Memory(cafe.uid, InPlaceSet()), {"labelSelector": cafe.label_selector}
    memory.workloads.listed(transport.list(paths.replicasets(cafe.namespace), query).items)
    found = transport.list(paths.pods(cafe.namespace), query, lean)
    memory.pods_listed(found.items, now, int(found.resource_version or 0))
    return memory


def lost(transport: Transport, cafe: CafeDeployment) -> list[str]:
    """Pods in the middle of an upgrade whose release has no record any more (C72)."""
    return [] if cafe.record is not None else lost_pods(cafe, pods(transport, cafe))


def read_revisions(transport: Transport, cafe: CafeDeployment) -> tuple[Revision, ...]:
    """The ControllerRevisions that the CafeDeployment owns."""
    query = {"labelSelector": f"{names.PREFIX}/name={cafe.name}"}
    items = transport.list(paths.controllerrevisions(cafe.namespace), query).items
    return tuple(
        parse(item)
        for item in items
        if any(o["uid"] == cafe.uid for o in item["metadata"].get("ownerReferences") or ())
    )


def read_lease(transport: Transport, cafe: CafeDeployment) -> LeaseView:
    """Who drives."""
    lease = transport.get_or_none(paths.leases(cafe.namespace, names.lease_name(cafe.name)))
    return judge(lease, transport.server_time())

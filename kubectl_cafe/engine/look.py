"""One look at a release by plain lists, for whoever only reads."""

from __future__ import annotations

from kubectl_cafe.cluster import paths
from kubectl_cafe.cluster.transport import Transport
from kubectl_cafe.engine import proposal, start
from kubectl_cafe.engine.cafedeployment import CafeDeployment
from kubectl_cafe.engine.decide import decide
from kubectl_cafe.engine.memory import Memory
from kubectl_cafe.engine.view import View
from kubectl_cafe.pods.model import parse
from kubectl_cafe.podsets.inplaceset import InPlaceSet


def once(transport: Transport, cafe: CafeDeployment) -> tuple[View | None, tuple[str, ...]]:
    """The view, and what is awaited in it; no view before the first release."""
    if cafe.record is None:
        return None, ()
    memory, space = Memory(cafe.uid, InPlaceSet()), cafe.namespace
    query = {"labelSelector": cafe.label_selector}
    now = transport.clock.monotonic()
    memory.workloads.listed(transport.list(paths.replicasets(space), query).items)
    pods = transport.list(paths.pods(space), query)
    memory.pods_listed(pods.items, now, int(pods.resource_version or 0))
    memory.services.listed(transport.list(paths.services(space)).items)
    memory.budgets.listed(transport.list(paths.poddisruptionbudgets(space)).items)
    known = {r.name: r for r in start.read_revisions(transport, cafe)}
    view = memory.view(cafe, known, now=now, time=transport.server_time(), stopping=False)
    return view, decide(view).waits


def lost(transport: Transport, cafe: CafeDeployment) -> list[str]:
    """Pods in the middle of an upgrade whose release has no record any more (C72)."""
    if cafe.record is not None:
        return []
    query = {"labelSelector": cafe.label_selector}
    found = transport.list(paths.pods(cafe.namespace), query).items
    return proposal.unfinished_without_record(cafe, [parse(item) for item in found])

"""Existing ReplicaSets with the names that a release would create."""

from __future__ import annotations

from collections.abc import Iterable

from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.client import paths
from kubectl_cafe.client.transport import Transport
from kubectl_cafe.planning.conflicts import Taken, lacking, parse
from kubectl_cafe.podsets import Workload
from kubectl_cafe.podsets.cells import workload_name


def read(
    transport: Transport, cafe: CafeDeployment, workloads: Iterable[Workload]
) -> tuple[Taken, ...]:
    """The ReplicaSets that have a name which a cell without a workload needs."""
    resource = cafe.podset.resource
    names = (workload_name(cafe.name, cell, cafe.cells) for cell in lacking(cafe, workloads))
    found = (
        transport.get_or_none(paths.workloads(resource, cafe.namespace, name)) for name in names
    )
    return tuple(one for obj in found if obj is not None and (one := parse(cafe, obj)) is not None)

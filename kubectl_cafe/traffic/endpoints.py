"""Services and EndpointSlices, read for what a pod's traffic needs (protocol 5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kubectl_cafe.traffic import Service

Json = Mapping[str, Any]


def parse_service(item: Json) -> Service:
    """The Service in an object; one that is an external name has no endpoints of pods."""
    spec = item.get("spec") or {}
    return Service(
        name=item["metadata"]["name"],
        selector=({} if spec.get("type") == "ExternalName" else spec.get("selector")) or {},
        publishes_unready=bool(spec.get("publishNotReadyAddresses")),
    )


def ready_uids(item: Json) -> tuple[str, frozenset[str]]:
    """The slice's Service, and the uids of the pods that it shows as ready.

    An endpoint whose readiness is not said counts as ready, as for every proxy.
    """
    name = (item["metadata"].get("labels") or {}).get("kubernetes.io/service-name", "")
    uids = frozenset(
        endpoint["targetRef"]["uid"]
        for endpoint in item.get("endpoints") or ()
        if (endpoint.get("conditions") or {}).get("ready") is not False
        and (endpoint.get("targetRef") or {}).get("uid")
    )
    return name, uids

"""Services and EndpointSlices, read for what a pod's traffic needs (protocol 5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from kubectl_cafe.traffic import Service

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Slice:
    """An EndpointSlice: its Service's name, and the uids of the pods that it shows as ready."""

    name: str
    service: str
    ready: frozenset[str]

    def __str__(self) -> str:
        """Its name for people; one that somebody wrote by hand may be of no Service."""
        return f"EndpointSlice {self.name}" + (f" of Service {self.service}" * bool(self.service))


def parse_service(item: Json) -> Service:
    """The Service in an object; one that is an external name has no endpoints of pods."""
    spec = item.get("spec") or {}
    return Service(
        name=item["metadata"]["name"],
        selector=({} if spec.get("type") == "ExternalName" else spec.get("selector")) or {},
        publishes_unready=bool(spec.get("publishNotReadyAddresses")),
    )


def parse_slice(item: Json) -> Slice:
    """The Slice in an EndpointSlice.

    An endpoint whose readiness is not said counts as ready, as for every proxy.
    """
    meta = item["metadata"]
    uids = frozenset(
        endpoint["targetRef"]["uid"]
        for endpoint in item.get("endpoints") or ()
        if (endpoint.get("conditions") or {}).get("ready") is not False
        and (endpoint.get("targetRef") or {}).get("uid")
    )
    service = (meta.get("labels") or {}).get("kubernetes.io/service-name", "")
    return Slice(meta["name"], service, uids)


def ready_uids(
    slices: Iterable[Slice], services: Iterable[Service], *, unready: bool
) -> frozenset[str]:
    """Pods that some EndpointSlice shows ready; `unready`: where any is shown so (C30)."""
    publishing = {service.name for service in services if service.publishes_unready}
    shown = (one.ready for one in slices if (one.service in publishing) is unready)
    return frozenset().union(*shown)

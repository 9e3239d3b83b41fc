"""Services and EndpointSlices, read for the traffic of a pod (protocol 5)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Set
from typing import Any

from msgspec import Struct

from kubectl_cafe.pods.model import Pod
from kubectl_cafe.traffic import Service

Json = Mapping[str, Any]


class Slice(Struct, frozen=True):
    """An EndpointSlice: its Service's name, and the uids of the pods it lists ready and unready."""

    name: str
    service: str
    ready: frozenset[str]
    unready: frozenset[str] = frozenset()

    def __str__(self) -> str:
        """The slice's name for messages; a slice written by hand may belong to no Service."""
        return f"EndpointSlice {self.name}" + (f" of Service {self.service}" * bool(self.service))


def parse_service(item: Json) -> Service:
    """The Service in an API object; of type ExternalName it selects no pods."""
    spec = item.get("spec") or {}
    return Service(
        name=item["metadata"]["name"],
        selector=({} if spec.get("type") == "ExternalName" else spec.get("selector")) or {},
        publishes_unready=bool(spec.get("publishNotReadyAddresses")),
        families=tuple(spec.get("ipFamilies") or ()),
    )


def parse_slice(item: Json) -> Slice:
    """The Slice in an EndpointSlice.

    An endpoint without a ready condition counts as ready, as kube-proxy treats it.
    """
    meta = item["metadata"]
    uids: dict[bool, set[str]] = {True: set(), False: set()}
    for endpoint in item.get("endpoints") or ():
        if uid := (endpoint.get("targetRef") or {}).get("uid"):
            uids[(endpoint.get("conditions") or {}).get("ready") is not False].add(uid)
    service = (meta.get("labels") or {}).get("kubernetes.io/service-name", "")
    return Slice(meta["name"], service, frozenset(uids[True]), frozenset(uids[False]))


def listed(slices: Iterable[Slice]) -> Mapping[str, Set[str]]:
    """By Service name, the uids of the pods that its EndpointSlices list, ready or not."""
    found: dict[str, set[str]] = defaultdict(set)
    for one in slices:
        found[one.service].update(one.ready, one.unready)
    return found


def unlisted(
    pod: Pod, services: Iterable[Service], listed: Mapping[str, Set[str]]
) -> tuple[Service, ...]:
    """The Services that select the pod and do not list it yet, ready or not (C22).

    The EndpointSlice controller has not seen the pod as it is now: the pod's labels may have
    changed for a moment, and it may list the pod as ready next. Services that publish unready pods
    are left out: they list the pod as ready all the time.
    """
    return tuple(
        service
        for service in services
        if pod.uid not in listed.get(service.name, ())
        and service.selects(pod.labels)
        and service.reaches(pod.ip)
        and not service.publishes_unready
    )


def still_listed(
    pod: Pod, services: Iterable[Service], listed: Mapping[str, Set[str]]
) -> tuple[Service, ...]:
    """The Services that list the pod, ready or not, and do not select it (C22).

    The EndpointSlice controller has not seen the pod's labels as they are now.
    """
    return tuple(
        service
        for service in services
        if service.selector
        and pod.uid in listed.get(service.name, ())
        and not service.selects(pod.labels)
    )


def ready_uids(
    slices: Iterable[Slice], services: Iterable[Service], *, unready: bool
) -> frozenset[str]:
    """The uids of the pods that at least one EndpointSlice lists as ready.

    With `unready` only the slices of Services that publish unready pods count (C30), without it
    only the slices of all other Services.
    """
    publishing = {service.name for service in services if service.publishes_unready}
    shown = (one.ready for one in slices if (one.service in publishing) is unready)
    return frozenset().union(*shown)

"""Requirements of trafficFinalizers on pods before a release may begin (protocol 5, C31)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kubectl_cafe import names
from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.errors import Refused
from kubectl_cafe.hints import kubectl
from kubectl_cafe.pods.model import Pod, parse
from kubectl_cafe.pods.record import Mode
from kubectl_cafe.revisions import template as templates
from kubectl_cafe.text import counted
from kubectl_cafe.traffic import Service, mode_of

Json = Mapping[str, Any]


def refuse_undrainable(
    cafe: CafeDeployment, restarting: Sequence[Pod], services: Sequence[Service]
) -> None:
    """Raise Refused for traffic finalizers on pods without a switch (mode None).

    Nothing would signal the finalizer's controller to remove the finalizer, so such a pod would
    restart undrained. `restarting` are the pods whose image changes or, before there are any pods,
    one pod as the template makes it.
    """
    if not cafe.strategy.traffic_finalizers:
        return
    bare = [pod.name for pod in restarting if mode_of(pod, services) is Mode.NONE]
    if bare:
        raise Refused(
            f"pods such as {bare[0]} have no traffic switch (mode None), so a traffic finalizer "
            f'is never removed from them. They need the label {names.TRAFFIC}: "on" or the '
            f"readiness gate {names.IN_SERVICE}. Nothing was written",
            where=f"{cafe.where}, spec.strategy.trafficFinalizers",
            hint=kubectl(f"edit cafed {cafe.name}", cafe.namespace),
        )


def new_pod(cafe: CafeDeployment, template: Json) -> Pod:
    """A pod as the template creates it."""
    meta = {"name": cafe.name, "uid": "", "resourceVersion": ""}
    return parse({**template, "metadata": {**meta, "labels": templates.labels(template)}})


def warnings(cafe: CafeDeployment, pods: Iterable[Pod]) -> tuple[str, ...]:
    """The warnings about pods without their traffic finalizers: they count as unavailable."""
    said: list[str] = []
    living = [pod for pod in pods if not pod.terminating and not pod.over]
    for name in cafe.strategy.traffic_finalizers:
        lacking = [pod.name for pod in living if name not in pod.finalizers]
        if lacking:
            said.append(
                f"traffic finalizer {name} is missing on {len(lacking)} of "
                f"{counted(len(living), 'pod')} ({', '.join(lacking[:3])}): such a pod counts as "
                "unavailable"
            )
    return tuple(said)

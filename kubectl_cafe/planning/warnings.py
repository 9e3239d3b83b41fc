"""Warnings about a release that `plan` and `upgrade` print before it is confirmed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from kubectl_cafe import names
from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.assessment import lost_switches
from kubectl_cafe.planning.finding import Finding, ok, warning
from kubectl_cafe.pods.model import Pod
from kubectl_cafe.pods.record import Mode
from kubectl_cafe.revisions import image as images
from kubectl_cafe.revisions import template as templates
from kubectl_cafe.revisions.revision import Revision
from kubectl_cafe.text import counted
from kubectl_cafe.traffic import Service, mode_of

Json = Mapping[str, Any]
TRAFFIC = "traffic"


def warnings(
    cafe: CafeDeployment,
    pods: Sequence[Pod],
    services: Sequence[Service],
    known: Mapping[str, Revision],
    template: Json,
    diff: templates.Difference,
) -> tuple[Finding, ...]:
    """The findings about tags, traffic modes, spec.strategy.pause and a copied record, in order."""
    modes = Counter(mode_of(pod, services) for pod in pods)
    said = [*_tags(template)]
    if (bare := modes[Mode.NONE]) and diff.images:
        lost = lost_switches.described(lost_switches.planned(pods, services, known), cafe.namespace)
        said.append(
            _traffic(
                f"{bare} of {counted(len(pods), 'pod')} without a traffic switch (mode None): "
                f"requests in flight may fail{': ' if lost else ''}{lost}"
            )
        )
    if gated := modes[Mode.GATE]:
        said.append(
            _traffic(
                f"{gated} of {counted(len(pods), 'pod')} in Gate mode: a pod that is replaced "
                "while the release has no driver stays out of traffic until a driver or `repair` "
                "opens its gate (pods in Label mode do not)"
            )
        )
    if labelled := modes[Mode.LABEL]:
        said.append(ok(TRAFFIC, f"{labelled} of {counted(len(pods), 'pod')} in Label mode"))
    if deaf := publishing_unready(pods, services):
        said.append(
            _traffic(
                f"{', '.join(deaf)}: publishNotReadyAddresses is true, so a pod in Gate mode is "
                "sent requests while it restarts (Label mode takes it out of every Service)"
            )
        )
    if cafe.paused_by_spec:
        pausing = "spec.strategy.pause is true: the release will pause before its first pod"
        said.append(warning("release", pausing))
    if cafe.foreign_record:
        foreign = f"annotation {names.RELEASE} belongs to another object and is ignored"
        said.append(warning("release", foreign))
    return tuple(said)


def _traffic(message: str) -> Finding:
    return warning(TRAFFIC, message)


def _tags(template: Json) -> list[Finding]:
    """Warnings about tags whose content may change under the same string (C7)."""
    return [
        warning(
            "images",
            f"container {name}: the tag of {image} usually moves: nodes may run different "
            "content of it, and a release to the same tag changes nothing",
        )
        for name, image in templates.images(template).items()
        if images.mutable(image)
    ]


def publishing_unready(pods: Sequence[Pod], services: Sequence[Service]) -> list[str]:
    """The Services of `pods` that send requests even to a pod that is not ready (C30).

    Only Services of pods that are not in Label mode: a drained pod in Label mode leaves every
    Service.
    """
    switched_by_label = [pod for pod in pods if mode_of(pod, services) is Mode.LABEL]
    others = [pod for pod in pods if pod not in switched_by_label]
    return sorted(
        f"Service {service.name}"
        for service in services
        if service.publishes_unready and any(service.selects(pod.labels) for pod in others)
    )

"""Pods with an unfinished upgrade while the CafeDeployment has no record (C72). Pure."""

from __future__ import annotations

from collections.abc import Iterable

from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.pods.model import Pod


def lost_pods(cafe: CafeDeployment, pods: Iterable[Pod]) -> list[str]:
    """The names of the pods with unfinished records; none while `cafe` has its record."""
    if cafe.record is not None:
        return []
    return [pod.name for pod in pods if pod.unfinished]

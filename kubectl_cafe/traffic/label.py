"""Label mode: a label that every Service of the pod selects by (protocol 5)."""

from __future__ import annotations

from kubectl_cafe import names
from kubectl_cafe.pods.model import Pod
from kubectl_cafe.pods.observed import Sighting
from kubectl_cafe.pods.patches import PodPatch, patch
from kubectl_cafe.pods.record import PodRecord


class Label:
    """The switch is the label; it works without the kubelet, the EndpointSlices show it."""

    def acknowledged_off(self, pod: Pod, sighting: Sighting, now: float) -> bool:
        """Nobody but the endpoints acknowledges a label."""
        return _off(pod)

    def stays_off(self, pod: Pod) -> bool:
        """Whether the label still says off."""
        return _off(pod)

    def turn_off(self, pod: Pod, record: PodRecord, at: str) -> PodPatch:
        """W1."""
        return patch(pod, "off", record=record, labels={names.TRAFFIC: "off"})

    def turn_on(self, pod: Pod, record: PodRecord | None, at: str) -> PodPatch:
        """W3; a newborn carries the label from its template."""
        return patch(pod, "on", record=record, labels={names.TRAFFIC: "on"})


def _off(pod: Pod) -> bool:
    return pod.labels.get(names.TRAFFIC) != "on"


SWITCH = Label()

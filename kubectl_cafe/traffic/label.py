"""Label mode: every Service that selects the pod selects it by the traffic label (protocol 5)."""

from __future__ import annotations

from kubectl_cafe import names
from kubectl_cafe.pods.model import Pod
from kubectl_cafe.pods.observed import Sighting
from kubectl_cafe.pods.patches import PodPatch, patch
from kubectl_cafe.pods.record import PodRecord


class Label:
    """Switches by the label. The kubelet takes no part: the EndpointSlices show the effect."""

    def acknowledged_off(self, pod: Pod, sighting: Sighting, now: float) -> bool:
        """Whether the label is off; EndpointSlices, checked elsewhere, are its acknowledgement."""
        return _off(pod)

    def stays_off(self, pod: Pod) -> bool:
        """Whether the label is still off."""
        return _off(pod)

    def turn_off(self, pod: Pod, record: PodRecord, at: str) -> PodPatch:
        """W1: the patch that sets the label to off and writes `record`."""
        return patch(pod, "off", record=record, labels={names.TRAFFIC: "off"})

    def turn_on(self, pod: Pod, record: PodRecord | None, at: str) -> PodPatch:
        """W3: the patch that sets the label to on; a new pod has the label from its template."""
        return patch(pod, "on", record=record, labels={names.TRAFFIC: "on"})


def _off(pod: Pod) -> bool:
    return pod.labels.get(names.TRAFFIC) != "on"


SWITCH = Label()

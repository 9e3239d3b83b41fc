"""No traffic mode: nothing can be switched, requests in flight may fail (protocol 5)."""

from __future__ import annotations

from kubectl_cafe.pods.model import Pod
from kubectl_cafe.pods.observed import Sighting
from kubectl_cafe.pods.patches import PodPatch, patch
from kubectl_cafe.pods.record import PodRecord


class NoTraffic:
    """No switch: the pod is always in traffic, and its only write is the image patch."""

    def acknowledged_off(self, pod: Pod, sighting: Sighting, now: float) -> bool:
        """True: there is nothing to wait for."""
        return True

    def stays_off(self, pod: Pod) -> bool:
        """True: there is nothing to watch."""
        return True

    def turn_off(self, pod: Pod, record: PodRecord, at: str) -> PodPatch:
        """The patch of the record alone; the engine never uses it."""
        return patch(pod, "off", record=record)

    def turn_on(self, pod: Pod, record: PodRecord | None, at: str) -> PodPatch:
        """The patch of the record alone; the engine never uses it."""
        return patch(pod, "on", record=record)


SWITCH = NoTraffic()

"""Gate mode: our readiness gate's condition on `pods/status` (protocol 5)."""

from __future__ import annotations

from kubectl_cafe.pods.model import Pod
from kubectl_cafe.pods.observed import Sighting
from kubectl_cafe.pods.patches import PodPatch, patch
from kubectl_cafe.pods.record import SCALE_IN, PodRecord
from kubectl_cafe.pods.restarted import acknowledgement, quotes_gate

UNREADY_SEEN = 5.0
"""Seconds of Ready's reason ContainersNotReady that stand for a quote of the gate."""


class Gate:
    """Switches by the condition, whose value the kubelet quotes in Ready's message."""

    def acknowledged_off(self, pod: Pod, sighting: Sighting, now: float) -> bool:
        """Whether Ready is False because of our gate, in its present value (C22, C23, C85).

        An older Ready=False proves nothing. If containers aren't ready, the kubelet names them
        instead of the gate: that reason must then have lasted 5 s.
        """
        if pod.gate.status not in ("False", "Unknown"):
            return False
        if quotes_gate(pod):
            return True
        return (
            pod.ready.status == "False"
            and pod.ready.reason == "ContainersNotReady"
            and now - sighting.ready_reason_since >= UNREADY_SEEN
        )

    def stays_off(self, pod: Pod) -> bool:
        """Whether the gate is off and Ready still False, for whatever reason.

        In a crash loop Ready's message names the containers and our gate in turn. Once a kubelet
        has acted on the gate, no second quote is needed (C33, C77).
        """
        return pod.gate.status in ("False", "Unknown") and pod.ready.status == "False"

    def turn_off(self, pod: Pod, record: PodRecord, at: str) -> PodPatch:
        """W1: the patch that sets the gate to False and writes `record`."""
        why = "drained to be removed" if record.op == SCALE_IN else "drained for an upgrade"
        return patch(pod, "off", record=record, gate=("False", why), at=at)

    def turn_on(self, pod: Pod, record: PodRecord | None, at: str) -> PodPatch:
        """W3, or the opening of a new pod (C27): the patch that sets the gate to True."""
        what = "on" if record else "open"
        return patch(pod, what, record=record, gate=("True", "in service"), at=at)


def acknowledge(pod: Pod, at: str) -> PodPatch:
    """The patch that changes the gate from False to Unknown or back, for a new quote (rule b)."""
    value = "Unknown" if pod.gate.status == "False" else "False"
    return patch(pod, "acknowledge", gate=(value, acknowledgement(pod.generation)), at=at)


SWITCH = Gate()

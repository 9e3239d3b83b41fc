"""How a pod leaves traffic before its restart and joins it again afterwards (protocol 5).

One module per mode. Each has the four methods of Traffic: whether the pod is out of traffic,
whether it still is, and the writes that turn its traffic off and on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from msgspec import Struct

from kubectl_cafe import names
from kubectl_cafe.pods.model import Pod
from kubectl_cafe.pods.observed import Sighting
from kubectl_cafe.pods.patches import PodPatch
from kubectl_cafe.pods.record import Mode, PodRecord


class Service(Struct, frozen=True):
    """A Service: its selector, whether it publishes pods that aren't ready (C30), IP families."""

    name: str
    selector: Mapping[str, str]
    publishes_unready: bool = False
    families: tuple[str, ...] = ()

    def selects(self, labels: Mapping[str, str]) -> bool:
        """Whether the Service selects a pod with `labels`; without a selector it selects none."""
        return bool(self.selector) and all(labels.get(k) == v for k, v in self.selector.items())

    def reaches(self, ip: str) -> bool:
        """Whether an EndpointSlice of the Service can hold the address `ip`; none holds ""."""
        family = "IPv6" if ":" in ip else "IPv4"
        return bool(ip) and (not self.families or family in self.families)


class Traffic(Protocol):
    """The switch of one mode."""

    def acknowledged_off(self, pod: Pod, sighting: Sighting, now: float) -> bool:
        """Whether the switch is off and, in Gate mode, the kubelet has acknowledged it.

        `out_of_traffic` checks the EndpointSlices. `now` is by the monotonic clock.
        """
        ...

    def stays_off(self, pod: Pod) -> bool:
        """Whether a pod that was out of traffic still is; no second acknowledgement is needed."""
        ...

    def turn_off(self, pod: Pod, record: PodRecord, at: str) -> PodPatch:
        """W1: the patch that turns the pod's traffic off and writes `record`."""
        ...

    def turn_on(self, pod: Pod, record: PodRecord | None, at: str) -> PodPatch:
        """W3: the patch that turns the pod's traffic on and writes `record` (None: a new pod)."""
        ...


def mode_of(pod: Pod, services: Iterable[Service]) -> Mode:
    """The traffic mode, decided from the pod itself (C28).

    Gate: the pod has our readiness gate. Label: the pod carries the traffic label, and every
    Service that selects the pod selects by that label. None: neither.
    """
    if pod.gated:
        return Mode.GATE
    if names.TRAFFIC in pod.labels and not not_by_label(pod, services):
        return Mode.LABEL
    return Mode.NONE


def not_by_label(pod: Pod, services: Iterable[Service]) -> tuple[Service, ...]:
    """The Services that select the pod whatever its traffic label is: it does not switch them."""
    as_on = {**pod.labels, names.TRAFFIC: "on"}
    return tuple(s for s in services if s.selects(as_on) and s.selector.get(names.TRAFFIC) != "on")


def switch(mode: Mode) -> Traffic:
    """The switch of `mode`."""
    from kubectl_cafe.traffic import gate, label, none

    switches: dict[Mode, Traffic] = {
        Mode.GATE: gate.SWITCH,
        Mode.LABEL: label.SWITCH,
        Mode.NONE: none.SWITCH,
    }
    return switches[mode]

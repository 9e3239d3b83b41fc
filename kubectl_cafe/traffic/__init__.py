"""How a pod leaves traffic before its restart and joins it again after (protocol 5).

One module per mode; each answers the same four questions, so that the engine asks without
knowing which: is it seen to be off, does it stay so, and what is written to turn it off and on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from kubectl_cafe import names
from kubectl_cafe.pods.model import Pod
from kubectl_cafe.pods.observed import Sighting
from kubectl_cafe.pods.patches import PodPatch
from kubectl_cafe.pods.record import Mode, PodRecord


@dataclass(frozen=True)
class Service:
    """A Service: its selector, whether it publishes pods that aren't ready (C30), IP families."""

    name: str
    selector: Mapping[str, str]
    publishes_unready: bool = False
    families: tuple[str, ...] = ()

    def selects(self, labels: Mapping[str, str]) -> bool:
        """Whether the Service selects a pod with `labels`; one without a selector selects none."""
        return bool(self.selector) and all(labels.get(k) == v for k, v in self.selector.items())

    def reaches(self, ip: str) -> bool:
        """Whether an EndpointSlice of the Service can hold this address; none holds no address."""
        family = "IPv6" if ":" in ip else "IPv4"
        return bool(ip) and (not self.families or family in self.families)


class Traffic(Protocol):
    """The switch of one mode."""

    def acknowledged_off(self, pod: Pod, sighting: Sighting, now: float) -> bool:
        """Whether whoever must act on "off" has said so (endpoints are asked elsewhere)."""
        ...

    def stays_off(self, pod: Pod) -> bool:
        """Whether a pod that was seen off still is; what made it so need not be said again."""
        ...

    def turn_off(self, pod: Pod, record: PodRecord, at: str) -> PodPatch:
        """W1: off, and the record."""
        ...

    def turn_on(self, pod: Pod, record: PodRecord | None, at: str) -> PodPatch:
        """W3: on, and the record; without a record it opens a newborn."""
        ...


def mode_of(pod: Pod, services: Iterable[Service]) -> Mode:
    """The traffic mode, decided from the pod itself (C28).

    Gate: it has our readiness gate. Label: it carries the traffic label and every Service
    that selects it selects by that label. None: neither.
    """
    if pod.gated:
        return Mode.GATE
    if names.TRAFFIC in pod.labels and not not_by_label(pod, services):
        return Mode.LABEL
    return Mode.NONE


def not_by_label(pod: Pod, services: Iterable[Service]) -> tuple[Service, ...]:
    """The Services that select the pod by other labels alone: switching ours changes nothing."""
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

"""Traffic finalizers: a load balancer's controller puts one on each pod that it uses (protocol 5).

The controller watches our gate or label, removes its finalizer once the pod is drained, and puts it
back once the pod is in use again. kubectl-cafe waits for both, and never writes a finalizer (I10).
"""

from __future__ import annotations

from collections.abc import Collection

from kubectl_cafe.pods.model import Pod
from kubectl_cafe.pods.record import Mode


def asked(mode: Mode, declared: Collection[str]) -> tuple[str, ...]:
    """The `declared` finalizers to wait for; none in mode None, whose pods have no switch."""
    return () if mode is Mode.NONE else tuple(declared)


def holding(pod: Pod, asked: Collection[str]) -> tuple[str, ...]:
    """The finalizers that the pod still has: no image is changed before they are gone (C31)."""
    return tuple(name for name in asked if name in pod.finalizers)


def lacking(pod: Pod, asked: Collection[str]) -> tuple[str, ...]:
    """The finalizers that the pod lacks: it is not in traffic before they are back (C31)."""
    return tuple(name for name in asked if name not in pod.finalizers)


def back_since(pod: Pod, asked: Collection[str]) -> float:
    """When the last of the finalizers was put back, in seconds since the epoch; 0: not known."""
    return max((pod.finalizers.get(name, 0.0) for name in asked), default=0.0)

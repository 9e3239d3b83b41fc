"""Traffic finalizers: a load balancer's controller says by them whether it uses a pod (protocol 5).

It watches our gate or label, removes its finalizer once the pod is drained, and puts it back
once traffic flows. We wait for both, and never add or remove one (invariant I10).
"""

from __future__ import annotations

from collections.abc import Collection

from kubectl_cafe.pods.model import Pod
from kubectl_cafe.pods.record import Mode


def asked(mode: Mode, declared: Collection[str]) -> tuple[str, ...]:
    """Those that are asked of a pod: none in mode None, where nobody is told to let go."""
    return () if mode is Mode.NONE else tuple(declared)


def holding(pod: Pod, asked: Collection[str]) -> tuple[str, ...]:
    """Those that the pod still has: no image is changed before they are gone (C31)."""
    return tuple(name for name in asked if name in pod.finalizers)


def lacking(pod: Pod, asked: Collection[str]) -> tuple[str, ...]:
    """Those that it does not have: it is not in traffic before they are back (C31)."""
    return tuple(name for name in asked if name not in pod.finalizers)


def back_since(pod: Pod, asked: Collection[str]) -> float:
    """When the last of them was put there, in seconds since the epoch; 0 where nothing tells."""
    return max((pod.finalizers.get(name, 0.0) for name in asked), default=0.0)

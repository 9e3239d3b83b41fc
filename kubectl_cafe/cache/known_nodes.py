"""Keeps what was read from nodes: their architectures, and whether they are Ready."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct, structs

from kubectl_cafe.assessment.snapshot import NODES_FRESH
from kubectl_cafe.pods.model import Pod


class KnownNodes(Struct, frozen=True):
    """What was read from the Nodes; both maps are by node name.

    `architectures` are read once; None: not read. `ready` was read at `at`, by this process'
    monotonic clock in seconds; None: not read.
    """

    architectures: Mapping[str, str] | None = None
    ready: Mapping[str, bool] = {}
    at: float | None = None

    def placed(self, pod: Pod, now: float) -> Pod:
        """The pod with the Ready condition of its Node, if that was read recently."""
        if not pod.suspect or self.at is None or now - self.at > 2 * NODES_FRESH:
            return pod
        return structs.replace(pod, node_ready=self.ready.get(pod.node))


def suspects(pods: Iterable[Pod]) -> frozenset[str]:
    """The names of the nodes that may be lost, by the status of their pods (C80)."""
    return frozenset(pod.node for pod in pods if pod.suspect and pod.node)

"""The architectures of the nodes: read only where pods show more than one digest (C12)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kubectl_cafe.cluster import paths
from kubectl_cafe.cluster.errors import Forbidden
from kubectl_cafe.cluster.transport import Transport

LABEL = "kubernetes.io/arch"


def architectures(transport: Transport) -> dict[str, str]:
    """The architecture of each node by its name; empty where nodes may not be listed."""
    try:
        items = transport.list(paths.nodes(), slim=_slim).items
    except Forbidden:
        return {}
    return {item["name"]: item["architecture"] for item in items if item["architecture"]}


def _slim(node: dict[str, Any]) -> dict[str, Any]:
    return {"name": node["metadata"]["name"], "architecture": architecture(node)}


def architecture(node: Mapping[str, Any]) -> str:
    """By its label, else by its kubelet's own word; empty where neither says it."""
    label = (node["metadata"].get("labels") or {}).get(LABEL, "")
    info = (node.get("status") or {}).get("nodeInfo") or {}
    return str(label or info.get("architecture", ""))

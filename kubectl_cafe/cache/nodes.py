"""Reads nodes: their architectures, or whether they are Ready.

Architectures are needed if pods show several digests for one image string (C12), Ready if a pod's
status does not tell whether its node was lost (C80).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from kubectl_cafe.client import paths
from kubectl_cafe.client.errors import Forbidden
from kubectl_cafe.client.transport import Transport

LABEL = "kubernetes.io/arch"
FEW = 10
"""The number of nodes up to which each is read by name; more are listed together."""


def architectures(transport: Transport) -> dict[str, str]:
    """The architectures by node name; empty if the user may not list nodes."""
    try:
        items = transport.list(paths.nodes(), slim=_slim).items
    except Forbidden:
        return {}
    return {item["name"]: item["architecture"] for item in items if item["architecture"]}


def ready(transport: Transport, of: Collection[str]) -> dict[str, bool]:
    """Whether each of the nodes named in `of` is Ready; empty if the user may not list nodes.

    A node that does not exist is not Ready.
    """
    queries = [{"fieldSelector": f"metadata.name={name}"} for name in sorted(of)]
    try:
        lists = [
            transport.list(paths.nodes(), query, slim=_readiness).items
            for query in (queries if len(of) <= FEW else [None])
        ]
    except Forbidden:
        return {}
    found = {item["name"]: item["ready"] for items in lists for item in items}
    return {name: found.get(name, False) for name in of}


def _readiness(node: dict[str, Any]) -> dict[str, Any]:
    conditions = (node.get("status") or {}).get("conditions") or ()
    is_ready = any((c["type"], c.get("status")) == ("Ready", "True") for c in conditions)
    return {"name": node["metadata"]["name"], "ready": is_ready}


def _slim(node: dict[str, Any]) -> dict[str, Any]:
    return {"name": node["metadata"]["name"], "architecture": architecture(node)}


def architecture(node: Mapping[str, Any]) -> str:
    """The node's architecture by its label, else by its kubelet's nodeInfo; "" without either."""
    label = (node["metadata"].get("labels") or {}).get(LABEL, "")
    info = (node.get("status") or {}).get("nodeInfo") or {}
    return str(label or info.get("architecture", ""))

"""InPlaceSet: one ReplicaSet per cell, whose pods are patched in place (protocol 3).

A ReplicaSet never compares its pods with its template, so it doesn't fight the patches; a
replacement is born from the template as it stands at that moment.
"""

from __future__ import annotations

import copy
import hashlib
import re
from collections.abc import Sequence
from typing import Any

from kubectl_cafe import names
from kubectl_cafe.podsets import Json, Workload, WorkloadWrite
from kubectl_cafe.revisions.revision import owner_reference

CELL_LABELS = {"Cell": names.CELL, "Zone": names.ZONE}
"""The node label behind each unitType; None has no cells."""
NAME_LIMIT = 63 - len("-12345")
"""A pod's name adds six characters to its ReplicaSet's, and is used as a host name."""


class InPlaceSet:
    """The pod set of podSetType InPlaceSet."""

    def parse(self, obj: Json) -> Workload:
        """The Workload in a ReplicaSet."""
        meta, spec = obj["metadata"], obj["spec"]
        template_labels = spec["template"]["metadata"].get("labels") or {}
        return Workload(
            name=meta["name"],
            uid=meta["uid"],
            resource_version=meta["resourceVersion"],
            cell=(meta.get("labels") or {}).get(names.CELL, ""),
            replicas=spec.get("replicas", 1),
            revision=template_labels.get(names.REVISION, ""),
            generation=meta.get("generation", 0),
            observed=(obj.get("status") or {}).get("observedGeneration", 0),
        )

    def create(self, owner: Json, cell: str, revision: str, template: Json) -> WorkloadWrite:
        """A ReplicaSet of `cell` with no pods yet."""
        meta, selector = owner["metadata"], copy.deepcopy(dict(owner["spec"]["selector"]))
        match = {**(selector.get("matchLabels") or {}), **_cell_label(cell)}
        cells = (owner["spec"].get("topology") or {}).get("values") or ()
        name = workload_name(meta["name"], cell, cells)
        body = {
            "apiVersion": "apps/v1",
            "kind": "ReplicaSet",
            "metadata": {
                "name": name,
                "namespace": meta["namespace"],
                "labels": match,
                "ownerReferences": [owner_reference(owner)],
            },
            "spec": {
                "replicas": 0,
                "selector": {**selector, "matchLabels": match},
                "template": pod_template(owner, cell, revision, template),
            },
        }
        return WorkloadWrite(name, True, body, f"create ReplicaSet {name}")

    def commit(
        self, owner: Json, workload: Workload, revision: str, template: Json
    ) -> WorkloadWrite:
        """The template, replaced as a whole."""
        whole = pod_template(owner, workload.cell, revision, template)
        body = {**_judged(workload), "spec": {"template": {"$patch": "replace", **whole}}}
        return WorkloadWrite(workload.name, False, body, f"commit {revision}")

    def scale(self, workload: Workload, replicas: int) -> WorkloadWrite:
        """The number of pods."""
        body = {**_judged(workload), "spec": {"replicas": replicas}}
        return WorkloadWrite(workload.name, False, body, f"scale to {replicas}")


def _judged(workload: Workload) -> dict[str, Any]:
    return {"metadata": {"uid": workload.uid, "resourceVersion": workload.resource_version}}


def _cell_label(cell: str) -> dict[str, str]:
    return {names.CELL: cell} if cell else {}


def pod_template(owner: Json, cell: str, revision: str, template: Json) -> dict[str, Any]:
    """The template as a workload of `cell` carries it: cell, revision, and node affinity."""
    whole = copy.deepcopy(dict(template))
    meta = whole.setdefault("metadata", {})
    meta["labels"] = {
        **(meta.get("labels") or {}),
        **_cell_label(cell),
        names.REVISION: revision,
    }
    unit = (owner["spec"].get("topology") or {}).get("unitType", "None")
    if cell and unit in CELL_LABELS:
        _require_node(whole["spec"], CELL_LABELS[unit], cell)
    return whole


def _require_node(spec: dict[str, Any], label: str, value: str) -> None:
    """Add `label` in [value] to every alternative of the required node affinity."""
    affinity = spec.setdefault("affinity", {}).setdefault("nodeAffinity", {})
    required = affinity.setdefault("requiredDuringSchedulingIgnoredDuringExecution", {})
    terms = required.setdefault("nodeSelectorTerms", []) or [{}]
    required["nodeSelectorTerms"] = terms
    for term in terms:
        expression = {"key": label, "operator": "In", "values": [value]}
        term["matchExpressions"] = [*term.get("matchExpressions", ()), expression]


def workload_name(owner: str, cell: str, cells: Sequence[str] = ()) -> str:
    """`<name>-<cell>` in lower case, as a DNS label.

    A short hash is added where characters had to go, or where two of `cells` would clash.
    """
    if not cell:
        return owner
    plain = f"{owner}-{cell.lower()}"
    label = re.sub(r"[^a-z0-9-]+", "-", plain)[:NAME_LIMIT].rstrip("-")
    clashes = [other for other in cells if other != cell and other.lower() == cell.lower()]
    if label == plain and not clashes:
        return label
    digest = hashlib.sha256(f"{owner}/{cell}".encode()).hexdigest()[:5]
    return f"{label[: NAME_LIMIT - 6].rstrip('-')}-{digest}"

"""What the workloads of all pod sets share: their names, and the pod template of a cell."""

from __future__ import annotations

import copy
import hashlib
import re
from collections.abc import Sequence
from typing import Any

from kubectl_cafe import names
from kubectl_cafe.podsets import Json

CELL_LABELS = {"Cell": names.CELL, "Zone": names.ZONE}
"""The node label of each unitType; unitType None has no cells."""


NAME_LIMIT = 63 - len("-12345")
"""The most characters of a workload's name: a pod's name adds six, and is used as a host name."""


def cell_label(cell: str) -> dict[str, str]:
    """The label of the workload and the pods of `cell`; empty without cells."""
    return {names.CELL: cell} if cell else {}


def pod_template(owner: Json, cell: str, revision: str, template: Json) -> dict[str, Any]:
    """`template` for a workload of `cell`: with labels of cell and revision, and node affinity."""
    whole = copy.deepcopy(dict(template))
    meta = whole.setdefault("metadata", {})
    meta["labels"] = {
        **(meta.get("labels") or {}),
        **cell_label(cell),
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


def generate_name(owner: str) -> str:
    """The generateName of objects in a dry run: up to 40 characters of `owner`, and a hyphen.

    A "." or "-" before that hyphen is removed: no name is valid with ".-" or "--" there.
    """
    return f"{owner[:40].rstrip('-.')}-"


def workload_name(owner: str, cell: str, cells: Sequence[str] = ()) -> str:
    """The name of a cell's workload: `<name>-<cell>` in lower case, as a DNS label.

    A short hash is added where characters had to be removed, or where two of `cells` would clash.
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

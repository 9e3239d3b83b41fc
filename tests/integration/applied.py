"""A CafeDeployment as a user sends it to the server, whole or with one field changed."""

from __future__ import annotations

import copy
import subprocess
from collections.abc import Callable
from typing import Any

Kubectl = Callable[..., subprocess.CompletedProcess[str]]


GOOD: dict[str, Any] = {
    "apiVersion": "apps.cafe.cloud.alipay.com/v1alpha1",
    "kind": "CafeDeployment",
    "metadata": {"name": "productpage"},
    "spec": {
        "replicas": 10,
        "selector": {"matchLabels": {"app": "productpage"}},
        "template": {
            "metadata": {"labels": {"app": "productpage"}},
            "spec": {"containers": [{"name": "main", "image": "app:v1"}]},
        },
        "topology": {"unitType": "Cell", "values": ["CellA", "CellB"]},
    },
}


def changed(path: str, value: Any) -> dict[str, Any]:
    """GOOD with `value` at the dotted `path` below spec; None takes the field away."""
    cafed = copy.deepcopy(GOOD)
    *parents, last = path.split(".")
    place = cafed["spec"]
    for key in parents:
        place = place.setdefault(key, {})
    if value is None:
        del place[last]
    else:
        place[last] = value
    return cafed


def tried(kubectl: Kubectl, cafed: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    """`cafed` applied in a dry run."""
    return kubectl("apply", "--dry-run=server", "-o", "json", "-f", "-", given=cafed)

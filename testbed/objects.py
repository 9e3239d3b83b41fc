"""Parts of a pod, as the API server has it."""

from __future__ import annotations

import json
from typing import Any

from testbed.client import Object

RECORD = "cafe.sofastack.io/in-place"
"""Annotation of a pod: its own record."""


def name(pod: Object) -> str:
    """The pod's name."""
    return str(pod["metadata"]["name"])


def condition(pod: Object, kind: str = "Ready") -> Any:
    """A condition; empty where there is none."""
    conditions = pod["status"].get("conditions", [])
    return next((condition for condition in conditions if condition["type"] == kind), {})


def ready(pod: Object) -> bool:
    """Whether the pod is Ready."""
    return bool(condition(pod).get("status") == "True")


def phase(pod: Object) -> str:
    """The phase of the pod's own record; empty without one."""
    text = pod["metadata"].get("annotations", {}).get(RECORD)
    return str(json.loads(text)["phase"]) if text else ""

"""Writes whose answer was lost: whether they may still land, and how to make them stale."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kubectl_cafe import names
from kubectl_cafe.podsets import WorkloadWrite

RETRY = 1.0
"""Seconds before an unsent write is decided again, or the result of a lost answer is read."""


def may_land(write: WorkloadWrite, shown: Mapping[str, str]) -> bool:
    """Whether `write` can still take effect; `shown` maps workload names to resourceVersions."""
    if write.create:
        return write.name not in shown
    judged: str = write.body["metadata"]["resourceVersion"]
    return shown.get(write.name) == judged


def touch(uid: str, version: str) -> dict[str, Any]:
    """The patch that only gives an object a resourceVersion after `version`, by an annotation."""
    judged = {"uid": uid, "resourceVersion": version}
    return {"metadata": {**judged, "annotations": {names.TOUCHED: version}}}

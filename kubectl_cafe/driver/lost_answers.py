"""Writes whose answer was lost: whether they may still land, and what makes them stale."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kubectl_cafe import names
from kubectl_cafe.podsets import WorkloadWrite

RETRY = 1.0
"""Seconds before a write that was not sent is judged anew, or a lost answer is asked for."""


def may_land(write: WorkloadWrite, shown: Mapping[str, str]) -> bool:
    """Whether `write` can still take effect; `shown` are the resourceVersions by name."""
    if write.create:
        return write.name not in shown
    judged: str = write.body["metadata"]["resourceVersion"]
    return shown.get(write.name) == judged


def touch(uid: str, version: str) -> dict[str, Any]:
    """The patch that moves an object on from `version`, and changes nothing else."""
    judged = {"uid": uid, "resourceVersion": version}
    return {"metadata": {**judged, "annotations": {names.TOUCHED: version}}}

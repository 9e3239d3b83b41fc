"""Writes whose answer was lost: whether they may still take effect, and how to prevent that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kubectl_cafe import names
from kubectl_cafe.podsets import WorkloadWrite

RETRY = 1.0
"""Seconds before a failed write is decided again, or the object is read after a lost answer."""


def may_land(write: WorkloadWrite, shown: Mapping[str, str]) -> bool:
    """Whether `write` can still take effect; `shown` maps workload names to resourceVersions."""
    if write.create:
        return write.name not in shown
    judged: str = write.body["metadata"]["resourceVersion"]
    return shown.get(write.name) == judged


def touch(uid: str, version: str) -> dict[str, Any]:
    """A patch of an annotation, only to change the object's resourceVersion from `version`.

    Then a write with the precondition `version` fails with 409.
    """
    judged = {"uid": uid, "resourceVersion": version}
    return {"metadata": {**judged, "annotations": {names.TOUCHED: version}}}

"""The writes of one pod as data (protocol 6), each with the uid and resourceVersion assessed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from kubectl_cafe import annotations as sizes
from kubectl_cafe import names
from kubectl_cafe.pods.model import Pod
from kubectl_cafe.pods.record import PodRecord, encode

LOWEST_COST = str(-(2**31))
"""The lowest deletion cost that the API server accepts."""


class PodPatch(Struct, frozen=True):
    """A strategic merge patch of one pod. `status`: the patch goes to the status subresource."""

    pod: str
    uid: str
    resource_version: str
    what: str
    status: bool
    body: Mapping[str, Any]


def patch(
    pod: Pod,
    what: str,
    *,
    record: PodRecord | None = None,
    labels: Mapping[str, str | None] | None = None,
    annotations: Mapping[str, str | None] | None = None,
    images: Mapping[str, str] | None = None,
    gate: tuple[str, str] | None = None,
    at: str = "",
) -> PodPatch:
    """The patch of a record, labels, annotations, images by container name (C21), or the gate.

    `gate` is (status, message), `at` its lastTransitionTime. The patch has only our condition: the
    server merges conditions by type, so conditions of other writers stay as they are (C26). A gate
    and images can't be in one patch: the gate is status, images are spec. None as a label or
    annotation removes it.
    """
    notes: dict[str, str | None] = dict(annotations or {})
    if record is not None:
        notes |= _cost(pod, record)
        notes[names.IN_PLACE] = _text(pod, record, notes)
    meta: dict[str, Any] = {"uid": pod.uid, "resourceVersion": pod.resource_version}
    if labels:
        meta["labels"] = dict(labels)
    if notes:
        meta["annotations"] = notes
    body: dict[str, Any] = {"metadata": meta}
    if images:
        body["spec"] = {"containers": [{"name": n, "image": i} for n, i in images.items()]}
    if gate is not None:
        status, message = gate
        condition = {
            "type": names.IN_SERVICE,
            "status": status,
            "reason": "KubectlCafe",
            "message": message,
        }
        if status != pod.gate.status:
            condition["lastTransitionTime"] = at
        body["status"] = {"conditions": [condition]}
    return PodPatch(pod.name, pod.uid, pod.resource_version, what, gate is not None, body)


def _cost(pod: Pod, record: PodRecord) -> dict[str, str | None]:
    """The deletion cost to set: the lowest if `record` is a removal's, else the pod's own again.

    Empty if there is nothing to restore, or another client has changed the cost since.
    """
    if record.cost is not None:
        return {names.DELETION_COST: LOWEST_COST}
    own = pod.record.cost if pod.record else None
    if own is None or pod.annotations.get(names.DELETION_COST) != LOWEST_COST:
        return {}
    return {names.DELETION_COST: own or None}


def _text(pod: Pod, record: PodRecord, notes: Mapping[str, str | None]) -> str:
    """The record's text; without `passed`, which only reports read, if it would not fit.

    All annotations of an object together have a limit.
    """
    text = encode(record)
    if len(text.encode()) <= sizes.room({**pod.annotations, **notes}, names.IN_PLACE):
        return text
    return encode(replace(record, passed={}))

"""Writes `.status` for `kubectl get`, `kubectl wait` and health checks (protocol 2, 4).

It is computed from the record and the pods, and no decision reads it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.assessment import desired_replicas, edited_spec
from kubectl_cafe.assessment.pod import PodState
from kubectl_cafe.assessment.snapshot import Snapshot
from kubectl_cafe.client import paths
from kubectl_cafe.client.errors import NotFound
from kubectl_cafe.client.transport import PatchKind, Transport
from kubectl_cafe.record.store import missing
from kubectl_cafe.text import counted
from kubectl_cafe.times import rfc3339
from statemachine.lifecycle import RESTING, RUNNING, SUCCEEDED
from statemachine.record import Record, cut

Json = Mapping[str, Any]


def status(cafe: CafeDeployment, snapshot: Snapshot) -> dict[str, Any]:
    """The `.status` for `snapshot`.

    While the spec has a change that was not released, observedGeneration stays below
    metadata.generation. This also holds without a driver, because an edit raises
    metadata.generation.
    """
    record = snapshot.record
    assessments = snapshot.assessments
    living = [s for s in assessments if s.row is not PodState.FORGOTTEN]
    wanted = desired_replicas.total(snapshot)
    available = sum(s.available for s in living)
    at_goal = [s for s in living if s.row is PodState.AT_GOAL]
    before = cafe.obj.get("status") or {}
    old = {c["type"]: c for c in before.get("conditions") or ()}
    ahead = edited_spec.ahead(cafe)
    generation = cafe.obj["metadata"].get("generation", 0)
    if ahead:
        generation = min(before.get("observedGeneration", 0), generation - 1)
    waits = ahead and record.state in RESTING
    ready = _condition(
        old.get("Ready"),
        "Ready",
        available >= wanted,
        "PodsAvailable" if available >= wanted else "PodsUnavailable",
        f"{available} of {counted(wanted, 'pod')} available",
        snapshot,
        generation,
    )
    progressing = _condition(
        old.get("Progressing"),
        "Progressing",
        record.state in (*RUNNING, *SUCCEEDED) and not waits,
        "WaitingForRelease" if waits else _reason(record),
        "the spec has unreleased changes" if waits else _message(record, snapshot.troubles),
        snapshot,
        generation,
    )
    return {
        "observedGeneration": generation,
        "selector": cafe.label_selector,
        "replicas": len(living),
        "readyReplicas": sum(s.pod.ready.status == "True" for s in living),
        "updatedReplicas": len(at_goal),
        "state": str(record.state),
        "group": f"{record.group}/{sum(step.is_group for step in record.steps)}",
        "revision": record.to_revision,
        "conditions": [ready, progressing],
    }


def _reason(record: Record) -> str:
    return record.failure.reason if record.failure else str(record.state)


def _message(record: Record, troubles: Sequence[str]) -> str:
    """The message of Progressing: the failure, or the state and the driver's failing requests."""
    state = f"release {record.id} is {record.state}"
    return cut(str(record.failure or "") or "; ".join((state, *troubles)))


def _condition(
    old: Json | None,
    kind: str,
    holds: bool,
    reason: str,
    message: str,
    snapshot: Snapshot,
    generation: int,
) -> dict[str, Any]:
    value = "True" if holds else "False"
    same = old is not None and old.get("status") == value
    since = old["lastTransitionTime"] if same and old else rfc3339(snapshot.time)
    return {
        "type": kind,
        "status": value,
        "reason": reason,
        "message": message,
        "lastTransitionTime": since,
        "observedGeneration": generation,
    }


def write(transport: Transport, cafe: CafeDeployment, snapshot: Snapshot) -> CafeDeployment | None:
    """PATCH `.status` if it has changed; returns the CafeDeployment after that, or None."""
    wanted = status(cafe, snapshot)
    if (cafe.obj.get("status") or {}) == wanted:
        return None
    body = {
        "metadata": {"uid": cafe.uid, "resourceVersion": cafe.resource_version},
        "status": wanted,
    }
    path = paths.cafedeployments(cafe.namespace, cafe.name, "status")
    try:
        return CafeDeployment(transport.patch(path, body, PatchKind.MERGE))
    except NotFound:
        raise missing(cafe.namespace, cafe.name) from None

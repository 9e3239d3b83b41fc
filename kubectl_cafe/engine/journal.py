"""The record in the cluster: read, and moved by compare-and-swap (protocol 4, 9)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kubectl_cafe import names
from kubectl_cafe.cluster import paths
from kubectl_cafe.cluster.errors import Conflict, Gone, UnknownOutcome
from kubectl_cafe.cluster.transport import PatchKind, Transport
from kubectl_cafe.engine.cafedeployment import CafeDeployment
from kubectl_cafe.errors import CafeError
from statemachine.lifecycle import State
from statemachine.record import Record, encode

ATTEMPTS = 10


class Missing(CafeError):
    """There is no such CafeDeployment."""


def read(
    transport: Transport, namespace: str, name: str, *, timeout: float | None = None
) -> CafeDeployment:
    """The CafeDeployment. Raises Missing, with the next command."""
    path = paths.cafedeployments(namespace, name)
    try:
        return CafeDeployment(transport.get(path, timeout=timeout))
    except Gone:
        raise missing(namespace, name) from None


def missing(namespace: str, name: str) -> Missing:
    """The error where the CafeDeployment never was, or was deleted meanwhile."""
    return Missing(
        f'there is no CafeDeployment "{name}" in namespace {namespace}',
        where=f"cafedeployment/{name}",
        hint="kubectl get cafed --all-namespaces",
    )


def write(
    transport: Transport,
    cafe: CafeDeployment,
    record: Record,
    *,
    spec: Mapping[str, Any] | None = None,
    annotations: Mapping[str, str | None] | None = None,
) -> CafeDeployment:
    """The record, and what must change with it, in one PATCH on the object that was judged.

    Entering AwaitingConfirm resets the confirmation in the same write; a later write there
    (a new driver's epoch) leaves alone what a person has annotated since. Raises Conflict.
    """
    notes: dict[str, str | None] = {names.RELEASE: encode(record), **(annotations or {})}
    entered = cafe.position.state is not State.AWAITING_CONFIRM
    if record.state is State.AWAITING_CONFIRM and entered:
        notes[names.CONFIRMED] = "false"
    body: dict[str, Any] = {
        "metadata": {
            "uid": cafe.uid,
            "resourceVersion": cafe.resource_version,
            "annotations": notes,
        }
    }
    if spec:
        body["spec"] = dict(spec)
    path = paths.cafedeployments(cafe.namespace, cafe.name)
    try:
        return CafeDeployment(transport.patch(path, body, PatchKind.MERGE))
    except Gone:
        raise missing(cafe.namespace, cafe.name) from None


def change(
    transport: Transport,
    cafe: CafeDeployment,
    judge: Callable[[CafeDeployment], Record | None],
) -> CafeDeployment:
    """Write what `judge` makes of the CafeDeployment; on a conflict read and judge again.

    `judge` returns the new record, or None if there is nothing to write; what it raises
    (IllegalMove, Refused) goes to the caller. A lost answer is settled by reading again.
    """
    for _ in range(ATTEMPTS):
        record = judge(cafe)
        if record is None:
            return cafe
        try:
            return write(transport, cafe, record)
        except Conflict:
            cafe = read(transport, cafe.namespace, cafe.name)
        except UnknownOutcome:
            cafe = read(transport, cafe.namespace, cafe.name)
            if cafe.record == record:
                return cafe
    raise CafeError(
        f"somebody else keeps changing it: {ATTEMPTS} attempts met a newer version",
        where=cafe.where,
        hint=f"kubectl cafe status {cafe.name} -n {cafe.namespace}",
    )

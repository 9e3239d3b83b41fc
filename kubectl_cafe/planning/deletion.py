"""A CafeDeployment that is being deleted: no release starts or continues (protocol 9). Pure.

Foreground deletion or a finalizer keeps the object while its pods are deleted. The driver upgrades
no more pods, finishes those in flight, and creates no deleted workload again.
"""

from __future__ import annotations

from kubectl_cafe import names
from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.errors import CafeError, Refused
from kubectl_cafe.hints import kubectl
from statemachine.lifecycle import Trigger

GOES_ON = (
    Trigger.START,
    Trigger.SUPERSEDE,
    Trigger.ROLLBACK,
    Trigger.CONFIRM,
    Trigger.RESUME,
    Trigger.RETRY,
)
"""Moves after which pods are upgraded: refused during a deletion. Pause and abort are allowed."""


class BeingDeleted(CafeError):
    """The CafeDeployment is being deleted: its driver ends (exit 1)."""


def refuse(cafe: CafeDeployment, trigger: Trigger) -> None:
    """Raise Refused for a move that would upgrade pods while the object is being deleted."""
    if cafe.deleting and trigger in GOES_ON:
        raise Refused(
            f"{names.KIND} {cafe.name} is being deleted ({_why(cafe)}). Nothing was written",
            where=cafe.where,
            hint=_look(cafe),
        )


def ended(cafe: CafeDeployment) -> BeingDeleted:
    """The error with which the driver ends once no pod of the CafeDeployment is in flight."""
    return BeingDeleted(
        f"{names.KIND} {cafe.name} is being deleted ({_why(cafe)}): no further pods are upgraded",
        where=cafe.where,
        hint=_look(cafe),
    )


def _why(cafe: CafeDeployment) -> str:
    meta = cafe.obj["metadata"]
    kept = ", ".join(meta.get("finalizers") or ()) or "none"
    return f"since {meta['deletionTimestamp']}; finalizers: {kept}"


def _look(cafe: CafeDeployment) -> str:
    return kubectl(f"get cafed {cafe.name}", cafe.namespace, "-o yaml")

"""A CafeDeployment that is being deleted: no release starts or continues (protocol 9). Pure.

Foreground deletion or a finalizer keeps the object while its pods are deleted. The driver upgrades
no more pods, finishes those in flight, and creates no deleted workload again.
"""

from __future__ import annotations

from collections.abc import Iterable

from kubectl_cafe import names
from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.errors import CafeError, Refused
from kubectl_cafe.hints import kubectl
from kubectl_cafe.pods.model import Pod
from kubectl_cafe.pods.record import Mode
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
    """The CafeDeployment is being deleted, or it is gone: its driver ends (exit 1)."""


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


def gone(cafe: CafeDeployment, pods: Iterable[Pod]) -> BeingDeleted:
    """The error with which the driver ends once the CafeDeployment is deleted.

    `pods` are those that its selector matches. Those that the release has left out of traffic are
    named, with the command that puts the first one back: after `--cascade=orphan` they live on.
    """
    left = sorted(
        (pod for pod in pods if pod.unfinished and not pod.terminating), key=lambda pod: pod.name
    )
    out = f"; left out of traffic: {', '.join(pod.name for pod in left)}" if left else ""
    return BeingDeleted(
        f"{names.KIND} {cafe.name} was deleted during its release{out}",
        where=cafe.where,
        hint=_open(cafe, left[0]) if left else kubectl("get cafed", cafe.namespace),
    )


def _open(cafe: CafeDeployment, pod: Pod) -> str:
    """The command that puts a pod into traffic without a CafeDeployment."""
    if pod.record is not None and pod.record.mode is Mode.LABEL:
        more = f"{names.TRAFFIC}=on --overwrite"
        return kubectl(f"label pod {pod.name}", cafe.namespace, more)
    condition = f'{{"type":"{names.IN_SERVICE}","status":"True"}}'
    patch = f'{{"status":{{"conditions":[{condition}]}}}}'
    return kubectl(f"patch pod {pod.name}", cafe.namespace, f"--subresource=status -p '{patch}'")


def _why(cafe: CafeDeployment) -> str:
    meta = cafe.obj["metadata"]
    kept = ", ".join(meta.get("finalizers") or ()) or "none"
    return f"since {meta['deletionTimestamp']}; finalizers: {kept}"


def _look(cafe: CafeDeployment) -> str:
    return kubectl(f"get cafed {cafe.name}", cafe.namespace, "-o yaml")

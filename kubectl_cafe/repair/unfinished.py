"""Causes that end the repair of a pod early, and the findings that then remain (protocol 10)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kubectl_cafe.client.errors import ApiError, Forbidden, Invalid
from kubectl_cafe.driver.refusals import tired, unwritten
from kubectl_cafe.driver.writers import Writers
from kubectl_cafe.errors import CafeError
from kubectl_cafe.reconcile.drift import PodRepair
from kubectl_cafe.repair.findings import Finding, Unrepaired
from statemachine.record import Failure

STOPPED = "not repaired: interrupted"


def remaining(
    strays: Iterable[Finding], found: Iterable[Finding], failed: Mapping[str, str], stopped: bool
) -> list[Unrepaired]:
    """The findings of `strays` that remain: pods that have `failed`, or are still in `found`.

    `failed` maps a pod's uid to its failure; `stopped`: by Ctrl-C.
    """
    still = {finding.uid: finding.found for finding in found}
    others = (
        STOPPED if stopped else "not started: the repair of another pod failed" if failed else ""
    )
    left = [finding for finding in strays if finding.uid in (still.keys() | failed.keys())]
    return [Unrepaired(f, failed.get(f.uid) or others or still[f.uid]) for f in left]


def raise_fatal(actor: Writers) -> None:
    """Raise the first write error that no retry resolves."""
    for error, _ in actor.failed():
        raise error


def refused(actor: Writers, way: PodRepair) -> Failure | None:
    """The failure of the pod whose write the server refuses permanently, or None.

    Raises every other error, and the refusal too if the repair has failed already: then the pod
    can't be reopened either.
    """
    for error, patch in actor.failed():
        if way.failure is not None or not isinstance(error, Forbidden | Invalid):
            raise error
        return Failure("PatchRefused", f"{error.where}: {error.message}", patch.pod)
    return None


def tired_of(actor: Writers, now: float, begun: float) -> CafeError | None:
    """The error of a write that has failed for so long that it is given up; None without one."""
    for trouble in actor.troubles.all().values():
        if tired(trouble, begun, now):
            error = trouble.error
            return CafeError(unwritten(trouble), where=error.where, hint=error.hint)
    return None


def refused_watch(error: ApiError | None) -> Failure | None:
    """The failure of a repair whose watch is refused: its pod is reopened, or left as it is."""
    return Failure("WatchRefused", f"{error.where}: {error.message}") if error else None

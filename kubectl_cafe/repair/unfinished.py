"""What ends the repair of a pod before it is at home, and what is left then (protocol 10)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kubectl_cafe.client.errors import ApiError, Forbidden, Invalid
from kubectl_cafe.driver.refusals import tired, unwritten
from kubectl_cafe.driver.writers import Writers
from kubectl_cafe.errors import CafeError
from kubectl_cafe.reconcile.drift import Way
from kubectl_cafe.repair.findings import Finding, Left
from statemachine.record import Failure

STOPPED = "not repaired: interrupted"


def unmended(
    strays: Iterable[Finding], found: Iterable[Finding], failed: Mapping[str, str], stopped: bool
) -> list[Left]:
    """What is left of `strays`: the pods that have failed, and those that are `found` as before."""
    still = {finding.uid: finding.found for finding in found}
    others = STOPPED if stopped else "not begun, for another pod has failed" if failed else ""
    left = [finding for finding in strays if finding.uid in (still.keys() | failed.keys())]
    return [Left(f, failed.get(f.uid) or others or still[f.uid]) for f in left]


def raise_fatal(actor: Writers) -> None:
    """Raise the first write that is refused for good."""
    for error, _ in actor.failed():
        raise error


def refused(actor: Writers, way: Way) -> Failure | None:
    """The write that the server refuses for good: its pod has failed. Raises anything else.

    Raises it as well where the way has failed: then the pod can't be reopened either.
    """
    for error, patch in actor.failed():
        if way.failure is not None or not isinstance(error, Forbidden | Invalid):
            raise error
        return Failure("PatchRefused", f"{error.where}: {error.message}", patch.pod)
    return None


def tired_of(actor: Writers, now: float, begun: float) -> CafeError | None:
    """Why a write has failed for long; nothing else ends its repetition."""
    for trouble in actor.troubles.all().values():
        if tired(trouble, begun, now):
            error = trouble.error
            return CafeError(unwritten(trouble), where=error.where, hint=error.hint)
    return None


def refused_watch(error: ApiError | None) -> Failure | None:
    """The failure of a pod whose watch the server refuses for good: it is reopened or left."""
    return Failure("WatchRefused", f"{error.where}: {error.message}") if error else None

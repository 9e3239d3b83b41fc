"""Pods that drifted while a release rests, in a few words; their workloads' template is v1."""

from __future__ import annotations

from typing import Any

from kubectl_cafe import names
from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.assessment.snapshot import Snapshot
from kubectl_cafe.pods.model import ABSENT, Condition, Pod
from kubectl_cafe.pods.patches import PodPatch
from kubectl_cafe.pods.record import Phase, PodRecord, decode
from kubectl_cafe.reconcile.drift import Due, PodRepair, due
from kubectl_cafe.repair.findings import Finding, find
from kubectl_cafe.repair.rebuilt_record import REPAIR, with_record
from kubectl_cafe.times import rfc3339
from statemachine.lifecycle import State
from statemachine.record import Failure
from tests.unit.builders import (
    START,
    before,
    cafe_object,
    container,
    pod,
    pod_record,
    quoted,
    release,
    snapshot,
)

HOTFIX = container("C9", "app:hotfix")
STRANGE: dict[str, Any] = {"generation": 2, "observed": 2}
"""Somebody has changed the pod's spec since its birth."""
ORPHAN: dict[str, Any] = {"gate": Condition("False"), "ready": quoted()}
UNREADY = Condition("False", "ContainersNotReady")
DOWN: dict[str, Any] = {"ready": UNREADY, "containers_ready": UNREADY}
NONE: dict[str, Any] = {"gated": False, "gate": ABSENT}
AT = rfc3339(START + 60)
STOPPED = Failure("ImagePullBackOff", pod="a")


def strange(name: str = "a", **changes: Any) -> Pod:
    """A pod in traffic that runs an image of nobody's."""
    return pod(name, HOTFIX, **{**STRANGE, **changes})


def taken(phase: Phase, **changes: Any) -> PodRecord:
    """The record of a pod on its way back to v1."""
    had = {"main": before("C9", "app:hotfix", "D0")} if phase is Phase.PATCHED else {}
    gen = 3 if phase is Phase.PATCHED else 0
    changes = {"before": had, "gen": gen, **changes}
    return pod_record(phase, release=REPAIR, to="v1", group=0, **changes)


def at_rest(
    *pods: Pod, state: State = State.ABORTED, strategy: dict[str, Any] | None = None, **more: Any
) -> Snapshot:
    """A view of a release that has ended; the workloads' template is v1."""
    spec = {"strategy": strategy} if strategy else {}
    return snapshot(*pods, record=release(state), owner=cafe_object(**spec), **more)


def findings(of: Snapshot) -> tuple[Finding, ...]:
    return find(with_record(CafeDeployment(of.owner), of.record), of)


def only(of: Snapshot) -> Finding:
    (finding,) = findings(of)
    return finding


def step(of: Snapshot, uid: str = "uid-a", **way: Any) -> Due:
    """What is due for a pod whose way began at the time of the view."""
    return due(of, PodRepair(uid, AT, **way))


def written(of: Snapshot) -> PodPatch:
    found = step(of).patch
    assert found is not None
    return found


def record_in(patch: PodPatch) -> PodRecord:
    return decode(patch.body["metadata"]["annotations"][names.IN_PLACE])

"""Finds problems around a release that no driver repairs (protocol 4, 5, 10; C47, C55, C56, C72).

Pure. `find` lists what can be repaired in a snapshot. The pod's next write comes from
`pod_repairs.write`, or from `drift.due` for a pod that has drifted. `repair` calls both again after
every answer, so a finding that is no longer listed is repaired.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from kubectl_cafe import names
from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.assessment import desired_replicas, waiting_reasons
from kubectl_cafe.assessment.image_revisions import shown_revision
from kubectl_cafe.assessment.pod import LEFT, Assessment, PodState
from kubectl_cafe.assessment.snapshot import Snapshot
from kubectl_cafe.hints import cafe_command, kubectl
from kubectl_cafe.pods.model import Pod
from kubectl_cafe.pods.observed import trouble
from kubectl_cafe.pods.record import Mode, newer
from kubectl_cafe.podsets.cells import workload_name
from kubectl_cafe.reconcile import drift
from kubectl_cafe.repair.rebuilt_record import Rebuilt
from kubectl_cafe.text import counted
from statemachine.lifecycle import RESTING


class What(StrEnum):
    """The kinds of findings."""

    LOST_RECORD = "lost record"
    FOREIGN_RECORD = "foreign record"
    ORPHAN = "orphan"
    NEW_POD = "newborn"
    LEFTOVER = "leftover"
    UNREADABLE = "unreadable record"
    DRIFT = "drift"
    WORKLOAD = "missing workload"


@dataclass(frozen=True)
class Finding:
    """One problem: `found` describes it, `remedy` what `repair` would do about it.

    If `remedy` is empty, the finding is only listed, and `hint` is what an operator may do.
    `object` is kind/name, `uid` the object's (a missing workload's cell).
    """

    what: What
    object: str
    uid: str
    found: str
    remedy: str = ""
    hint: str = ""

    @property
    def key(self) -> tuple[What, str]:
        """The kind and the uid, by which a finding is recognized in the next snapshot."""
        return self.what, self.uid


def find(
    cafe: CafeDeployment, snapshot: Snapshot, rebuilt: Rebuilt | None = None
) -> tuple[Finding, ...]:
    """All findings. `rebuilt` is the record that replaces a lost one in `snapshot`, if any."""
    workloads = of_workloads(cafe, snapshot)
    return (*_of_the_record(cafe, rebuilt), *workloads, *_of_the_pods(cafe, snapshot))


def of_workloads(cafe: CafeDeployment, snapshot: Snapshot) -> tuple[Finding, ...]:
    """The missing workloads, with the cell as `uid`; during a release its driver creates them."""
    revision = desired_replicas.revision_now(snapshot)
    made: list[Finding] = []
    for cell in desired_replicas.lost_cells(snapshot):
        name = workload_name(cafe.name, cell, cafe.cells)
        remedy, hint = "", ""
        pods = counted(desired_replicas.planned(snapshot.record, cell), "pod")
        if snapshot.record.state not in RESTING:
            hint = cafe_command("drive", cafe.name, cafe.namespace)
        elif revision is None:
            hint = cafe_command("upgrade", cafe.name, cafe.namespace)
        else:
            remedy = f"create it again with {pods} of revision {revision.number}"
        found = f"the workload is missing ({pods})"
        made.append(
            Finding(What.WORKLOAD, f"{cafe.podset.kind.lower()}/{name}", cell, found, remedy, hint)
        )
    return tuple(made)


@dataclass(frozen=True)
class Unrepaired:
    """A finding whose repair was confirmed but did not succeed, and why."""

    finding: Finding
    why: str


def _of_the_record(cafe: CafeDeployment, rebuilt: Rebuilt | None) -> Iterator[Finding]:
    place = f"cafedeployment/{cafe.name}"
    if rebuilt is not None:
        record = rebuilt.record
        doubts = "".join(f"; {doubt}" for doubt in rebuilt.doubts)
        yield Finding(
            What.LOST_RECORD,
            place,
            cafe.uid,
            f"the record of the unfinished release {record.id} is missing",
            f"rebuild the record in state Paused, at group {record.group}, with target "
            f"{record.to_revision}{doubts}",
        )
    elif cafe.foreign_record:
        found = f"annotation {names.RELEASE} belongs to another object (a backup or copy)"
        yield Finding(What.FOREIGN_RECORD, place, cafe.uid, found, "remove the annotation")


def _of_the_pods(cafe: CafeDeployment, snapshot: Snapshot) -> Iterator[Finding]:
    for pod in sorted(snapshot.pods.values(), key=lambda pod: (pod.cell, pod.name)):
        found = _of(cafe, snapshot.assessment(pod.uid), snapshot)
        if found is not None:
            yield found


def _of(cafe: CafeDeployment, assessment: Assessment, snapshot: Snapshot) -> Finding | None:
    """The finding of one pod, if any; during a release, pods in flight are the driver's."""
    if assessment.row is PodState.FORGOTTEN:
        return None
    if assessment.row is PodState.UNREADABLE:
        return _unreadable(assessment, snapshot)
    if assessment.row in LEFT and snapshot.record.state not in RESTING:
        return None
    if said := _strays(assessment, snapshot):
        return _drift(cafe, assessment, snapshot, said)
    match assessment.row:
        case PodState.ORPHAN:
            return _orphan(assessment, snapshot)
        case PodState.NEW:
            return _new_pod(assessment)
        case PodState.DRAINED:
            return _drained(assessment, snapshot)
        case PodState.PATCHED | PodState.PATCHED_ELSEWHERE if assessment.mode is not Mode.NONE:
            return _patched(cafe, assessment)
        case _:
            return None


def _orphan(assessment: Assessment, snapshot: Snapshot) -> Finding:
    """The finding for a pod out of traffic without a record: opened once it is verified (I2)."""
    found = "out of traffic without a record"
    if why := _unwell(assessment.pod):
        return _finding(
            assessment, What.ORPHAN, f"{found}; {why}", hint=_describe(assessment, snapshot)
        )
    return _finding(assessment, What.ORPHAN, found, "put it into traffic once it is verified")


def _new_pod(assessment: Assessment) -> Finding:
    """The finding for a new pod with a closed gate: opened at any version (C27, C47)."""
    found = "created while the release had no driver: its readiness gate is closed"
    if why := _unwell(assessment.pod):
        return _finding(
            assessment,
            What.NEW_POD,
            f"{found}; {why}",
            hint="repair it once its containers are ready",
        )
    return _finding(assessment, What.NEW_POD, found, "open its gate")


def _drained(assessment: Assessment, snapshot: Snapshot) -> Finding:
    """The finding for a drained pod: `repair` puts it back into traffic.

    If another client has patched it, its restart is verified first (C55).
    """
    found = "left out of traffic by a release that has ended, with its image unchanged"
    if not assessment.settled and (why := _unwell(assessment.pod)):
        hint = _describe(assessment, snapshot)
        return _finding(assessment, What.LEFTOVER, f"{found}; {why}", hint=hint)
    return _finding(assessment, What.LEFTOVER, found, "put it back into traffic")


def _patched(cafe: CafeDeployment, assessment: Assessment) -> Finding:
    """The finding for a patched pod after a forced abort: finished if its containers are ready."""
    found = "left out of traffic by a release that has ended, with its image patched"
    if why := _unwell(assessment.pod):
        hint = cafe_command("rollback", cafe.name, cafe.namespace) + ", or upgrade"
        return _finding(assessment, What.LEFTOVER, f"{found}; {why}", hint=hint)
    return _finding(
        assessment, What.LEFTOVER, found, "put it back into traffic once its restart is verified"
    )


def _unreadable(assessment: Assessment, snapshot: Snapshot) -> Finding:
    """The finding for a pod with an unreadable record.

    A damaged record is replaced; the record of a newer version is kept.
    """
    pod = assessment.pod
    found = f"its record cannot be read: {pod.record_problem}"
    known = shown_revision(pod, snapshot.revisions)
    if newer(pod.annotations.get(names.IN_PLACE, "")):
        return _finding(assessment, What.UNREADABLE, found, hint=kubectl("cafe version"))
    why = _unwell(pod) or ("" if known else "it runs an image of no known revision")
    if why:
        hint = _describe(assessment, snapshot)
        return _finding(assessment, What.UNREADABLE, f"{found}; {why}", hint=hint)
    remedy = "replace its record by a finished one and put it into traffic, once it is verified"
    return _finding(assessment, What.UNREADABLE, found, remedy)


def _strays(assessment: Assessment, snapshot: Snapshot) -> str:
    """How the pod differs from its workload's template; empty if it does not (C55)."""
    pod, said = assessment.pod, []
    if drift.interrupted(assessment):
        said.append("its repair was interrupted")
    elif assessment.row is PodState.ORPHAN or (
        assessment.in_flight and assessment.mode is not Mode.NONE
    ):
        said.append("out of traffic")
    images, shown = ", ".join(pod.images().values()), shown_revision(pod, snapshot.revisions)
    if shown is None:
        return "; ".join((*said, f"runs {images}, an image of no revision"))
    if drift.overwritten(pod, snapshot):
        return "; ".join((*said, f"its image was patched by another client: {images}"))
    if drift.astray(pod, snapshot):
        return "; ".join(
            (*said, f"runs revision {shown.number} ({images}), not that of its template")
        )
    return said[0] if drift.interrupted(assessment) else ""


def _drift(cafe: CafeDeployment, assessment: Assessment, snapshot: Snapshot, found: str) -> Finding:
    """The finding for a pod that has drifted: restored while no release is under way (C55)."""
    delete = kubectl(f"delete pod {assessment.pod.name}", cafe.namespace)
    delete += "   (replaces the pod, not in place)"
    own, why = drift.home(assessment.pod, snapshot), drift.obstacle(assessment, snapshot)
    if own is None or why:
        return _finding(assessment, What.DRIFT, f"{found}; {why}", hint=delete)
    if snapshot.record.state not in RESTING:
        hint = (
            cafe_command("repair", cafe.name, cafe.namespace)
            + "   (after the release has ended), or "
            + delete
        )
        return _finding(assessment, What.DRIFT, found, hint=hint)
    traffic = "in traffic" if assessment.mode is Mode.NONE else "out of traffic"
    remedy = f"restore revision {own.number} in place: the pod restarts {traffic}"
    return _finding(assessment, What.DRIFT, found, remedy)


def _finding(
    assessment: Assessment, what: What, found: str, remedy: str = "", hint: str = ""
) -> Finding:
    pod = assessment.pod
    return Finding(what, f"pod/{pod.name}", pod.uid, found, remedy, hint)


def _describe(assessment: Assessment, snapshot: Snapshot) -> str:
    namespace = snapshot.owner["metadata"]["namespace"]
    return kubectl(f"describe pod {assessment.pod.name}", namespace)


def _unwell(pod: Pod) -> str:
    """Why the pod would not be Ready even in traffic; empty if only its switch is off."""
    if pod.lost:
        return "its node is lost"
    if why := waiting_reasons.unscheduled(pod):
        return why
    troubles = [f"{c.name}: {trouble(c)}" for c in pod.containers.values() if trouble(c)]
    if troubles:
        return "; ".join(troubles)
    return "" if pod.containers_ready.status == "True" else "its containers are not ready"

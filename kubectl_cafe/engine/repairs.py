"""What is wrong around a release and nobody mends by driving it: found, and mended. Pure.

Two questions of one view: what is there to mend (`find`), and which write of a pod is due
now (`write`; of one that has drifted: `drift.due`); whoever repairs asks both again after every
answer, so a finding that is gone is mended (protocol 4, 5, 10; C47, C55, C56, C72).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from kubectl_cafe import names
from kubectl_cafe.engine import desired, drift, hindrances
from kubectl_cafe.engine.cafedeployment import CafeDeployment
from kubectl_cafe.engine.rebuild import Rebuilt
from kubectl_cafe.engine.standing import LEFT, Row, Standing, stand
from kubectl_cafe.engine.view import View
from kubectl_cafe.engine.vouching import shown_revision, unchanged
from kubectl_cafe.engine.writes import Writes
from kubectl_cafe.pods.model import Pod
from kubectl_cafe.pods.patches import PodPatch, patch
from kubectl_cafe.pods.record import Mode, Phase, PodRecord, newer
from kubectl_cafe.pods.settled import Evidence, all_settled, wants_acknowledgement
from kubectl_cafe.pods.sighting import trouble
from kubectl_cafe.podsets.inplaceset import workload_name
from kubectl_cafe.traffic import mode_of, switch
from statemachine.lifecycle import RESTING


class What(StrEnum):
    """The kinds of findings."""

    LOST_RECORD = "lost record"
    FOREIGN_RECORD = "foreign record"
    ORPHAN = "orphan"
    NEWBORN = "newborn"
    LEFTOVER = "leftover"
    UNREADABLE = "unreadable record"
    DRIFT = "drift"
    WORKLOAD = "missing workload"


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: `found` says what, `mend` what repair would do about it.

    An empty `mend`: it is listed alone, and `hint` is what a person may do. `object` is
    kind/name, `uid` the object's.
    """

    what: What
    object: str
    uid: str
    found: str
    mend: str = ""
    hint: str = ""

    @property
    def key(self) -> tuple[What, str]:
        """What stays the same while it is looked at again."""
        return self.what, self.uid


def find(cafe: CafeDeployment, view: View, rebuilt: Rebuilt | None = None) -> tuple[Finding, ...]:
    """Every finding. `rebuilt` is the record that the view was made with, where one is lost."""
    workloads = of_workloads(cafe, view)
    return (*_of_the_record(cafe, rebuilt), *workloads, *_of_the_pods(cafe, view))


def of_workloads(cafe: CafeDeployment, view: View) -> tuple[Finding, ...]:
    """The workloads that are gone; `uid` is the cell. A release's own driver creates them again."""
    revision = desired.revision_now(view)
    place = f"{cafe.name} -n {cafe.namespace}"
    made: list[Finding] = []
    for cell in desired.lost_cells(view):
        name = workload_name(cafe.name, cell, cafe.cells)
        mend, hint, count = "", "", desired.planned(view.record, cell)
        if view.record.state not in RESTING:
            hint = f"kubectl cafe drive {place}"
        elif revision is None:
            hint = f"kubectl cafe upgrade {place}"
        else:
            mend = f"create it again with {count} pods of revision {revision.number}"
        found = f"it is gone: {count} pods are missing"
        made.append(Finding(What.WORKLOAD, f"replicaset/{name}", cell, found, mend, hint))
    return tuple(made)


@dataclass(frozen=True)
class Left:
    """A finding that was to be mended and is not, and why."""

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
            f"pods are in the middle of release {record.id}, whose record is gone",
            f"rebuild it, Paused in group {record.group} on the way to {record.to_revision}"
            f"{doubts}",
        )
    elif cafe.foreign_record:
        found = "the release's record is another object's (a backup's, or a copy's)"
        yield Finding(What.FOREIGN_RECORD, place, cafe.uid, found, "remove the annotation")


def _of_the_pods(cafe: CafeDeployment, view: View) -> Iterator[Finding]:
    for pod in sorted(view.pods.values(), key=lambda pod: (pod.cell, pod.name)):
        found = _of(stand(pod, view), view, f"{cafe.name} -n {cafe.namespace}")
        if found is not None:
            yield found


def _of(standing: Standing, view: View, place: str) -> Finding | None:
    """The finding of one pod, if any; under way, what is in flight is its driver's."""
    if standing.row is Row.FORGOTTEN:
        return None
    if standing.row is Row.UNREADABLE:
        return _unreadable(standing, view)
    if standing.row in LEFT and view.record.state not in RESTING:
        return None
    if said := _strays(standing, view):
        return _drift(standing, view, said, place)
    match standing.row:
        case Row.ORPHAN:
            return _orphan(standing, view)
        case Row.NEWBORN:
            return _newborn(standing)
        case Row.DRAINED:
            return _drained(standing, view)
        case Row.PATCHED | Row.PATCHED_ELSEWHERE if standing.mode is not Mode.NONE:
            return _patched(standing, place)
        case _:
            return None


def _orphan(standing: Standing, view: View) -> Finding:
    """Opened if the pod is ready but for the switch, and runs what is known (I2)."""
    found = "out of traffic, and no record says why"
    if why := _unwell(standing.pod):
        return _finding(standing, What.ORPHAN, f"{found}; {why}", hint=_describe(standing, view))
    return _finding(standing, What.ORPHAN, found, "let it into traffic once it is verified")


def _newborn(standing: Standing) -> Finding:
    """Opened as a driver would, whatever version its workload gave it (C27, C47)."""
    found = "born while nobody drove: its gate was never opened"
    if why := _unwell(standing.pod):
        return _finding(standing, What.NEWBORN, f"{found}; {why}", hint="the same, later")
    return _finding(standing, What.NEWBORN, found, "open its gate")


def _drained(standing: Standing, view: View) -> Finding:
    """Reopened as it stands; where a stranger patched it, once that restart is over (C55)."""
    found = "taken out of traffic by a release that has ended, before its image was touched"
    if not standing.settled and (why := _unwell(standing.pod)):
        hint = _describe(standing, view)
        return _finding(standing, What.LEFTOVER, f"{found}; {why}", hint=hint)
    return _finding(standing, What.LEFTOVER, found, "let it back into traffic")


def _patched(standing: Standing, place: str) -> Finding:
    """What an abort by force left behind: finished where that is all it needs."""
    found = "patched by a release that has ended, and out of traffic"
    if why := _unwell(standing.pod):
        hint = f"kubectl cafe rollback {place}, or upgrade"
        return _finding(standing, What.LEFTOVER, f"{found}; {why}", hint=hint)
    return _finding(
        standing, What.LEFTOVER, found, "let it back into traffic once its restart is verified"
    )


def _unreadable(standing: Standing, view: View) -> Finding:
    """A damaged record is written anew; a newer one is somebody's who knows more than we do."""
    pod = standing.pod
    found = f"its record can't be read: {pod.record_problem}"
    known = shown_revision(pod, view.revisions)
    if newer(pod.annotations.get(names.IN_PLACE, "")):
        return _finding(standing, What.UNREADABLE, found, hint="kubectl cafe version")
    why = _unwell(pod) or ("" if known else "it runs an image of no known revision")
    if why:
        hint = _describe(standing, view)
        return _finding(standing, What.UNREADABLE, f"{found}; {why}", hint=hint)
    mend = "write it anew as finished, and let it into traffic, once it is verified"
    return _finding(standing, What.UNREADABLE, found, mend)


def _strays(standing: Standing, view: View) -> str:
    """In which way the pod is not what its workload's template makes; empty if it is (C55)."""
    pod, said = standing.pod, []
    if drift.interrupted(standing):
        said.append("in the middle of a repair that was interrupted")
    elif standing.row is Row.ORPHAN or (standing.in_flight and standing.mode is not Mode.NONE):
        said.append("out of traffic")
    images, shown = ", ".join(pod.images().values()), shown_revision(pod, view.revisions)
    if shown is None:
        return "; ".join((*said, f"runs {images}: no revision of this CafeDeployment"))
    if drift.overwritten(pod, view):
        return "; ".join((*said, f"another image was patched over: {images}"))
    if drift.astray(pod, view):
        return "; ".join((*said, f"runs revision {shown.number} ({images}), its template another"))
    return said[0] if drift.interrupted(standing) else ""


def _drift(standing: Standing, view: View, found: str, place: str) -> Finding:
    """Brought back after a person's yes, once no release is under way (C55)."""
    namespace = view.owner["metadata"]["namespace"]
    delete = f"kubectl delete pod {standing.pod.name} -n {namespace} (a new pod, not in place)"
    own, why = drift.home(standing.pod, view), drift.obstacle(standing, view)
    if own is None or why:
        return _finding(standing, What.DRIFT, f"{found}; {why}", hint=delete)
    if view.record.state not in RESTING:
        hint = f"kubectl cafe repair {place}, once the release has ended; or {delete}"
        return _finding(standing, What.DRIFT, found, hint=hint)
    traffic = "with its traffic on" if standing.mode is Mode.NONE else "out of traffic"
    mend = f"bring it back to revision {own.number} in place: it restarts {traffic}"
    return _finding(standing, What.DRIFT, found, mend)


def _finding(standing: Standing, what: What, found: str, mend: str = "", hint: str = "") -> Finding:
    pod = standing.pod
    return Finding(what, f"pod/{pod.name}", pod.uid, found, mend, hint)


def _describe(standing: Standing, view: View) -> str:
    return f"kubectl describe pod {standing.pod.name} -n {view.owner['metadata']['namespace']}"


def _unwell(pod: Pod) -> str:
    """Why the pod would not be Ready even in traffic; empty if only the switch holds it."""
    if pod.lost:
        return "its node is lost"
    if why := hindrances.unscheduled(pod):
        return why
    troubles = [f"{c.name}: {trouble(c)}" for c in pod.containers.values() if trouble(c)]
    if troubles:
        return "; ".join(troubles)
    return "" if pod.containers_ready.status == "True" else "its containers are not ready"


# The write that is due


def write(finding: Finding, view: View) -> PodPatch | None:
    """The pod's next write towards `mend`; None: the kubelet has to show more first (I2)."""
    standing, writes = stand(view.pods[finding.uid], view), Writes(view)
    evidence = standing.evidence if standing.in_flight else _evidence(standing.pod, view)
    if wants_acknowledgement(standing.pod, evidence):
        return writes.acknowledge(standing)
    if standing.in_flight:
        over = standing.settled if standing.row is Row.DRAINED else standing.done
        return writes.finish(standing) if over else None
    if not all_settled(standing.pod, evidence):
        return None
    record = _anew(standing, view) if standing.row is Row.UNREADABLE else None
    return _on(standing.pod, record, writes.at)


def _evidence(pod: Pod, view: View) -> Evidence:
    """A pod without a record that says more: every container may have been changed (C56)."""
    everyone = frozenset(pod.containers)
    if unchanged(pod):
        return Evidence(view.sightings[pod.uid], view.now, {}, view.peers, everyone)
    return Evidence(view.sightings[pod.uid], view.now, dict.fromkeys(everyone), view.peers)


def _anew(standing: Standing, view: View) -> PodRecord:
    pod, release = standing.pod, view.record
    known = shown_revision(pod, view.revisions)
    return PodRecord(
        release=release.id,
        epoch=release.epoch,
        phase=Phase.FINISHED,
        mode=mode_of(pod, view.services),
        to=known.name if known else "",
        since=Writes(view).at,
        gen=pod.generation,
    )


def _on(pod: Pod, record: PodRecord | None, at: str) -> PodPatch:
    """Every switch of the pod that is off, on; the mode is read from the switch that is off."""
    if pod.gated and pod.gate.status != "True":
        return switch(Mode.GATE).turn_on(pod, record, at)
    if pod.labels.get(names.TRAFFIC, "on") != "on":
        return switch(Mode.LABEL).turn_on(pod, record, at)
    return patch(pod, "record", record=record)

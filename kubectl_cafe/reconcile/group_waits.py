"""What a group waits for, as Wait values, the most specific first (protocol 7)."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from kubectl_cafe.assessment import desired_replicas, waiting_reasons
from kubectl_cafe.assessment.node_clocks import written_at
from kubectl_cafe.assessment.pod import Assessment, PodState
from kubectl_cafe.assessment.snapshot import Snapshot
from kubectl_cafe.pods.model import Pod
from kubectl_cafe.pods.record import Mode
from kubectl_cafe.reconcile import candidates, removals
from kubectl_cafe.text import counted
from kubectl_cafe.traffic import finalizers
from kubectl_cafe.traffic.endpoints import Slice, unlisted
from kubectl_cafe.waits import For, Wait, of_pods
from statemachine.record import cut

LINGERING = 5.0
"""Seconds after which `status` names an EndpointSlice that still shows a drained pod as ready."""
REFUSAL = 300
"""Characters of the message of a refused creation that are shown: it quotes long policy names."""
LEFT_ALONE = {
    PodState.UNREADABLE: For.UNREADABLE,
    PodState.DRIFT: For.DRIFT,
    PodState.ORPHAN: For.ORPHAN,
}
MESSAGES = 5
"""The most different problems of pods that are shown with their messages."""
SHOWN = 120
"""Characters of a kubelet's message that are shown among the waits; a failure shows more."""


def waits(snapshot: Snapshot, assessments: Sequence[Assessment]) -> tuple[Wait, ...]:
    """What the group waits for, the most specific first."""
    found = [Wait(For.SERVER, message=trouble) for trouble in snapshot.troubles]
    found += _troubles(assessments)
    for row, what in LEFT_ALONE.items():
        found += of_pods(what, (s.pod.name for s in assessments if s.row is row))
    found += _finalizers(assessments)
    removed = removals.kept_drained(snapshot, assessments)
    drained: list[Assessment] = []
    deleting: list[Assessment] = []
    for one in (s for s in assessments if s.row is PodState.DRAINED):
        deleted = one.pod.uid in removed and removals.gone(one, snapshot)
        (deleting if deleted else drained).append(one)
    found += _leaving([s for s in drained if not finalizers.holding(s.pod, s.finalizers)], snapshot)
    found += of_pods(For.REMOVAL, (s.pod.name for s in deleting))
    found += _patched(assessments)
    joining = (
        s.pod.name
        for s in assessments
        if s.row is PodState.CANDIDATE and candidates.joining(s, snapshot)
    )
    found += of_pods(For.ENDPOINTS, joining)
    found += of_pods(For.NODE, (s.pod.name for s in assessments if s.pod.lost))
    closed = candidates.closed(snapshot, assessments)
    found += [Wait(For.BUDGET, name=str(budget)) for budget in closed]
    found += _workloads(snapshot)
    kind = snapshot.podset.kind.lower()
    lacking = candidates.missing(snapshot, assessments)
    found += [
        Wait(For.CREATION, name=f"{kind} {workload.name}", message=cut(workload.refusal, REFUSAL))
        for workload in snapshot.workloads
        if workload.refusal and workload.cell in lacking
    ]
    if not found and removals.waiting(snapshot, assessments):
        found.append(Wait(For.OTHER_PODS))
    if lacking and not found:
        cells = ", ".join(f"{cell or 'all'}: {count}" for cell, count in lacking.items())
        found.append(Wait(For.AVAILABLE, message=cells))
    return tuple(found)


def _troubles(assessments: Sequence[Assessment]) -> list[Wait]:
    """The waits for pods that have a problem; pods with the same problem share a wait.

    Pods whose problem is beyond the first MESSAGES are named in one more wait, without a message.
    """
    pods: dict[Wait, list[str]] = {}
    for one in assessments:
        found = [
            Wait(For.CONTAINER, (), stuck.container, stuck.reason, cut(stuck.message, SHOWN))
            for stuck in one.stuck
            if one.upgraded or one.in_flight
        ]
        if why := waiting_reasons.trouble(one):
            found.append(Wait(For.POD, message=cut(why, SHOWN)))
        for wait in found:
            pods.setdefault(wait, []).append(one.pod.name)
    waits = [replace(wait, pods=tuple(names)) for wait, names in pods.items()]
    named = {name for wait in waits[:MESSAGES] for name in wait.pods}
    more = dict.fromkeys(name for wait in waits[MESSAGES:] for name in wait.pods)
    return waits[:MESSAGES] + of_pods(For.MORE_PODS, (name for name in more if name not in named))


def _workloads(snapshot: Snapshot) -> list[Wait]:
    """The waits for missing workloads that are being created again."""
    counts = {
        cell: desired_replicas.planned(snapshot.record, cell)
        for cell in (desired_replicas.lost_cells(snapshot) if snapshot.running else ())
    }
    return [
        Wait(For.WORKLOAD, name=cell or "all", message=counted(count, "pod"))
        for cell, count in counts.items()
    ]


def _leaving(drained: Sequence[Assessment], snapshot: Snapshot) -> list[Wait]:
    """The waits for drained pods, with the EndpointSlices that keep them in traffic."""
    pods: dict[tuple[For, str], list[str]] = {}
    for assessment in drained:
        why = For.TRAFFIC, ""
        if shown := ", ".join(map(str, holding(assessment, snapshot))):
            why = For.SHOWN_READY, shown
        elif absent := _absent(assessment, snapshot):
            why = For.NOT_LISTED, absent
        pods.setdefault(why, []).append(assessment.pod.name)
    found = [Wait(what, tuple(names), name) for (what, name), names in pods.items()]
    return sorted(found, key=lambda wait: wait.what.value.format(pods="", name=wait.name))


def _absent(assessment: Assessment, snapshot: Snapshot) -> str:
    """The Services whose EndpointSlices do not list a drained pod as unready yet (C22)."""
    if assessment.mode is not Mode.GATE or not _lingers(assessment.pod, snapshot):
        return ""
    return ", ".join(s.name for s in unlisted(assessment.pod, snapshot.services, snapshot.listed))


def _lingers(pod: Pod, snapshot: Snapshot) -> bool:
    """Whether the pod's record was written at least LINGERING seconds ago.

    The EndpointSlice controller usually needs less to remove a drained pod.
    """
    since = written_at(pod, snapshot) if pod.record else snapshot.time
    return snapshot.time - since >= LINGERING


def holding(assessment: Assessment, snapshot: Snapshot) -> tuple[Slice, ...]:
    """The EndpointSlices that still show a drained pod ready after LINGERING seconds (C22).

    Such a slice may belong to a second Service, be written by another client, or be left over from
    a deleted Service.
    """
    pod = assessment.pod
    if not _lingers(pod, snapshot):
        return ()
    publishing = {s.name for s in snapshot.services if s.publishes_unready}
    return tuple(
        one
        for one in snapshot.slices
        if pod.uid in one.ready and (assessment.mode is Mode.LABEL or one.service not in publishing)
    )


def _patched(assessments: Sequence[Assessment]) -> list[Wait]:
    """The waits for pods that restart or whose new container is being verified."""
    under_way: dict[str, list[str]] = {}
    for one in assessments:
        if one.row in waiting_reasons.PATCHED and not waiting_reasons.unscheduled(one.pod):
            under_way.setdefault(waiting_reasons.progress(one), []).append(one.pod.name)
    return [Wait(For.RESTART, tuple(names), message=far) for far, names in under_way.items()]


def _finalizers(assessments: Sequence[Assessment]) -> list[Wait]:
    """The waits for traffic finalizers, with their pods (C31)."""
    gone: dict[str, list[str]] = {}
    back: dict[str, list[str]] = {}
    for assessment in assessments:
        pod, asked = assessment.pod, assessment.finalizers
        if assessment.row is PodState.DRAINED:
            for name in finalizers.holding(pod, asked):
                gone.setdefault(name, []).append(pod.name)
        elif assessment.row is PodState.AT_GOAL and pod.ready.status == "True":
            for name in finalizers.lacking(pod, asked):
                back.setdefault(name, []).append(pod.name)
    return [
        Wait(what, tuple(names), name)
        for what, pods in ((For.FINALIZER_GONE, gone), (For.FINALIZER_BACK, back))
        for name, names in pods.items()
    ]

"""The write that repairs a finding."""

from __future__ import annotations

from kubectl_cafe import names
from kubectl_cafe.assessment.image_revisions import shown_revision, unchanged
from kubectl_cafe.assessment.pod import Assessment, PodState
from kubectl_cafe.assessment.snapshot import Snapshot
from kubectl_cafe.pods.model import Pod
from kubectl_cafe.pods.patches import PodPatch, patch
from kubectl_cafe.pods.record import Mode, Phase, PodRecord
from kubectl_cafe.pods.restarted import Evidence, all_settled, wants_acknowledgement
from kubectl_cafe.reconcile.pod_patches import Writes
from kubectl_cafe.repair.findings import Finding
from kubectl_cafe.traffic import mode_of, switch


def write(finding: Finding, snapshot: Snapshot) -> PodPatch | None:
    """The pod's next write towards `remedy`; None: the kubelet must report more first (I2)."""
    assessment, writes = snapshot.assessment(finding.uid), Writes(snapshot)
    evidence = assessment.evidence if assessment.in_flight else _evidence(assessment.pod, snapshot)
    if wants_acknowledgement(assessment.pod, evidence):
        return writes.acknowledge(assessment)
    if assessment.in_flight:
        over = assessment.settled if assessment.row is PodState.DRAINED else assessment.done
        return writes.finish(assessment) if over else None
    if not all_settled(assessment.pod, evidence):
        return None
    record = _anew(assessment, snapshot) if assessment.row is PodState.UNREADABLE else None
    return _on(assessment.pod, record, writes.at)


def _evidence(pod: Pod, snapshot: Snapshot) -> Evidence:
    """The evidence for a pod that is not in flight: any container may have changed (C56)."""
    everyone = frozenset(pod.containers)
    if unchanged(pod):
        return Evidence(snapshot.sightings[pod.uid], snapshot.now, {}, snapshot.peers, everyone)
    return Evidence(
        snapshot.sightings[pod.uid], snapshot.now, dict.fromkeys(everyone), snapshot.peers
    )


def _anew(assessment: Assessment, snapshot: Snapshot) -> PodRecord:
    pod, release = assessment.pod, snapshot.record
    known = shown_revision(pod, snapshot.revisions)
    return PodRecord(
        release=release.id,
        epoch=release.epoch,
        phase=Phase.FINISHED,
        mode=mode_of(pod, snapshot.services),
        to=known.name if known else "",
        since=Writes(snapshot).at,
        gen=pod.generation,
    )


def _on(pod: Pod, record: PodRecord | None, at: str) -> PodPatch:
    """The patch that turns on the pod's gate or label, whichever is off, and writes `record`."""
    if pod.gated and pod.gate.status != "True":
        return switch(Mode.GATE).turn_on(pod, record, at)
    if pod.labels.get(names.TRAFFIC, "on") != "on":
        return switch(Mode.LABEL).turn_on(pod, record, at)
    return patch(pod, "record", record=record)

"""Whether a pod is seen out of traffic, for drainSeconds, so that it may restart (protocol 5)."""

from __future__ import annotations

from kubectl_cafe.assessment.pod import Assessment, PodState
from kubectl_cafe.assessment.snapshot import Snapshot
from kubectl_cafe.pods.record import Mode
from kubectl_cafe.traffic import finalizers, switch
from kubectl_cafe.traffic.endpoints import still_listed, unlisted


def is_off(assessment: Assessment, snapshot: Snapshot) -> bool:
    """Whether the pod has been seen out of traffic for drainSeconds (C22, C23, C33).

    Every traffic finalizer that applies to the pod must have been removed, too (C31).
    """
    if finalizers.holding(assessment.pod, assessment.finalizers):
        return False
    since = snapshot.off_since.get(assessment.pod.uid)
    return since is not None and snapshot.now - since >= snapshot.record.plan.strategy.drain_seconds


def unconfirmed(snapshot: Snapshot) -> frozenset[str]:
    """The uids of pods that the watches show out of traffic, without a later list (C22).

    Before their image patch the EndpointSlices must be listed.
    """
    return frozenset(
        one.pod.uid
        for one in snapshot.assessments
        if one.row in (PodState.DRAINED, PodState.PATCHED_ELSEWHERE)
        and one.mode is not Mode.NONE
        and one.pod.uid not in snapshot.relisted
        and one.pod.uid not in snapshot.off_since
        and shown_off(one, snapshot)
    )


def seen_off(assessment: Assessment, snapshot: Snapshot, *, before: bool = False) -> bool:
    """Whether the pod is out of traffic, by the watches and by a later list of EndpointSlices.

    The watch of EndpointSlices may be behind the watch of pods. It may show the pod as it was
    before its drain, unready, while an EndpointSlice lists it as ready again. `before`: as in
    `shown_off`; no further list is needed then.
    """
    confirmed = before or assessment.mode is Mode.NONE or assessment.pod.uid in snapshot.relisted
    return confirmed and shown_off(assessment, snapshot, before=before)


def shown_off(assessment: Assessment, snapshot: Snapshot, *, before: bool = False) -> bool:
    """Whether this snapshot shows the pod out of traffic: acknowledged, and in no endpoints.

    `before`: the pod was out of traffic in the snapshot before; then the acknowledgement need not
    be repeated, if nothing contradicts it. In Gate mode a Service still selects the pod, so the
    Service's EndpointSlices must list the pod as unready. In Label mode no Service selects the pod
    any more, so no EndpointSlice may list it.
    """
    pod, traffic = assessment.pod, switch(assessment.mode)
    return (
        assessment.row in (PodState.DRAINED, PodState.PATCHED, PodState.PATCHED_ELSEWHERE)
        and pod.uid not in snapshot.endpoints
        and (
            (before and traffic.stays_off(pod))
            or traffic.acknowledged_off(pod, snapshot.sightings[pod.uid], snapshot.now)
        )
        # In Label mode the pod leaves even a Service with publishNotReadyAddresses (C30).
        and not (assessment.mode is Mode.LABEL and pod.uid in snapshot.published)
        and not (
            assessment.mode is Mode.LABEL and still_listed(pod, snapshot.services, snapshot.listed)
        )
        and not (assessment.mode is Mode.GATE and unlisted(pod, snapshot.services, snapshot.listed))
    )

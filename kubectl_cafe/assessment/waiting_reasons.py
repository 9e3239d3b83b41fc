"""What keeps one pod from getting on, in words; pure."""

from __future__ import annotations

from math import ceil

from kubectl_cafe.assessment.pod import Assessment, PodState
from kubectl_cafe.pods import observed
from kubectl_cafe.pods.done import CRASH, backing_off, names_another
from kubectl_cafe.pods.model import Pod
from kubectl_cafe.pods.restarted import verifying

PATCHED = (PodState.PATCHED, PodState.PATCHED_ELSEWHERE)
RESTARTING = "restarting"
UNSCHEDULABLE = "Unschedulable"


def unscheduled(pod: Pod) -> str:
    """Why the pod has no node, in the scheduler's words; empty where it has one."""
    if pod.scheduled.status != "False":
        return ""
    reason = pod.scheduled.reason
    state = "unschedulable" if reason == UNSCHEDULABLE else f"not scheduled ({reason})"
    return ": ".join(filter(None, (state, pod.scheduled.message)))


def waiting(assessment: Assessment) -> str:
    """Why containers of a patched pod do not run, as the kubelet says it (C34, C90).

    Those that are stuck are told elsewhere; a kubelet's back-off is no crash of the new image.
    A crash of which nobody knows yet whose it is, and an error of another image, may be the
    predecessor's (C83).
    """
    pod = assessment.pod
    stuck = {one.container for one in assessment.stuck}
    said = []
    for name in assessment.evidence.changed:
        container = pod.containers.get(name)
        if container is None or name in stuck or not observed.trouble(container):
            continue
        reason = container.waiting
        if backing_off(pod, container):
            reason = "kubelet back-off (not a crash)"
        elif reason == CRASH or container.terminated or names_another(container):
            continue
        said.append(": ".join(filter(None, (f"container {name}", reason, container.message))))
    return "; ".join(said)


def progress(assessment: Assessment) -> str:
    """How far a patched pod is: restarting, or its new container is being verified (protocol 6)."""
    left = verifying(assessment.pod, assessment.evidence)
    if left is None:
        return RESTARTING
    if left == 0:
        return "verifying"
    return f"verifying (at most {ceil(left)} s more)"


def trouble(assessment: Assessment) -> str:
    """What is wrong with the pod beside containers that are stuck; empty if nothing is."""
    why = "" if assessment.row is PodState.FORGOTTEN else unscheduled(assessment.pod)
    return why or (waiting(assessment) if assessment.row in PATCHED else "")


def stage(assessment: Assessment) -> str:
    """How far a patched pod is, where its record does not say so; empty elsewhere."""
    if assessment.row not in PATCHED or assessment.stuck or trouble(assessment):
        return ""
    found = progress(assessment)
    return "" if found == RESTARTING else found

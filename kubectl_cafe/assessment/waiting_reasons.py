"""Messages about what keeps one pod from progressing. Pure."""

from __future__ import annotations

from kubectl_cafe.assessment.pod import Assessment, PodState
from kubectl_cafe.durations import remaining
from kubectl_cafe.pods import observed
from kubectl_cafe.pods.done import CRASH, backing_off, names_another
from kubectl_cafe.pods.model import Pod
from kubectl_cafe.pods.restarted import verifying

PATCHED = (PodState.PATCHED, PodState.PATCHED_ELSEWHERE)
RESTARTING = "restarting"
UNSCHEDULABLE = "Unschedulable"


def unscheduled(pod: Pod) -> str:
    """Why the pod has no node, in the scheduler's words; empty if it has one."""
    if pod.scheduled.status != "False":
        return ""
    reason = pod.scheduled.reason
    state = "unschedulable" if reason == UNSCHEDULABLE else f"not scheduled ({reason})"
    return ": ".join(filter(None, (state, pod.scheduled.message)))


def waiting(assessment: Assessment) -> str:
    """Why containers of a patched pod do not run, by the kubelet's words (C34, C90).

    Stuck containers are reported elsewhere. A kubelet's back-off is not reported as a crash of the
    new image. A crash of a container that may still be the old one, and an error that names another
    image, are left out (C83).
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
    """The progress of a patched pod: restarting, or verifying its new container (protocol 6)."""
    left = verifying(assessment.pod, assessment.evidence)
    if left is None:
        return RESTARTING
    if left == 0:
        return "verifying"
    return f"verifying (at most {remaining(left)} more)"


def trouble(assessment: Assessment) -> str:
    """The problem of the pod, except stuck containers; empty if there is none."""
    why = "" if assessment.row is PodState.FORGOTTEN else unscheduled(assessment.pod)
    return why or (waiting(assessment) if assessment.row in PATCHED else "")


def stage(assessment: Assessment) -> str:
    """The progress of a patched pod's verification; empty while it restarts or has a problem."""
    if assessment.row not in PATCHED or assessment.stuck or trouble(assessment):
        return ""
    found = progress(assessment)
    return "" if found == RESTARTING else found

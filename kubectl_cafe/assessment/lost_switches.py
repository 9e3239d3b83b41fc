"""Traffic switches (label or readiness gate) that no longer work on a pod (protocol 5, C28). Pure.

A Service that does not select by the traffic label, or a label that was removed, turns Label mode
into mode None: the pod is restarted while it receives requests. If such a cause exists when a
release starts, the plan has a warning. A cause that appears during the release fails the release.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kubectl_cafe import names
from kubectl_cafe.assessment.pod import Assessment, PodState
from kubectl_cafe.assessment.snapshot import Snapshot
from kubectl_cafe.pods.model import Pod
from kubectl_cafe.pods.record import Mode
from kubectl_cafe.revisions import template as templates
from kubectl_cafe.revisions.revision import Revision
from kubectl_cafe.traffic import Service, mode_of, not_by_label
from statemachine.record import Failure

CHANGED = "TrafficModeChanged"
LABEL, GATE = "label", "gate"
"""Causes in the pod itself; every other cause is a Service, written `service/NAME`."""
LIMIT = 20
"""The largest number of causes that are kept for a release."""


def causes(pod: Pod, services: Iterable[Service], known: Mapping[str, Revision]) -> tuple[str, ...]:
    """Why the pod is in mode None although it has, or was created with, a traffic switch.

    `service/NAME`: this Service selects the pod without the label. `label`, `gate`: the pod lacks
    the label or readiness gate that its record or its revision's template has. Empty if the pod's
    record is of mode None: then the pod had no switch at its last restart either.
    """
    services = tuple(services)
    if mode_of(pod, services) is not Mode.NONE:
        return ()
    if names.TRAFFIC in pod.labels:
        return tuple(f"service/{service.name}" for service in not_by_label(pod, services))
    record, revision = pod.record, known.get(pod.labels.get(names.REVISION, ""))
    if record is not None:
        return (LABEL,) if record.mode is Mode.LABEL else ()
    template = revision.template if revision else {}
    gates = (template.get("spec") or {}).get("readinessGates") or ()
    if any(gate.get("conditionType") == names.IN_SERVICE for gate in gates):
        return (GATE,)
    return (LABEL,) if names.TRAFFIC in templates.labels(template) else ()


def planned(
    pods: Iterable[Pod], services: Iterable[Service], known: Mapping[str, Revision]
) -> tuple[str, ...]:
    """The causes that exist when a release starts; the release restarts these pods in mode None."""
    services = tuple(services)
    found = {cause for pod in pods for cause in causes(pod, services, known)}
    return tuple(sorted(found)[:LIMIT])


def note(release: str, planned: Iterable[str]) -> str:
    """The value of the annotation unswitched: the release's id, then the planned causes."""
    return " ".join((release, *planned))


def failure(assessment: Assessment, snapshot: Snapshot) -> Failure | None:
    """The failure for a pod that lost its switch after the release started; None: no failure.

    Such a pod must not be restarted while it receives requests. A pod that is not healthy receives
    none and may be restarted.
    """
    if (
        assessment.row is not PodState.CANDIDATE
        or assessment.mode is not Mode.NONE
        or not assessment.healthy
    ):
        return None
    found = causes(assessment.pod, snapshot.services, snapshot.revisions)
    if not found or snapshot.unswitched & set(found):
        return None
    said = f"the pod has lost its traffic switch (mode None): {_words(found)}"
    return Failure(CHANGED, said, assessment.pod.name)


def noted(snapshot: Snapshot, assessments: Iterable[Assessment]) -> list[str]:
    """The message about the first pod that will fail the release once it proceeds, if any."""
    found = (failure(assessment, snapshot) for assessment in assessments)
    first = next((one for one in found if one is not None), None)
    return [f"no pod is restarted: {first}"] if first else []


def described(causes: Iterable[str], namespace: str) -> str:
    """The causes in words for `plan`, each Service with the command that edits it."""
    return ", ".join(
        f"{_word(cause)} (kubectl edit {cause} -n {namespace})"
        if cause not in (LABEL, GATE)
        else _word(cause)
        for cause in causes
    )


def _words(causes: Iterable[str]) -> str:
    return "; ".join(map(_word, causes))


def _word(cause: str) -> str:
    if cause == LABEL:
        return f"its label {names.TRAFFIC} is missing"
    if cause == GATE:
        return f"its readiness gate {names.IN_SERVICE} is missing"
    name = cause.partition("/")[2]
    return f'Service {name} does not select by {names.TRAFFIC}: "on"'

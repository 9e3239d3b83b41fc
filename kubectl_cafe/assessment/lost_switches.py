"""Traffic switches that pods had and that work no more (protocol 5, C28). Pure.

A Service that does not select by the traffic label, or a label that is gone, turns Label mode
into mode None. As a release starts, that is planned and warned of; under a release it stops it.
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
"""What a pod lacks itself; every other cause is a Service's name as kubectl writes it."""
LIMIT = 20
"""Causes that a release remembers."""


def causes(pod: Pod, services: Iterable[Service], known: Mapping[str, Revision]) -> tuple[str, ...]:
    """Why the pod is in mode None although it has, or was born with, a switch.

    `service/NAME`: it selects the pod without the label. `label`, `gate`: the pod lacks what
    its record or its template says it had. A pod whose last restart was one of mode None had
    none then, whatever the template of its revision says by now.
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
    """The causes that stand as a release starts: it may restart pods in mode None for these."""
    services = tuple(services)
    found = {cause for pod in pods for cause in causes(pod, services, known)}
    return tuple(sorted(found)[:LIMIT])


def note(release: str, planned: Iterable[str]) -> str:
    """The text of the annotation that keeps the planned causes of one release."""
    return " ".join((release, *planned))


def failure(assessment: Assessment, snapshot: Snapshot) -> Failure | None:
    """Why the pod may not be restarted: its switch was lost after the release started.

    Of a pod that is out of service anyway no request is lost.
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
    said = f"mode None, and it had a traffic switch when the release started: {_words(found)}"
    return Failure(CHANGED, said, assessment.pod.name)


def noted(snapshot: Snapshot, assessments: Iterable[Assessment]) -> list[str]:
    """What will stop the release once it goes on; one line, of the first pod."""
    found = (failure(assessment, snapshot) for assessment in assessments)
    first = next((one for one in found if one is not None), None)
    return [f"no pod is restarted: {first}"] if first else []


def described(causes: Iterable[str], namespace: str) -> str:
    """The causes for whoever plans a release, with the command that shows the Service."""
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
        return f"its label {names.TRAFFIC} is gone"
    if cause == GATE:
        return f"its readiness gate {names.IN_SERVICE} is missing"
    name = cause.partition("/")[2]
    return f'Service {name} selects it without {names.TRAFFIC}: "on"'

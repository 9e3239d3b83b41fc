"""The present state of the pods and their nodes, and how many pods there are."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from kubectl_cafe.assessment import waiting_reasons
from kubectl_cafe.assessment.pod import Assessment, PodState
from kubectl_cafe.durations import age
from kubectl_cafe.errors import CafeError
from kubectl_cafe.hints import cafe_command, kubectl
from kubectl_cafe.planning.finding import Finding, many, ok, unknown, warning
from kubectl_cafe.preflight import new_pods
from kubectl_cafe.preflight.answers import Answers, Case, Node
from kubectl_cafe.reconcile import availability
from kubectl_cafe.text import counted
from statemachine.record import cut

HEALTH, NODES, SIZE, BUDGETS = "pods", "nodes", "size", "budgets"
TOUCHES = 220
"""Objects per second whose resourceVersion a new driver can update on a small server.

Source: protocol 10.
"""
SAID = 80
"""Characters of the scheduler's message in a finding."""
LONG = 10.0
"""Seconds that a takeover's updates may take without a warning."""


def health(case: Case) -> Iterator[Finding]:
    """The unavailable pods with their reasons, and whether maxUnavailable leaves room."""
    living = [s for s in case.assessments if s.row is not PodState.FORGOTTEN]
    down = [s for s in living if not s.available]
    if down:
        shown = many([f"{s.pod.name} ({reason(s)})" for s in down])
        yield warning(
            HEALTH,
            f"{len(down)} of {counted(len(living), 'pod')} unavailable: {shown}",
            hint=cafe_command("status", case.cafe.name, case.cafe.namespace),
        )
    elif living:
        yield ok(HEALTH, f"{len(living)} of {counted(len(living), 'pod')} available")
    budget = availability.budget(case.snapshot, case.assessments)
    if living and budget.unavailable >= budget.limit:
        yield warning(
            HEALTH,
            f"{counted(budget.unavailable, 'pod')} missing or unavailable, maxUnavailable is "
            f"{budget.limit}: no healthy pod is upgraded until fewer are unavailable",
        )


def reason(assessment: Assessment) -> str:
    """Why a pod is unavailable, as a short text."""
    pod = assessment.pod
    if pod.lost:
        return f"node {pod.node} is lost"
    if why := waiting_reasons.unscheduled(pod):
        return cut(why, SAID)
    for container in pod.containers.values():
        if why := container.waiting or container.terminated:
            return f"{container.name}: {why}"
    if assessment.in_flight and pod.record is not None:
        return f"{pod.record.phase} by release {pod.record.release}"
    if assessment.row in (PodState.ORPHAN, PodState.NEW):
        return "out of traffic"
    if pod.ready.status != "True":
        return pod.ready.reason or pod.phase
    return "in traffic for less than minReadySeconds"


def room(case: Case) -> Iterator[Finding]:
    """The PodDisruptionBudgets without room now; `planning` reports those that never have any."""
    rooms = availability.rooms(case.snapshot, case.assessments)
    for budget in case.proposal.budgets:
        if budget.never:
            continue
        if rooms[budget.name] < 1:
            yield warning(
                BUDGETS,
                f"{budget} allows no disruption now: no healthy pod is upgraded until it does",
                hint=kubectl(f"describe pdb {budget.name}", case.cafe.namespace),
            )
        else:
            yield ok(BUDGETS, f"{budget} allows {counted(rooms[budget.name], 'disruption')}")


def nodes(case: Case, answers: Answers) -> Iterator[Finding]:
    """The lost and unready nodes of pods, and cells in which no new pod could run."""
    lost: dict[tuple[str, str], list[str]] = {}
    read = answers.nodes if isinstance(answers.nodes, tuple) else ()
    ready = {node.name: node.ready for node in read}
    for pod in case.around.living:
        if replace(pod, node_ready=ready.get(pod.node)).lost:
            lost.setdefault((pod.cell, pod.node), []).append(pod.name)
    for (cell, node), pods in sorted(lost.items()):
        yield warning(
            NODES,
            f"node {node}{_of(cell)} is lost with {many(pods)}: a pod on it is unavailable and "
            "is not upgraded, so its group waits for it until the deadline",
            hint=kubectl(f"describe node {node}"),
        )
    if answers.nodes is None:
        return
    if isinstance(answers.nodes, CafeError):
        yield unknown(NODES, f"the nodes' condition: {answers.nodes.message}")
        return
    named = {node for _, node in lost}
    used = {pod.node for pod in case.around.living}
    down = [n for n in answers.nodes if not n.ready and n.name in used and n.name not in named]
    for one in down:
        why = f"node {one.name}{_of(one.cell)} is not Ready"
        yield warning(NODES, why, hint=kubectl(f"describe node {one.name}"))
    cells = list(barren(case, answers.nodes))
    yield from cells
    if not (lost or down or cells):
        yield ok(NODES, "the nodes of the pods are Ready")


def barren(case: Case, known: tuple[Node, ...]) -> Iterator[Finding]:
    """The cells in which a new pod would stay Pending."""
    if not new_pods.count(case):
        return
    growing = case.proposal.plan.growing(case.proposal.kind)
    for cell in case.proposal.plan.cells:
        able = [n for n in known if n.cell == cell and n.ready and n.schedulable]
        if cell in growing and not able:
            where = f"in cell {cell}" if cell else "in the cluster"
            why = f"no node {where} is Ready and schedulable: new pods would stay Pending"
            yield warning(NODES, why, hint=kubectl("get nodes --show-labels"))


def size(case: Case) -> Iterator[Finding]:
    """The warning about a set so large that a takeover is slow (protocol 10)."""
    objects = max(len(case.around.living), sum(case.proposal.plan.cells.values()))
    seconds = objects / TOUCHES
    if seconds >= LONG:
        yield warning(
            SIZE,
            f"{objects} pods: a takeover from a driver that fails invalidates its pending writes "
            f"on each of them first, which takes about {age(seconds)}",
        )


def _of(cell: str) -> str:
    return f" of cell {cell}" if cell else ""

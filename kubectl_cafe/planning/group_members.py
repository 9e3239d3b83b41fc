"""The pods that each group would take if it started now, for `plan`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from kubectl_cafe.planning.around import Around
from kubectl_cafe.planning.proposal import Proposal, waiting
from kubectl_cafe.pods.model import Pod
from kubectl_cafe.podsets import PodSet
from kubectl_cafe.reconcile import candidates, removals
from statemachine.steps import StepKind


def members(
    proposal: Proposal, around: Around, podset: PodSet
) -> Mapping[int, Mapping[str, Sequence[str]]]:
    """The names of each group's pods, by group number and cell, in the engine's order (C88)."""
    ahead = sorted(waiting(around, proposal.target, proposal.template), key=partial(_turn, podset))
    here = {cell: [pod for pod in ahead if pod.cell == cell] for cell in proposal.plan.cells}
    there = {
        cell: sum(pod.cell == cell for pod in around.living) - len(pods)
        for cell, pods in here.items()
    }
    result: dict[int, Mapping[str, Sequence[str]]] = {}
    taken = dict.fromkeys(here, 0)
    for step in (s for s in proposal.steps if s.kind is StepKind.UPGRADE):
        whole = step.counts == proposal.plan.upgraded(proposal.kind)
        last = whole and not proposal.plan.removes_after_upgrade(proposal.kind)
        group: dict[str, Sequence[str]] = {}
        for cell, pods in here.items():
            upto = len(pods) if last else max(0, step.count(cell) - there[cell])
            group[cell] = [pod.name for pod in pods[taken[cell] : upto]]
            taken[cell] = max(taken[cell], min(upto, len(pods)))
        result[step.group] = group
    return {**result, **_removed(proposal, around, podset)}


def _removed(
    proposal: Proposal, around: Around, podset: PodSet
) -> Mapping[int, Mapping[str, Sequence[str]]]:
    """The names of the pods that each scale-in group would drain; the controller may differ."""
    result: dict[int, Mapping[str, Sequence[str]]] = {}
    able = (pod for pod in around.living if not pod.lost)
    ahead = sorted(able, key=lambda pod: removals.order(podset, pod, pod.ready.status == "True"))
    taken = dict.fromkeys(proposal.plan.cells, 0)
    sizes = proposal.plan.sizes(proposal.kind)
    for step in (s for s in proposal.steps if s.kind is StepKind.SCALE_IN):
        group: dict[str, Sequence[str]] = {}
        for cell, size in sizes[step.group].items():
            here = [pod.name for pod in ahead if pod.cell == cell]
            upto = min(taken[cell] + size, max(0, len(here) - step.count(cell)))
            group[cell] = here[taken[cell] : upto]
            taken[cell] = max(taken[cell], upto)
        result[step.group] = group
    return result


def _turn(podset: PodSet, pod: Pod) -> tuple[bool, bool, bool, float, str]:
    ready = pod.ready.status == "True"
    return candidates.order(podset, pod, in_flight=pod.unfinished, healthy=ready)

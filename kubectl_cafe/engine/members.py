"""Which pods each group would take, were it all to start now: for `plan`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kubectl_cafe.engine.proposal import Proposal
from kubectl_cafe.pods.model import Pod
from kubectl_cafe.revisions import template as templates


def members(proposal: Proposal, pods: Sequence[Pod]) -> Mapping[int, Sequence[str]]:
    """The pods of each group by its number, in the order of groups.py."""
    wanted = templates.images(proposal.template)
    waiting = sorted(
        (
            pod
            for pod in pods
            if not pod.terminating
            and not pod.over
            and any(pod.images().get(name) != image for name, image in wanted.items())
        ),
        key=lambda pod: (pod.ready.status == "True", -pod.created, pod.name),
    )
    living = [pod for pod in pods if not pod.terminating and not pod.over]
    result: dict[int, list[str]] = {}
    taken: set[str] = set()
    for step in (s for s in proposal.steps if s.is_group):
        last = step.counts == proposal.plan.cells
        group: list[str] = []
        for cell in proposal.plan.cells:
            here = [pod for pod in waiting if pod.cell == cell]
            there = sum(pod.cell == cell for pod in living) - len(here)
            room = len(here) if last else max(0, step.count(cell) - there)
            group += [pod.name for pod in here[:room] if pod.uid not in taken]
            taken |= {pod.uid for pod in here[:room]}
        result[step.group] = group
    return result

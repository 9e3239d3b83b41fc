"""Which pods each group would take, were it all to start now: for `plan`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kubectl_cafe.engine import groups
from kubectl_cafe.engine.proposal import Around, Proposal, unfinished, waiting
from kubectl_cafe.pods.model import Pod


def members(proposal: Proposal, around: Around) -> Mapping[int, Sequence[str]]:
    """The pods of each group by its number, in the order of groups.py (C88)."""
    ahead = sorted(waiting(around, proposal.target, proposal.template), key=_first)
    result: dict[int, list[str]] = {}
    taken: set[str] = set()
    for step in (s for s in proposal.steps if s.is_group):
        last = step.counts == proposal.plan.cells
        group: list[str] = []
        for cell in proposal.plan.cells:
            here = [pod for pod in ahead if pod.cell == cell]
            there = sum(pod.cell == cell for pod in around.living) - len(here)
            room = len(here) if last else max(0, step.count(cell) - there)
            group += [pod.name for pod in here[:room] if pod.uid not in taken]
            taken |= {pod.uid for pod in here[:room]}
        result[step.group] = group
    return result


def _first(pod: Pod) -> tuple[bool, bool, bool, float, str]:
    return groups.order(pod, in_flight=unfinished(pod), healthy=pod.ready.status == "True")

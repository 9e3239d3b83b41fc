"""Build the plan that users see from a proposal and its findings. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict

from kubectl_cafe.planning.finding import Finding
from kubectl_cafe.planning.group_members import members
from kubectl_cafe.planning.plan import CellPart, ChangeLine, FindingLine, PlanView, StepLine
from kubectl_cafe.preflight.answers import Case
from kubectl_cafe.revisions import template as templates
from statemachine.steps import Kind, Step, StepKind


def plan_of(case: Case, findings: Iterable[Finding], context: str) -> PlanView:
    """The plan of `case` as it is shown; `context` is the kubeconfig's."""
    proposal, cafe = case.proposal, case.cafe
    strategy = proposal.plan.strategy
    known = case.around.revision(proposal.target)
    number = known.number if known else case.around.next_number
    source = proposal.source
    return PlanView(
        name=cafe.name,
        namespace=cafe.namespace,
        context=context,
        kind=str(proposal.kind),
        upgrades=proposal.upgrades,
        needed=proposal.needed,
        source=f"{source.name} (revision {source.number})" if source else "",
        target=f"{proposal.target} (revision {number}{'' if known else ', new'})",
        changes=tuple(changes(proposal.difference)),
        others=proposal.difference.others,
        steps=tuple(steps(case)),
        confirmations=strategy.need_waiting_for_confirm and proposal.kind is not Kind.ROLLBACK,
        max_unavailable=str(strategy.max_unavailable),
        budgets=tuple(map(str, proposal.budgets)),
        findings=tuple(
            FindingLine(**{**asdict(found), "level": str(found.level)}) for found in findings
        ),
    )


def changes(diff: templates.Difference) -> Iterator[ChangeLine]:
    """The changed images, labels and annotations, in this order."""
    for name, (old, new) in diff.images.items():
        yield ChangeLine(f"image of {name}", old, new)
    for kind, changed in (("label", diff.labels), ("annotation", diff.annotations)):
        for key, (was, becomes) in changed.items():
            yield ChangeLine(f"{kind} {key}", was, becomes)


def steps(case: Case) -> Iterator[StepLine]:
    """Every step of the release; a group with its pods in each cell."""
    taken = members(case.proposal, case.around, case.wished.podset)
    takes = case.proposal.plan.sizes(case.proposal.kind)
    for step in case.proposal.steps:
        if not step.is_group:
            yield StepLine(str(step.kind))
            continue
        parts = tuple(_parts(case, step, takes[step.group], taken.get(step.group, {})))
        yield StepLine(str(step.kind), step.group, parts)


def _parts(
    case: Case, step: Step, planned: Mapping[str, int], pods: Mapping[str, Sequence[str]]
) -> Iterator[CellPart]:
    """The cells of a group; pods that are yet to be created have no names.

    In a group that removes pods, `done` is how many are left, `size` how many there were at first.
    """
    plan, created = case.proposal.plan, step.kind is StepKind.SCALE_OUT
    sizes = {
        StepKind.UPGRADE: plan.upgraded(case.proposal.kind),
        StepKind.SCALE_OUT: plan.cells,
        StepKind.SCALE_IN: plan.peak,
    }[step.kind]
    for cell, size in sizes.items():
        named = () if created else tuple(pods.get(cell, ()))
        takes = planned[cell] if created else len(named)
        if takes or planned[cell]:
            yield CellPart(cell, takes, step.count(cell), size, named)

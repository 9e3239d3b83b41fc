"""`plan`: the groups cell by cell, the template's difference, the findings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kubectl_cafe.views.moves import counts
from kubectl_cafe.views.table import fields, table
from statemachine.steps import Step


@dataclass(frozen=True)
class PlanView:
    """What a release would do. `changes` are (path, old, new); `members` each group's pods.

    `budgets` are the PodDisruptionBudgets that are asked before a healthy pod is taken.
    """

    name: str
    namespace: str
    context: str
    kind: str
    needed: bool
    changes: Sequence[tuple[str, str, str]]
    steps: Sequence[Step]
    members: Mapping[int, Sequence[str]]
    confirmations: bool
    max_unavailable: str
    warnings: Sequence[str] = ()
    budgets: Sequence[str] = ()


def render(plan: PlanView) -> str:
    """The whole plan as text."""
    head = fields(
        [
            ("Name", f"{plan.name} (namespace {plan.namespace})"),
            ("Context", plan.context),
            ("Release", plan.kind if plan.needed else "nothing to do: already at the target"),
            ("Unavailable", f"at most {plan.max_unavailable} at a time"),
            *(("Asked", budget) for budget in plan.budgets),
            ("Confirmations", "between groups" if plan.confirmations else "none"),
        ]
    )
    parts = [head]
    if plan.changes:
        parts.append(table(("change", "from", "to"), plan.changes))
    if plan.needed:
        parts.append(
            table(("step", "group", "pods per cell", "pods"), [_row(plan, s) for s in plan.steps])
        )
    parts += [f"warning: {warning}" for warning in plan.warnings]
    return "\n\n".join(parts)


def _row(plan: PlanView, step: Step) -> tuple[str, str, str, str]:
    members = plan.members.get(step.group, ()) if step.is_group else ()
    shown = ", ".join(members[:6]) + (f" and {len(members) - 6} more" if len(members) > 6 else "")
    return (str(step.kind), str(step.group or ""), counts(step) if step.is_group else "", shown)

"""The plan of a rollback: target, template, and whether it would only repeat. Pure (protocol 7)."""

from __future__ import annotations

from dataclasses import dataclass

from msgspec.structs import replace

from kubectl_cafe.api import size
from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.assessment import disruption_budgets, edited_spec
from kubectl_cafe.errors import Refused
from kubectl_cafe.hints import cafe_command
from kubectl_cafe.planning import downward_api, rollback_target, scaling
from kubectl_cafe.planning.allowed_commands import illegal
from kubectl_cafe.planning.around import Around
from kubectl_cafe.planning.finding import Finding, warning
from kubectl_cafe.planning.proposal import Proposal
from kubectl_cafe.planning.warnings import warnings
from kubectl_cafe.planning.without_record import presumed
from kubectl_cafe.podsets import by_cell
from kubectl_cafe.revisions import template as templates
from kubectl_cafe.revisions.revision import Revision
from kubectl_cafe.text import counted
from statemachine.lifecycle import RESTING, SUCCEEDED, State, Trigger, legal
from statemachine.record import Entry, Plan, Record
from statemachine.steps import Kind, UpgradeType

DISCARDED = "unreleased changes of the spec are discarded"


@dataclass(frozen=True)
class RollbackPlan:
    """A rollback to `target`, from `source` (None: not known any more), by `plan`."""

    target: Revision
    source: Revision | None
    plan: Plan


def way(cafe: CafeDeployment, around: Around, fast: bool, number: int = 0) -> RollbackPlan:
    """The rollback to revision `number` (0: the last successful one), from any state.

    Raises Refused if there is no such revision, if every pod is at it, or if it can't be reached in
    place. Without a record, `around` must have the pods (C72). `fast`: all pods in one group.
    """
    record = cafe.record or presumed(cafe, around)
    if Trigger.ROLLBACK not in legal(record.state):
        raise illegal(cafe, Trigger.ROLLBACK)
    current = around.revision(record.to_revision)
    if number:
        target: Revision | None = rollback_target.chosen(cafe, record, around.revisions, number)
    elif record.kind is Kind.SCALE and record.state not in RESTING:
        target = current  # It changes no version: only the counts go back.
    else:
        target = rollback_target.rollback_target(record, around.revisions, around.releases)
    if target is None:
        raise Refused(
            "there is no earlier revision to roll back to",
            where=cafe.where,
            hint=cafe_command(
                "upgrade" if record.state in RESTING else "abort", cafe.name, cafe.namespace
            ),
        )
    _refuse_out_of_place(cafe, record, around, target)
    strategy = record.plan.strategy
    if fast:
        strategy = replace(strategy, batch_size=None, upgrade_type=UpgradeType.BATCH)
    counts = scaling.put_back(record, around.workloads)
    return RollbackPlan(target, current, Plan(counts.cells, strategy, before=counts.before))


def wished(cafe: CafeDeployment, target: Revision) -> CafeDeployment:
    """`cafe` as a rollback to `target` leaves it.

    Where the release under way scales, spec.replicas and spec.topology go back, too.
    """
    record = cafe.record
    scales = record is not None and record.state not in RESTING and record.plan.before is not None
    return (size.restored(cafe) if scales else cafe).with_template(target.template)


def _refuse_out_of_place(
    cafe: CafeDeployment, record: Record, around: Around, target: Revision
) -> None:
    """Raise Refused if a present revision of the pods can't change to `target` in place (C17)."""
    ended = record.state in SUCCEEDED
    names = (record.to_revision,) if ended else (record.to_revision, record.from_revision)
    for known in filter(None, map(around.revision, names)):
        diff = templates.difference(known.template, target.template, tuple(cafe.selector_labels))
        if diff.others:
            raise Refused(
                f"revision {target.number} differs in {', '.join(diff.others)}, which cannot "
                "change in place",
                where=cafe.where,
            )


def repeated(cafe: CafeDeployment) -> Entry | None:
    """The rollback that a bare `rollback` would only repeat (protocol 7, A3); None if it would not.

    There is one if the newest release is a rollback that ended RolledBack, and the spec has not
    changed since.
    """
    record = cafe.record
    if record is None or record.state is not State.ROLLED_BACK:
        return None
    if cafe.spec_hash != record.spec_hash:
        return None
    turns = [entry for entry in record.journal if entry.trigger is Trigger.ROLLBACK]
    return turns[-1] if turns else Entry(record.since, Trigger.ROLLBACK, record.state, record.who)


def under_way(cafe: CafeDeployment, number: int, around: Around) -> bool:
    """Whether a rollback is in progress, to revision `number` if that is not 0."""
    record = cafe.record
    if record is None or record.state is not State.ROLLING_BACK:
        return False
    target = around.revision(record.to_revision)
    return not number or (target is not None and target.number == number)


def discarded(cafe: CafeDeployment, around: Around, target: Revision) -> tuple[str, ...]:
    """The unreleased changes of the spec that the rollback discards, as texts."""
    record = cafe.record
    planned = around.revision(record.to_revision) if record else None
    if planned is None or templates.difference(target.template, cafe.template).empty:
        return ()
    return tuple(edited_spec.changed(planned.template, cafe.template))


def proposal(cafe: CafeDeployment, around: Around, way: RollbackPlan) -> Proposal:
    """The rollback as `plan` shows it; `around` must have pods, Services and budgets."""
    old = way.source.template if way.source else {}
    template = way.target.template
    diff = templates.difference(old, template, tuple(cafe.selector_labels)) if old else None
    diff = diff or templates.difference({}, {})
    budgets = disruption_budgets.covering(around.budgets, around.pods)
    return Proposal(
        kind=Kind.ROLLBACK,
        plan=way.plan,
        template=template,
        target=way.target.name,
        source=way.source,
        difference=diff,
        notes=(
            *_edits(cafe, around, way.target),
            *_created(around, way.plan),
            *warnings(cafe, around.pods, around.services, around.known, template, diff),
            *(
                warning("budgets", said)
                for said in disruption_budgets.warnings(budgets, cafe.namespace)
            ),
            *(warning("metadata", said) for said in downward_api.warnings(template, diff)),
        ),
        budgets=budgets,
        needed=True,
    )


def _created(around: Around, plan: Plan) -> tuple[Finding, ...]:
    """The warning about the pods that the commit creates: those that the release has removed."""
    there, growing = by_cell.wished(around.workloads), plan.growing(Kind.ROLLBACK)
    missing = {
        cell: plan.cells[cell] - there[cell]
        for cell in plan.cells
        if cell in growing and there.get(cell, plan.cells[cell]) < plan.cells[cell]
    }
    if not missing:
        return ()
    cells = ", ".join(f"{cell or 'all'}: {number}" for cell, number in missing.items())
    pods = counted(sum(missing.values()), "pod")
    said = f"the commit also creates {pods} that the release has removed ({cells})"
    return (warning("replicas", said),)


def _edits(cafe: CafeDeployment, around: Around, target: Revision) -> tuple[Finding, ...]:
    said = discarded(cafe, around, target)
    return (warning("release", f"{DISCARDED}: {', '.join(said)}"),) if said else ()

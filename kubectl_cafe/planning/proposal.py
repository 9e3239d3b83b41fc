"""Compute what a release would do, before any write. Pure (protocol 3, 7; issue: plan)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from kubectl_cafe import names
from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.assessment import disruption_budgets, edited_templates, lost_switches
from kubectl_cafe.assessment.disruption_budgets import DisruptionBudget
from kubectl_cafe.assessment.image_revisions import lacking
from kubectl_cafe.errors import CafeError, Refused
from kubectl_cafe.hints import argument, cafe_command, kubectl
from kubectl_cafe.planning import (
    autoscalers,
    conflicts,
    deletion,
    downward_api,
    scaling,
    traffic_finalizers,
)
from kubectl_cafe.planning.around import Around
from kubectl_cafe.planning.finding import Finding, Level, warning
from kubectl_cafe.planning.releasable import (
    refuse_bad_images,
    refuse_long_name,
    refuse_misshapen,
    refuse_unsupported,
)
from kubectl_cafe.planning.scaling import Counts
from kubectl_cafe.planning.warnings import warnings
from kubectl_cafe.pods.model import Pod
from kubectl_cafe.podsets import by_cell
from kubectl_cafe.revisions import template as templates
from kubectl_cafe.revisions.revision import Revision, name_of
from kubectl_cafe.text import meant, near
from statemachine.lifecycle import State, Trigger
from statemachine.record import Plan
from statemachine.steps import Kind, Step

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Proposal:
    """A release that may be started. `source` is the revision it comes from, None at first.

    `needed` is False if every pod and workload is at the target already. `budgets` are the
    PodDisruptionBudgets that cover the pods. `refusals` are the reasons why it may not start.
    `unswitched` are the causes for which pods are in mode None although they have a switch.
    """

    kind: Kind
    plan: Plan
    template: Json
    target: str
    source: Revision | None
    difference: templates.Difference
    notes: tuple[Finding, ...]
    needed: bool
    budgets: tuple[DisruptionBudget, ...] = ()
    refusals: tuple[Refused, ...] = ()
    unswitched: tuple[str, ...] = ()

    @property
    def warnings(self) -> tuple[str, ...]:
        """The messages of the notes at level warning."""
        return tuple(note.message for note in self.notes if note.level is Level.WARNING)

    @property
    def upgrades(self) -> bool:
        """Whether the release upgrades existing pods; False if it only creates or removes pods."""
        return self.kind not in (Kind.CREATE, Kind.SCALE)

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps that the release will have."""
        return self.plan.steps(self.kind)


def with_images(cafe: CafeDeployment, wanted: Mapping[str, str]) -> CafeDeployment:
    """`cafe` with the `wanted` images, by container name.

    Raises CafeError for an unknown container, with similar names.
    """
    containers = cafe.template.get("spec", {}).get("containers") or []
    known = [container["name"] for container in containers]
    for name, image in wanted.items():
        if name not in known:
            likely = [*near(name, known), *known, "NAME"][0]
            raise CafeError(
                f'container "{name}" not found (existing: {", ".join(known)}){meant(name, known)}',
                where=f"{cafe.where}, spec.template.spec.containers",
                hint=cafe_command(
                    "upgrade", cafe.name, cafe.namespace, f"--image {argument(f'{likely}={image}')}"
                ),
            )
    return cafe.with_template(templates.with_images(cafe.template, wanted))


def propose(cafe: CafeDeployment, around: Around, template: Json) -> Proposal:
    """The release of `template`. Raises the first Refused of `outline`."""
    proposal = outline(cafe, around, template)
    for refusal in proposal.refusals:
        raise refusal
    return proposal


def outline(cafe: CafeDeployment, around: Around, template: Json) -> Proposal:
    """The release of `template` as it would be, with everything for which it is refused.

    Raises Refused for a template that can't be read.
    """
    refuse_misshapen(cafe, template)
    kind = kind_of(cafe, around)
    source = source_of(cafe, around)
    known = around.revisions or not around.workloads
    diff = difference(cafe, source, template)
    target = name_of(cafe.name, template)
    scalers = autoscalers.by_cell(around.autoscalers, cafe, around.workloads)
    counts = _counts(cafe, around, kind, scalers)
    there = everywhere(around, target, template, counts.before or counts.cells)
    if kind is Kind.UPGRADE and counts.before is not None and known and there:
        kind = Kind.SCALE
    restarting = around.pods if diff.images else ()
    fresh = () if around.pods else (traffic_finalizers.new_pod(cafe, template),)
    budgets = disruption_budgets.covering(around.budgets, around.pods)
    refusals = _raised(
        lambda: deletion.refuse(cafe, Trigger.START),
        lambda: conflicts.refuse(cafe, around.taken),
        lambda: conflicts.refuse_unowned(cafe, around.others if kind is Kind.CREATE else ()),
        lambda: refuse_long_name(cafe),
        lambda: refuse_unsupported(cafe),
        lambda: refuse_bad_images(cafe, template),
        lambda: refuse_out_of_place(cafe, diff),
        cafe.wished_allocation,
        lambda: autoscalers.refuse(cafe, counts.cells, counts.before, scalers),
        lambda: scaling.refuse_below_budgets(cafe, counts, budgets),
        lambda: conflicts.refuse_unknown(cafe, () if known else around.living, template),
        lambda: traffic_finalizers.refuse_undrainable(cafe, (*restarting, *fresh), around.services),
    )
    switchless = scaling.unswitched(cafe, counts, around.living, around.services)
    return Proposal(
        kind=kind,
        plan=Plan(cells=counts.cells, strategy=cafe.strategy, before=counts.before),
        template=template,
        target=target,
        source=source,
        difference=diff,
        notes=(
            *warnings(cafe, around.pods, around.services, around.known, template, diff),
            *(
                warning("budgets", said)
                for said in disruption_budgets.warnings(budgets, cafe.namespace)
            ),
            *conflicts.overlapping(cafe, around.others),
            *(warning("traffic", said) for said in traffic_finalizers.warnings(cafe, around.pods)),
            *((warning("traffic", switchless),) if switchless else ()),
            *(warning("replicas", said) for said in scaling.moved(cafe, counts, around.workloads)),
            *autoscalers.findings(around.autoscalers, cafe, around.workloads),
            *(warning("images", said) for said in around.warnings),
            *(warning("metadata", said) for said in downward_api.warnings(template, diff)),
            *(
                warning("template", said)
                for said in edited_templates.noted(around.workloads, around.known)
            ),
        ),
        budgets=budgets,
        needed=kind in (Kind.CREATE, Kind.SCALE) or not known or not there,
        refusals=refusals,
        unswitched=lost_switches.planned(
            (*around.living, traffic_finalizers.new_pod(cafe, template)),
            around.services,
            around.known,
        ),
    )


def _counts(
    cafe: CafeDeployment, around: Around, kind: Kind, autoscaled: Collection[str]
) -> Counts:
    """The numbers of pods by cell; the last release's if the spec's topology is invalid.

    Raises Refused if that is so in a first release.
    """
    if kind is Kind.CREATE:
        return Counts(cafe.wished_allocation())
    try:
        return scaling.counts(cafe, around.workloads, autoscaled)
    except Refused:  # Among the refusals of `outline`.
        return Counts(cafe.recorded_allocation or {})


def _raised(*checks: Callable[[], object]) -> tuple[Refused, ...]:
    """The refusals that `checks` raise, in order."""
    found: list[Refused] = []
    for check in checks:
        try:
            check()
        except Refused as error:
            found.append(error)
    return tuple(found)


def kind_of(cafe: CafeDeployment, around: Around) -> Kind:
    """The kind of the next release: CREATE until a first release has completed, else UPGRADE.

    Missing workloads make no first release where the CafeDeployment has a record.
    """
    record = cafe.record
    if record is None:
        return Kind.UPGRADE if around.workloads else Kind.CREATE
    unfinished = record.kind is Kind.CREATE and record.state is not State.COMPLETED
    return Kind.CREATE if unfinished else Kind.UPGRADE


def source_of(cafe: CafeDeployment, around: Around) -> Revision | None:
    """The revision of the workloads' templates; if they differ, the last release's goal."""
    shown = {workload.revision for workload in around.workloads}
    if len(shown) == 1:
        return around.revision(shown.pop())
    return around.revision(cafe.record.to_revision) if cafe.record else None


def difference(
    cafe: CafeDeployment, source: Revision | None, template: Json
) -> templates.Difference:
    """The difference between the source's template and `template`; empty without a source."""
    if source is None:
        return templates.difference({}, {})
    return templates.difference(source.template, template, tuple(cafe.selector_labels))


def refuse_out_of_place(cafe: CafeDeployment, diff: templates.Difference) -> None:
    """Raise Refused for changes that can't be made in place (C17, C57)."""
    if diff.others:
        raise Refused(
            "only images, labels (outside the selector) and annotations can change in place; "
            f"this release changes {', '.join(diff.others)}. Nothing was written",
            where=cafe.where,
            hint=kubectl(f"edit cafed {cafe.name}", cafe.namespace),
        )


def everywhere(
    around: Around, target: str, template: Json, cells: Mapping[str, int] | None = None
) -> bool:
    """Whether every workload and every pod is at the target already, in each cell (C7, C66)."""
    present = by_cell.present(around.workloads)
    return (
        all(
            workload.revision == target and not edited_templates.paths(workload, around.known)
            for workload in around.workloads
        )
        and all(cell in present for cell, count in (cells or {}).items() if count)
        and not waiting(around, target, template)
    )


def waiting(around: Around, target: str, template: Json) -> list[Pod]:
    """The living pods that are not at the target, or have an unfinished record."""
    wanted, known = templates.images(template), around.known
    return [
        pod
        for pod in around.living
        if pod.labels.get(names.REVISION) != target or lacking(pod, wanted, known) or pod.unfinished
    ]

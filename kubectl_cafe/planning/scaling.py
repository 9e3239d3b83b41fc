"""How many pods a release leaves in each cell, and how many it starts with. Pure (protocol 8)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from kubectl_cafe import names
from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.assessment.disruption_budgets import DisruptionBudget
from kubectl_cafe.errors import CONFLICT, CafeError, Refused
from kubectl_cafe.hints import cafe_command, kubectl
from kubectl_cafe.pods.model import Pod
from kubectl_cafe.pods.record import Mode
from kubectl_cafe.podsets import Workload, by_cell
from kubectl_cafe.text import counted, meant
from kubectl_cafe.traffic import Service, mode_of
from statemachine.lifecycle import RESTING, SUCCEEDED, State
from statemachine.record import Record
from statemachine.steps import Kind


class Counts(Struct, frozen=True):
    """Numbers of pods by cell: at the end, and at the start (None: the release changes none)."""

    cells: Mapping[str, int]
    before: Mapping[str, int] | None = None

    @property
    def fewer(self) -> Mapping[str, int]:
        """The cells that lose pods, each with the number of pods that are left."""
        before = self.before or {}
        return {cell: size for cell, size in self.cells.items() if size < before.get(cell, 0)}


def counts(
    cafe: CafeDeployment, workloads: Iterable[Workload], autoscaled: Collection[str] = ()
) -> Counts:
    """The counts of a release after the first one.

    They differ from the workloads' only if the spec now asks for other numbers than the last
    release left: replicas that another client has set on a workload stay (C51). After a release
    that ended while it scaled, every count of the spec is compared. The count of an `autoscaled`
    cell is changed only if the spec asks for another one there. A cell with pods that has left
    spec.topology.values loses them all. Raises Refused if spec.replicas and spec.topology don't fit
    together.
    """
    wish, recorded = cafe.wished_allocation(), cafe.recorded_allocation
    if recorded is None or (wish == recorded and not unsettled(cafe)):
        return Counts(recorded or wish)
    found = by_cell.wished(workloads)
    wish |= {cell: 0 for cell, size in found.items() if size and cell not in wish}
    kept = {cell for cell in autoscaled if wish.get(cell) == recorded.get(cell)}
    before = {cell: wish[cell] if cell in kept else found.get(cell, 0) for cell in wish}
    return Counts(wish, None if before == wish else before)


def moved(cafe: CafeDeployment, counts: Counts, workloads: Iterable[Workload]) -> Iterator[str]:
    """The warnings about workloads that the release sets although another client has scaled them.

    Each names the client by its field manager. What kubectl-cafe has set, as in a release that was
    aborted, is not among them.
    """
    before, recorded = counts.before or {}, cafe.recorded_allocation or {}
    for one in workloads:
        size = counts.cells.get(one.cell, 0)
        if one.scaled_by == names.FIELD_MANAGER:
            continue
        if one.cell in recorded and before.get(one.cell, size) not in (size, recorded[one.cell]):
            by = f" by {one.scaled_by}" if one.scaled_by else ""
            yield (
                f"{cafe.podset.kind} {one.name} has {one.replicas} replicas, set{by}, the last "
                f"release left {recorded[one.cell]}: this release sets {size}"
            )


def unsettled(cafe: CafeDeployment) -> bool:
    """Whether the last release changes counts and has not succeeded.

    Then the recorded allocation says nothing about the workloads.
    """
    record = cafe.record
    return record is not None and record.state not in SUCCEEDED and record.plan.before is not None


def settled(cafe: CafeDeployment, now: Mapping[str, int]) -> Mapping[str, int]:
    """The recorded counts after a release that ended while it scaled, before a rollback.

    In the cells that it changed they are those of `now`; a count of another cell stays recorded.
    """
    record, recorded = cafe.record, cafe.recorded_allocation or {}
    if record is None or record.plan.before is None:
        return recorded
    changed = {c for c, size in record.plan.cells.items() if size != record.plan.before.get(c)}
    return {c: size if c in changed else recorded.get(c, size) for c, size in now.items()}


def put_back(record: Record, workloads: Iterable[Workload]) -> Counts:
    """The counts of a rollback of `record`'s release: those that it found, where it scales.

    Its start counts as if the release had scaled to its end: a write of its driver may still be
    under way. A count that another client has set meanwhile stays. A rollback of a release that has
    ended changes no count.
    """
    plan = record.plan
    if record.kind is Kind.ROLLBACK or record.state is State.COMPLETED:
        found, aims = plan.cells, plan.before or {}
    else:
        found, aims = plan.started(record.kind), plan.cells
    if record.kind is Kind.CREATE or plan.before is None or record.state in SUCCEEDED:
        return Counts(found)
    wishes = by_cell.wished(workloads)
    now = {cell: wishes.get(cell, size) for cell, size in found.items()}
    if record.state in RESTING:
        return Counts(now)
    ours = {c for c, size in found.items() if _between(size, now[c], aims.get(c, 0))}
    cells = {cell: size if cell in ours else now[cell] for cell, size in found.items()}
    before = {cell: aims.get(cell, 0) if cell in ours else now[cell] for cell in found}
    return Counts(cells, None if cells == before else before)


def _between(one: int, number: int, other: int) -> bool:
    return min(one, other) <= number <= max(one, other)


def refuse_below_budgets(
    cafe: CafeDeployment, counts: Counts, budgets: Iterable[DisruptionBudget]
) -> None:
    """Raise Refused where fewer pods would be left than a PodDisruptionBudget's minAvailable."""
    left = sum(counts.cells.values())
    for one in budgets if counts.fewer else ():
        if one.at_least.isdecimal() and int(one.at_least) > left:
            raise Refused(
                f"PodDisruptionBudget {one.name} wants {counted(int(one.at_least), 'pod')} "
                f"available, and {left} would be left. Nothing was written",
                where=f"{cafe.where}, spec.replicas",
                hint=kubectl(f"edit pdb {one.name}", cafe.namespace),
            )


def unswitched(
    cafe: CafeDeployment, counts: Counts, pods: Iterable[Pod], services: Iterable[Service]
) -> str:
    """The warning about pods without a traffic switch in cells that lose pods; empty if none."""
    services = tuple(services)
    number = sum(pod.cell in counts.fewer and mode_of(pod, services) is Mode.NONE for pod in pods)
    if not number:
        return ""
    return (
        f"{counted(number, 'pod')} of the cells that lose pods have no traffic switch: the "
        f"{cafe.podset.kind} controller chooses which are deleted, and requests in flight may fail"
    )


def with_counts(
    cafe: CafeDeployment, replicas: int | None, cells: Mapping[str, int], current: int | None
) -> CafeDeployment:
    """`cafe` with spec.replicas, and with the pods of `cells` fixed in spec.topology.unitReplicas.

    Raises CafeError for an unknown cell, and (exit code 6) if spec.replicas is not `current`.
    """
    if current is not None and cafe.replicas != current:
        raise CafeError(
            f"expected spec.replicas to be {current}, was {cafe.replicas}. Nothing was written",
            where=cafe.where,
            hint=cafe_command("status", cafe.name, cafe.namespace),
            exit_code=CONFLICT,
        )
    spec: dict[str, Any] = dict(cafe.spec)
    if replicas is not None:
        spec["replicas"] = replicas
    if cells:
        topology = dict(spec.get("topology") or {})
        known = tuple(topology.get("values") or ())
        for cell in cells:
            if cell not in known:
                existing = ", ".join(known) or "none, spec.topology.unitType is None"
                raise CafeError(
                    f'cell "{cell}" not found (existing: {existing}){meant(cell, known)}',
                    where=f"{cafe.where}, spec.topology.values",
                    hint=kubectl(f"edit cafed {cafe.name}", cafe.namespace),
                )
        topology["unitReplicas"] = {**(topology.get("unitReplicas") or {}), **cells}
        spec["topology"] = topology
    return cafe.with_spec(spec)

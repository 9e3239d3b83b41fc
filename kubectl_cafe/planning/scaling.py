"""How many pods a release leaves in each cell, and how many it starts with. Pure (protocol 8)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.errors import CONFLICT, CafeError, Refused
from kubectl_cafe.hints import cafe_command, kubectl
from kubectl_cafe.podsets import Workload, by_cell
from kubectl_cafe.text import meant


class Counts(Struct, frozen=True):
    """The pods of each cell at the end, and at the start if the release creates some."""

    cells: Mapping[str, int]
    before: Mapping[str, int] | None = None


def counts(cafe: CafeDeployment, workloads: Iterable[Workload]) -> Counts:
    """The counts of a release that is no first one.

    Only a spec that asks for other numbers than the last release had changes any: what another
    client has set on a workload stays (C51). Raises Refused where spec and topology don't fit.
    """
    wish, recorded = cafe.wished_allocation(), cafe.recorded_allocation
    if recorded is None or wish == recorded:
        return Counts(recorded or wish)
    found = by_cell.wished(workloads)
    before = {cell: found.get(cell, 0) for cell in wish}
    return Counts(wish, None if before == wish else before)


def refuse_fewer(cafe: CafeDeployment, workloads: Iterable[Workload]) -> None:
    """Raise Refused where the spec asks for fewer pods in a cell: releases remove none."""
    wish, recorded = cafe.wished_allocation(), cafe.recorded_allocation
    if recorded is None or wish == recorded:
        return
    workloads = tuple(workloads)
    found = by_cell.wished(workloads)
    fewer = {cell: size for cell, size in found.items() if size > wish.get(cell, 0)}
    if fewer:
        first = next(one for one in workloads if one.cell in fewer)
        shown = ", ".join(
            f"{cell or 'all'}: {wish.get(cell, 0)} (present: {size})"
            for cell, size in sorted(fewer.items())
        )
        raise Refused(
            f"spec.replicas or spec.topology asks for fewer pods ({shown}); this version of "
            "kubectl-cafe creates pods and removes none. Scale the workloads down first, or set "
            "the previous number. Nothing was written",
            where=f"{cafe.where}, spec.replicas",
            hint=kubectl(
                f"scale {cafe.podset.kind.lower()} {first.name}",
                cafe.namespace,
                f"--replicas {wish.get(first.cell, 0)}",
            ),
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

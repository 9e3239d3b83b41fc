"""Workloads by cell: a cell may have two, of different revisions (protocol 3). Pure.

All code that needs "the workload of a cell" uses this module, so that no code passes over a second
one.
"""

from __future__ import annotations

from collections.abc import Iterable

from kubectl_cafe.podsets import Workload


def ordered(workloads: Iterable[Workload]) -> tuple[Workload, ...]:
    """The workloads by cell, and in a cell by revision."""
    return tuple(sorted(workloads, key=lambda one: (*one.key, one.name)))


def present(workloads: Iterable[Workload]) -> frozenset[str]:
    """The cells that have a workload."""
    return frozenset(one.cell for one in workloads)


def wished(workloads: Iterable[Workload]) -> dict[str, int]:
    """The sum of spec.replicas of each cell's workloads; cells without a workload are left out."""
    result: dict[str, int] = {}
    for one in workloads:
        result[one.cell] = result.get(one.cell, 0) + one.replicas
    return result


def bearing(workloads: Iterable[Workload], revision: str) -> tuple[Workload, ...]:
    """The workload of each cell that is to create further pods: the one of `revision`, if any."""
    result: dict[str, Workload] = {}
    for one in workloads:
        if one.cell not in result or one.revision == revision:
            result[one.cell] = one
    return tuple(result.values())

"""Creates missing workloads while no release is under way, after an operator's confirmation."""

from __future__ import annotations

from collections.abc import Callable, Collection
from threading import Event

from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.assessment.snapshot import Snapshot
from kubectl_cafe.driver.workload_writer import WorkloadWriter
from kubectl_cafe.reconcile import step_progress
from kubectl_cafe.repair import findings
from kubectl_cafe.repair.findings import Finding

PATIENCE = 30.0
"""Seconds within which the workloads must be created and appear in the watch."""
EVERY = 0.5
"""Seconds between two snapshots."""


def create(
    writer: WorkloadWriter,
    cafe: CafeDeployment,
    cells: Collection[str],
    look: Callable[[], Snapshot],
    stop: Event,
) -> list[Finding]:
    """Create the workloads of `cells` with their planned pods; returns those still missing.

    Raises Invalid, Forbidden and NotOurs where the server refuses one.
    """
    snapshot = look()
    late = snapshot.now + PATIENCE
    while left := [f for f in findings.of_workloads(cafe, snapshot) if f.uid in cells]:
        if snapshot.now > late or stop.wait(EVERY):
            break
        writer.write(step_progress.creations(snapshot, cells))
        snapshot = look()
    return left

"""What a driver costs: CPU and memory of its process, by the number of pods."""

from __future__ import annotations

import resource
import time

from tabulate import tabulate

from bench.stage import Stage
from testbed.controlplane import ControlPlane

SIZES = (500, 1_000, 5_000)
RESTART_MS = 500


def report(plane: ControlPlane) -> str:
    """One line for each number of pods."""
    rows = [_row(plane, pods) for pods in SIZES]
    head = (
        "A whole release in Gate mode, one group, maxUnavailable 100%; a restart: "
        f"{RESTART_MS} ms.\nWall time and CPU of the driver's process (user and system), in "
        "seconds.\n"
    )
    columns = ["pods", "wall", "CPU", "CPU per pod, ms"]
    return f"{head}\n" + tabulate(
        rows, columns, tablefmt="plain", floatfmt=("", ".1f", ".1f", ".1f")
    )


def _row(plane: ControlPlane, pods: int) -> tuple[int, float, float, float]:
    stage = Stage(plane, pods, "Gate", RESTART_MS)
    before, began = _used(), time.monotonic()
    stage.upgrade("v2")
    cpu, wall = _used() - before, time.monotonic() - began
    return pods, wall, cpu, cpu / pods * 1000


def _used() -> float:
    """Seconds of CPU that the ended children of this process have taken."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime

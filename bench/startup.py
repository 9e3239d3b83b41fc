"""What a short command costs, whole process, next to kubectl's; and `status` of 10,000 pods."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tabulate import tabulate

from bench.crowd import serving
from bench.stage import Stage
from testbed.build import binary
from testbed.controlplane import ControlPlane
from testbed.plugin import LEFT_OUT, PROGRAM

RUNS = 15
FEW = 10
TIMES = 1000
"""FEW pods, each so many times."""


@dataclass(frozen=True)
class Run:
    """One process: wall time in ms, CPU time in ms, peak RSS in MB."""

    wall: float
    cpu: float
    rss: float


def report(plane: ControlPlane) -> str:
    """One table of pairs, one of the large set."""
    stage = Stage(plane, FEW, "Label")
    kubectl, ours = str(binary("kubectl")), str(PROGRAM)
    space = ["-n", stage.namespace]
    pairs = {
        "version --client": ([kubectl, "version", "--client"], [ours, "version", "--client"]),
        "get pods | status of 10 pods": (
            [kubectl, "get", "pods", *space],
            [ours, "status", "bench", *space],
        ),
        "get cafed | status of the namespace": (
            [kubectl, "get", "cafed", *space],
            [ours, "status", *space],
        ),
        "get --help | --help": ([kubectl, "get", "--help"], [ours, "--help"]),
    }
    rows = [_pair(what, *commands, plane.kubeconfig) for what, commands in pairs.items()]
    head = f"Whole processes in turn, medians of {RUNS}: wall ms (CPU ms, peak RSS MB).\n"
    columns = ["kubectl | kubectl cafe", "kubectl", "kubectl cafe", "ratio", "least", "most"]
    return "\n".join(
        [
            head,
            tabulate(rows, columns, tablefmt="plain", floatfmt=".2f"),
            f"\nGoals: version --client at or below kubectl's, status of {FEW} pods < 400 ms.\n",
            _large(plane, stage),
        ]
    )


def _pair(
    what: str, theirs: Sequence[str], ours: Sequence[str], kubeconfig: Path
) -> tuple[object, ...]:
    first, second = [], []
    for _ in range(RUNS):
        first.append(run(theirs, kubeconfig))
        second.append(run(ours, kubeconfig))
    ratio = _median(second).wall / _median(first).wall
    walls = [one.wall for one in second]
    return (what, _shown(first), _shown(second), ratio, f"{min(walls):.0f}", f"{max(walls):.0f}")


def _large(plane: ControlPlane, stage: Stage) -> str:
    command = [str(PROGRAM), "status", "bench", "-n", stage.namespace]
    with serving(plane, stage.namespace, "bench", TIMES) as kubeconfig:
        runs = [run(command, kubeconfig) for _ in range(3)]
    one = _median(runs)
    return (
        f"status of {FEW * TIMES:,} pods (a stub server with {FEW} real ones, {TIMES} times each): "
        f"{one.wall / 1000:.1f} s, CPU {one.cpu / 1000:.1f} s, peak RSS {one.rss:.0f} MB "
        "(goals: < 5 s, < 300 MB)"
    )


def run(command: Sequence[str], kubeconfig: Path) -> Run:
    """Run it to its end, which must be good."""
    env = {key: value for key, value in os.environ.items() if not key.startswith(LEFT_OUT)}
    began = time.monotonic()
    process = subprocess.Popen(
        [*command],
        env={**env, "KUBECONFIG": str(kubeconfig)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    assert process.stderr is not None
    said = process.stderr.read()
    _, status, used = os.wait4(process.pid, 0)
    wall = time.monotonic() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stderr.close()
    if process.returncode != 0:
        raise SystemExit(f"bench: {' '.join(command)}: {said.decode()}")
    return Run(wall * 1000, (used.ru_utime + used.ru_stime) * 1000, used.ru_maxrss / 1024)


def _median(runs: Sequence[Run]) -> Run:
    return Run(
        statistics.median(one.wall for one in runs),
        statistics.median(one.cpu for one in runs),
        statistics.median(one.rss for one in runs),
    )


def _shown(runs: Sequence[Run]) -> str:
    one = _median(runs)
    return f"{one.wall:.0f} ({one.cpu:.0f}, {one.rss:.0f})"

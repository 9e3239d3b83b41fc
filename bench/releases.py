"""What many releases of one CafeDeployment leave behind, and what commands cost then."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence

from tabulate import tabulate

from bench.stage import Stage
from testbed.controlplane import ControlPlane

AFTER = (1, 20, 100, 200)
"""The numbers of releases after which is measured."""
PODS = 2
RUNS = 5
PLANNED = 1
"""The exit code of `plan` where there is something to release."""
COMMANDS = (
    ("status",),
    ("history",),
    ("report",),
    ("plan", "--image", "main=registry.example/app:x"),
)
CAFED = "apps.cafe.cloud.alipay.com/v1alpha1/cafedeployments"
REVISIONS = "apps/v1/controllerrevisions"


def report(plane: ControlPlane) -> str:
    """One line for each number of releases; each release goes to an image of its own."""
    stage = Stage(plane, PODS, "None")
    rows, made = [], 0
    for wanted in AFTER:
        walls = []
        while made < wanted:
            made += 1
            walls.append(stage.upgrade(f"r{made}"))
        rows.append(_row(stage, wanted, walls))
    head = (
        f"{PODS} pods in mode None, historyLimit 20; the best of {RUNS} runs in milliseconds, the\n"
        "median of the releases in seconds, sizes in KiB.\n"
    )
    columns = ["releases", "one release", *(c[0] for c in COMMANDS), "objects", "largest", "CR"]
    return f"{head}\n" + tabulate(rows, columns, tablefmt="plain", floatfmt=".1f")


def _row(stage: Stage, releases: int, walls: Sequence[float]) -> tuple[float, ...]:
    stored = [len(json.dumps(one)) / 1024 for one in stage.client.list(REVISIONS)]
    cafe = len(json.dumps(stage.client.get(CAFED, "bench"))) / 1024
    times = (min(_wall(stage, command) for _ in range(RUNS)) for command in COMMANDS)
    typical = sorted(walls)[len(walls) // 2]
    return (releases, typical, *times, len(stored), max(stored), cafe)


def _wall(stage: Stage, command: Sequence[str]) -> float:
    began = time.monotonic()
    verb, *more = command
    done = stage.cafe(verb, "bench", *more, *(("-o", "json") if verb == "report" else ()))
    if done.code not in (0, PLANNED):
        raise SystemExit(f"bench: kubectl cafe {verb}: {done.err}")
    return (time.monotonic() - began) * 1000

"""What a short command costs as krew has installed it, beside kubectl's own."""

from __future__ import annotations

import statistics
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tabulate import tabulate

from bench.far import AWAY, far
from bench.stage import Stage
from bundle import build, manifest
from testbed.controlplane import ControlPlane
from testbed.krew import Krew

ROUNDS = 31
PODS = 10
AWAY_BY = f"{2 * AWAY * 1000:.0f} ms there and back"
SITE = "https://kubectl-cafe.invalid"


def report(plane: ControlPlane) -> str:
    """One line of sizes, one table of times."""
    with tempfile.TemporaryDirectory() as scratch:
        krew, packed = _installed(Path(scratch), plane)
        where = ("-n", Stage(plane, PODS, "Gate").namespace)
        kubectl, plugin = str(krew.programs / "kubectl"), str(krew.plugin)
        looks = (("status", "bench", *where), ("get", "pods", *where))
        rows = []
        with far(plane, Path(scratch)) as kubeconfig:
            distant = ("--kubeconfig", str(kubeconfig))
            for ours, theirs, place in (
                (("version", "--client"), ("version", "--client"), ""),
                (*looks, ""),
                ((*looks[0], *distant), (*looks[1], *distant), AWAY_BY),
            ):
                commands = ([kubectl, *theirs], [plugin, *ours], [kubectl, "cafe", *ours])
                own, direct, through = _medians(commands, krew.env)
                names = (f"kubectl {' '.join(theirs[:2])}", f"cafe {' '.join(ours[:2])}", place)
                rows.append((*names, own, direct, through, direct / own, through / own))
        unpacked = sum(path.stat().st_size for path in (krew.root / "store").rglob("*"))
    head = (
        f"The archive: {packed / 1e6:.1f} MB; installed: {unpacked / 1e6:.1f} MB.\n"
        f"Milliseconds of whole processes, the median of {ROUNDS} rounds in turn; {PODS} pods.\n"
        "Through kubectl a command is kubectl's start, too: it replaces itself by the plugin.\n"
    )
    columns = ["", "", "", "kubectl's", "kubectl-cafe", "kubectl cafe", "ratio", "ratio"]
    formats = ("", "", "", ".0f", ".0f", ".0f", ".2f", ".2f")
    return f"{head}\n" + tabulate(rows, columns, tablefmt="plain", floatfmt=formats)


def _installed(folder: Path, plane: ControlPlane) -> tuple[Krew, int]:
    """A user with this version installed, and the bytes of the archive."""
    archive = build.into(folder / "dist")
    manifest.write(archive.parent, SITE)
    krew = Krew(folder / "user", plane.kubeconfig)
    krew.krew("install", f"--manifest={archive.parent / manifest.FILE}", f"--archive={archive}")
    return krew, archive.stat().st_size


def _medians(commands: Sequence[Sequence[str]], env: Mapping[str, str]) -> list[float]:
    """The median of each command, run in turn; the first round, which fills caches, is left out."""
    taken: list[list[float]] = [[] for _ in commands]
    for _ in range(ROUNDS + 1):
        for times, command in zip(taken, commands, strict=True):
            began = time.perf_counter()
            subprocess.run(command, env=env, check=True, capture_output=True)
            times.append((time.perf_counter() - began) * 1000)
    return [statistics.median(times[1:]) for times in taken]

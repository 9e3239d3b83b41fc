"""Figures, never asserted: `python -m bench [REPORT ...]`, all reports by default."""

from __future__ import annotations

import sys

from bench import cpu, drivers, installed, releases, requests, startup, wall
from bench.stage import control_plane

REPORTS = {
    "installed": installed.report,
    "startup": startup.report,
    "requests": requests.report,
    "wall": wall.report,
    "cpu": cpu.report,
    "drivers": drivers.report,
    "releases": releases.report,
}


def main() -> int:
    """Run the named reports, or all."""
    wanted = sys.argv[1:] or list(REPORTS)
    if unknown := [name for name in wanted if name not in REPORTS]:
        print(f"bench: no such report: {', '.join(unknown)} (there is {', '.join(REPORTS)})")
        return 2
    with control_plane() as plane:
        for name in wanted:
            print(f"\n== {name} ==\n{REPORTS[name](plane)}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

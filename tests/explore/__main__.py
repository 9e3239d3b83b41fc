"""python -m tests.explore: the searches, the guards they miss, and docs/exploration.md.

Without arguments the small scenarios, as in a test run. Exit 1 where something is broken.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from tests.explore import broken, page
from tests.explore.scenario import Scenario
from tests.explore.scenarios import LARGE, SMALL, by_name
from tests.explore.search import Found, Search


def explore(scene: Scenario, limit: int) -> Found:
    """One search."""
    return Search(scene, limit).run()


def missed(guard: broken.Guard, limit: int) -> tuple[broken.Guard, Found]:
    """One search of the product without `guard`."""
    with broken.without(guard):
        return guard, explore(by_name(guard.scenario), limit)


def with_pods(scene: Scenario, pods: int) -> Scenario:
    """The scenario over `pods` pods, each in a cell of its own."""
    cells = {f"Cell{chr(ord('A') + n)}": 1 for n in range(pods)}
    return scene.but(cells=cells, name=f"{scene.name}, {pods} pods")


def main(arguments: Sequence[str]) -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.explore", description=__doc__)
    parser.add_argument("scenario", nargs="*", help="only these, by name")
    parser.add_argument("--large", action="store_true", help="the large ones as well")
    parser.add_argument("--guards", action="store_true", help="break each guard as well")
    parser.add_argument("--pods", type=int, metavar="N", help="over N pods, each in its own cell")
    parser.add_argument("--limit", type=int, default=100_000, metavar="N", help="states a search")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), metavar="N")
    parser.add_argument(
        "--write-docs", action="store_true", help="all of it, and write docs/exploration.md"
    )
    wanted = parser.parse_args(arguments)
    all_of_it = wanted.large or wanted.write_docs
    scenes = [by_name(name) for name in wanted.scenario] or [*SMALL, *(LARGE if all_of_it else ())]
    if wanted.pods:
        scenes = [with_pods(scene, wanted.pods) for scene in scenes]
    founds, guards = [], []
    with ProcessPoolExecutor(wanted.jobs) as pool:
        for found in pool.map(partial(explore, limit=wanted.limit), scenes):
            founds.append(found)
            print(found, flush=True)
        if wanted.guards or wanted.write_docs:
            for guard, found in pool.map(partial(missed, limit=wanted.limit), broken.read()):
                guards.append((guard, found))
                said = found.violations[0] if found.violations else "NOT MISSED"
                print(f"without {guard.name}: {said}", flush=True)
    if wanted.write_docs:
        page.write(founds, guards)
    kept = [found for found in founds if found.violations]
    unmissed = [guard for guard, found in guards if not found.violations]
    return 1 if kept or unmissed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

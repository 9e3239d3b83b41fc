"""python -m tests.explore: the searches, the guards they miss, and docs/exploration.md.

Without arguments the small scenarios, as in a test run. Exit 1 where something is broken.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from tests.explore import broken, page
from tests.explore.scenario import Scenario
from tests.explore.scenarios import LARGE, SMALL, by_name
from tests.explore.search import Found, Search


def explore(scene: Scenario, limit: int, minutes: float) -> Found:
    """One search."""
    return Search(scene, limit, minutes * 60).run()


def missed(guard: broken.Guard, limit: int, minutes: float) -> tuple[broken.Guard, Found]:
    """One search of the product without `guard`."""
    with broken.without(guard):
        return guard, explore(by_name(guard.scenario), limit, minutes)


def with_pods(scene: Scenario, pods: int) -> Scenario:
    """The scenario over `pods` pods, each in a cell of its own."""
    cells = {f"Cell{chr(ord('A') + n)}": 1 for n in range(pods)}
    return scene.but(cells=cells, name=f"{scene.name}, {pods} pods")


def chosen(
    only: Sequence[str], *, large: bool, guards: bool
) -> tuple[list[Scenario], list[broken.Guard]]:
    """The scenarios and the guards of these names; without any, as the options say."""
    if not only:
        return [*SMALL, *(LARGE if large else ())], broken.read() if guards else []
    by_guard = {guard.name: guard for guard in broken.read()}
    scenes = [by_name(name) for name in only if name not in by_guard]
    return scenes, [by_guard[name] for name in only if name in by_guard]


def main(arguments: Sequence[str]) -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.explore", description=__doc__)
    parser.add_argument("name", nargs="*", help="only these scenarios, and without these guards")
    parser.add_argument("--large", action="store_true", help="the large ones as well")
    parser.add_argument("--guards", action="store_true", help="break each guard as well")
    parser.add_argument("--pods", type=int, metavar="N", help="over N pods, each in its own cell")
    parser.add_argument("--limit", type=int, default=100_000, metavar="N", help="states a search")
    parser.add_argument(
        "--minutes", type=float, default=math.inf, metavar="N", help="of one processor a search"
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), metavar="N")
    parser.add_argument(
        "--write-docs",
        action="store_true",
        help="write docs/exploration.md: of all, or with the rows that it has of all the others",
    )
    wanted = parser.parse_args(arguments)
    scenes, guarded = chosen(
        wanted.name,
        large=wanted.large or wanted.write_docs,
        guards=wanted.guards or wanted.write_docs,
    )
    if wanted.pods:
        scenes = [with_pods(scene, wanted.pods) for scene in scenes]
    founds, guards = [], []
    limits = {"limit": wanted.limit, "minutes": wanted.minutes}
    with ProcessPoolExecutor(wanted.jobs) as pool:
        for found in pool.map(partial(explore, **limits), scenes):
            founds.append(found)
            print(found, flush=True)
        for guard, found in pool.map(partial(missed, **limits), guarded):
            guards.append((guard, found))
            said = found.violations[0] if found.violations else "NOT MISSED"
            print(f"without {guard.name}: {said}", flush=True)
    if wanted.write_docs:
        page.write((*SMALL, *LARGE), founds, broken.read(), guards)
    kept = [found for found in founds if found.violations]
    unmissed = [guard for guard, found in guards if not found.violations]
    return 1 if kept or unmissed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

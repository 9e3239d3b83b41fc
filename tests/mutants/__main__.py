"""Changes the code that decides in one place at a time and runs its tests; writes docs/mutants.md.

python -m tests.mutants [--sample 300] [--seed 1] [--jobs 2] [--anew] [FILE ...]
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial

from tests.mutants import covering, page, running
from tests.mutants.making import sample
from tests.mutants.modules import ROOT, deciding
from tests.mutants.table import Mutant, Result, read

KEPT = ROOT / ".mutants" / "results.jsonl"


def main(arguments: list[str]) -> int:
    """The exit code: 1 where a mutant survived that the table of equivalents doesn't name."""
    parser = argparse.ArgumentParser(prog="tests.mutants", description=__doc__)
    parser.add_argument("files", nargs="*", metavar="FILE", help="modules; else all that decide")
    parser.add_argument("--sample", type=int, default=0, help="so many mutants and not all")
    parser.add_argument("--seed", type=int, default=1, help="which ones the sample has")
    parser.add_argument("--jobs", type=int, default=2, help="processes at a time")
    parser.add_argument("--no-searches", action="store_true", help="leave tests/explore out")
    parser.add_argument("--anew", action="store_true", help="try what earlier runs tried, too")
    asked = parser.parse_args(arguments)
    files = asked.files or deciding()
    chosen = sample(files, asked.sample, asked.seed)
    searches = not asked.no_searches
    known = {} if asked.anew else {result.mutant: result for result in earlier(searches)}
    results = [known[mutant] for mutant in chosen if mutant in known]
    to_try = [mutant for mutant in chosen if mutant not in known]
    print(f"{len(chosen)} mutants of {len(files)} modules, {len(results)} known", flush=True)
    if to_try and (red := running.red_unmutated(to_try[0].file, searches)):
        sys.exit(f"mutants: not green to begin with: {red}")
    results += tried(to_try, asked.jobs, searches)
    equivalents = read()
    if not asked.files:
        which = f"a random sample of {asked.sample}, seed {asked.seed}" if asked.sample else "all"
        page.write(results, equivalents, which)
    left = page.left(results, equivalents)
    for result in left:
        print(f"{result.mutant.file}:{result.line}\n  - {result.before}\n  + {result.after}")
    print(f"{len(left)} of {len(results)} mutants survive and are not known as equivalent")
    return 1 if left else 0


def tried(mutants: list[Mutant], jobs: int, searches: bool) -> Iterator[Result]:
    """The results of `mutants`, each kept on the disk and told as it comes."""
    if not mutants:
        return  # Then nothing needs to be measured.
    KEPT.parent.mkdir(exist_ok=True)
    began = time.monotonic()
    attempt = partial(running.attempt, covering=covering.measured(), searches=searches)
    forks = multiprocessing.get_context("fork")
    with KEPT.open("a", encoding="utf-8") as kept, forks.Pool(jobs) as pool:
        for number, result in enumerate(pool.imap_unordered(attempt, mutants), 1):
            kept.write(json.dumps(asdict(result)) + "\n")
            kept.flush()
            left = (time.monotonic() - began) / number * (len(mutants) - number) / 60
            where = f"{result.mutant.file}:{result.line}"
            what = f"{result.seconds:.0f} s, {number}/{len(mutants)}, {left:.0f} min left"
            print(f"{where} {result.by} ({what})", flush=True)
            yield result


def earlier(searches: bool) -> Iterator[Result]:
    """The results of earlier runs that count still; the last ones of a mutant come last."""
    if not KEPT.exists():
        return
    for line in KEPT.read_text(encoding="utf-8").splitlines():
        fields = json.loads(line)
        result = Result(**{**fields, "mutant": Mutant(**fields["mutant"])})
        if running.counts(result, searches):
            yield result


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

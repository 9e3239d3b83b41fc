"""docs/exploration.md, from what was seen."""

from __future__ import annotations

from collections.abc import Sequence

from tests.explore.broken import ROOT, Guard
from tests.explore.search import Found

PAGE = ROOT / "docs" / "exploration.md"


def write(founds: Sequence[Found], guards: Sequence[tuple[Guard, Found]]) -> None:
    """Write the page."""
    PAGE.write_text(page(founds, guards))


def page(founds: Sequence[Found], guards: Sequence[tuple[Guard, Found]]) -> str:
    """The page's text."""
    searches = "\n".join(
        f"| {f.scene.name} | {f.scene.mode} | {sum(f.scene.cells.values())} | {f.states} "
        f"| {f.transitions} | {'all' if f.complete else 'up to there'} | {len(f.violations)} "
        f"| {f.seconds:.0f} |"
        for f in founds
    )
    missed = "\n".join(
        f"| {g.name} | `{g.file}` | {g.scenario} | {(f.violations or ['nothing'])[0]} "
        f"| {len(f.path)} | {f.states} |"
        for g, f in guards
    )
    return f"""# Exploration

Every sequence of events up to a bound, over the engine itself. `make explore` writes this page;
`pytest tests/explore` makes the small searches, and `python -m tests.explore --help` says how to
make others. A state counts once, however it was reached, and the shortest path to a violation is
printed step by step.

**What is real:** the driver's turn and its memory, all that it decides and writes, how a lost
answer or a conflict is taken, the fence, the verbs, the records and the state machine.
**What stands for the rest:** an API server in memory that passes the same contract suite as the
real one (`tests/contract`); a kubelet's worker with the order of statuses that was measured on a
real one; the controllers of ReplicaSets and EndpointSlices; a clock that stands still, so that
time passes by steps of its own: long enough for a rule that reads a clock (over a pod of which
nothing moves, or whose kubelet hangs), and every deadline, once nothing else happens.

**What may happen,** in any order: every step of every kubelet and controller; the driver sees
all that is new, or all but one thing; it is killed at any moment and at any write, which may
arrive at any later time or never; an answer is lost; a stranger deletes or patches a pod; a
container dies; people pause, resume, confirm, retry, roll back, abort (by force).

**What is asked of every step:** I1 to I12 of the protocol, by what the containers really are
and not by what the engine has seen of them. Of every state: some sequence of verbs ends the
release from there (I13); where the search's own bound stands in the way, that is tried anew.

## Searches

Seconds are of one processor.

| scenario | traffic | pods | states | transitions | seen | violations | seconds |
|---|---|---|---|---|---|---|---|
{searches}

## Guards that were taken out

Without any one of these guards a search must find something broken, and does.

| guard | file | scenario | what breaks without it | steps | states |
|---|---|---|---|---|---|
{missed}
"""

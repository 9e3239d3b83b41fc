"""docs/exploration.md, from what was seen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from tests.explore.broken import ROOT, Guard
from tests.explore.scenario import Scenario
from tests.explore.search import Found

PAGE = ROOT / "docs" / "exploration.md"
SEARCHES, GUARDS = "## Searches", "## Guards that were taken out"
NOT_YET = "not tried yet"


def write(
    scenes: Sequence[Scenario],
    founds: Sequence[Found],
    guards: Sequence[Guard],
    missed: Sequence[tuple[Guard, Found]],
) -> None:
    """Write the page of all `scenes` and `guards`; what was not tried now keeps its row."""
    before = PAGE.read_text() if PAGE.exists() else ""
    PAGE.write_text(page(scenes, founds, guards, missed, before))


def page(
    scenes: Sequence[Scenario],
    founds: Sequence[Found],
    guards: Sequence[Guard],
    missed: Sequence[tuple[Guard, Found]],
    before: str = "",
) -> str:
    """The page's text; `before` is the one that it takes the place of."""
    searches = {**_rows(before, SEARCHES), **{f.scene.name: _search(f) for f in founds}}
    taken = {**_rows(before, GUARDS), **{guard.name: _guard(guard, f) for guard, f in missed}}
    return f"""# Exploration

Every sequence of events up to a bound, over the engine itself. `make explore` writes this page;
`pytest tests/explore` makes the small searches, and `python -m tests.explore --help` says how to
make others. A state counts once, however it was reached, and the shortest path to a violation is
printed step by step.

**What is real:** the driver's turn and its memory, all that it decides and writes, how a lost
answer or a conflict is taken, the fence, the verbs, the records and the state machine.
**What stands for the rest:** an API server in memory that passes the same contract suite as the
real one (`tests/contract`); a kubelet's worker with the order of statuses that was measured on a
real one, which may publish what it read a while later; the controllers of ReplicaSets,
EndpointSlices and PodDisruptionBudgets, and of a load balancer with a finalizer; a clock that
stands still, so that time passes by steps of its own: long enough for a rule that reads a clock
(over a pod of which nothing moves, or whose kubelet hangs), drainSeconds over a pod, and, once
nothing else happens, a minute for minReadySeconds, and every deadline.

**What may happen,** in any order: every step of every kubelet and controller; the driver sees all
that is new, or all but one thing; it is killed at any moment and at any write, which may arrive
at any later time or never; an answer is lost, or comes a while after its write has arrived; its
lease runs out, another driver takes over, and it goes on; people pause, resume, confirm, retry,
roll back, abort (by force), supersede. Other clients delete, evict and patch pods, move their
generation, take away the label that selects them for a moment, delete ReplicaSets, scale them and
take their owner away, tighten a budget, delete the CafeDeployment, which a finalizer keeps. A
node evicts a pod; a container dies, or fails its readiness probe for a while. The CafeDeployment
can't be read for a while. Lists and watches of pods are refused from a moment on, while writes go
on. For a while the server refuses image patches, every write of pods, of ReplicaSets, of the
CafeDeployment, or all of them: by 403, 422, a 409 that is no conflict, 429, a webhook that is
down, no answer, or because the user has lost the right; a write without an answer may arrive all
the same; deadlines pass meanwhile, and what is repeated grows old.

**What is asked of every step:** I1 to I12 of the protocol (but for I5, which is tried by kills;
I7 of pods that are still the CafeDeployment's),
by what the containers really are and not by what the engine has seen of them, by the pods'
EndpointSlices, and by the groups that the recorded plan asks for, counted here anew; I3 and I9 by
what the engine has seen as well; of a group that is over, that its pods serve (not where pods
leave, containers die or pods get unready and the driver sees late, nor where images are patched
by others or can't start); that no group begins over pods of the one before that have restarted;
that a driver which can't read the CafeDeployment takes no pod; that nothing starts under a
deletion; that a driver which leaves behind a drained pod before a deadline, because its writes are
refused, names it; that an assessment which is kept is the one that would be made anew.

**What is asked of every state** of a search that was not cut short: some sequence of verbs ends
the release from there; unless it is being aborted, one without an abort carries it on or back
(not where the CafeDeployment is deleted, where its ReplicaSet was taken away, where a pod of an
edited template is deleted, nor in a first release that can't start); where nobody says anything
and nothing else happens, the driver leaves by itself, also while its writes go on being refused
(I13), and before another deadline passes where the images start, nobody else patches them, and
nothing goes wrong any more. Where the images start, some path completes the release. Where the
search's own bound stands in the way, that is tried anew.

**What the oracle shares with the product** is decoding: objects, pods and records as values,
names, and the states' and moves' names. It takes the engine's own assessment only to compare it
with the one that the engine has kept. `tests/explore/test_truths.py` holds the oracle's imports
to that.

{SEARCHES}

Seconds are of one processor.

| scenario | traffic | pods | states | transitions | seen | violations | seconds |
|---|---|---|---|---|---|---|---|
{_table((scene.name for scene in scenes), searches)}

{GUARDS}

Without any one of these guards a search must find something broken, and does.

| guard | file | scenario | what breaks without it | steps | states |
|---|---|---|---|---|---|
{_table((guard.name for guard in guards), taken)}
"""


def _search(found: Found) -> str:
    scene, seen = found.scene, "all" if found.complete else "up to there"
    return (
        f"| {scene.name} | {scene.mode} | {sum(scene.cells.values())} | {found.states} "
        f"| {found.transitions} | {seen} | {len(found.violations)} | {found.seconds:.0f} |"
    )


def _guard(guard: Guard, found: Found) -> str:
    broken = (found.violations or ["nothing"])[0]
    return (
        f"| {guard.name} | `{guard.file}` | {guard.scenario} | {broken} "
        f"| {len(found.path)} | {found.states} |"
    )


def _rows(text: str, heading: str) -> dict[str, str]:
    """The rows of the table under `heading`, by their first cells."""
    lines = text.partition(heading)[2].partition("\n## ")[0].splitlines()
    return {line.split("|")[1].strip(): line for line in lines if line.startswith("| ")}


def _table(wanted: Iterable[str], rows: Mapping[str, str]) -> str:
    return "\n".join(rows.get(name, f"| {name} | {NOT_YET} |") for name in wanted)

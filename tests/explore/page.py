"""docs/exploration.md, from the results of the searches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from tests.explore.broken import ROOT, Guard
from tests.explore.scenario import Scenario
from tests.explore.search import Found

PAGE = ROOT / "docs" / "exploration.md"
SEARCHES, GUARDS = "## Searches", "## Guards that were removed"
NOT_YET = "not tried yet"


def write(
    scenes: Sequence[Scenario],
    founds: Sequence[Found],
    guards: Sequence[Guard],
    missed: Sequence[tuple[Guard, Found]],
) -> None:
    """Write the page of all `scenes` and `guards`; those without a new result keep their row."""
    before = PAGE.read_text() if PAGE.exists() else ""
    PAGE.write_text(page(scenes, founds, guards, missed, before))


def page(
    scenes: Sequence[Scenario],
    founds: Sequence[Found],
    guards: Sequence[Guard],
    missed: Sequence[tuple[Guard, Found]],
    before: str = "",
) -> str:
    """The page's text; `before` is the text of the page that it replaces."""
    searches = {**_rows(before, SEARCHES), **{f.scene.name: _search(f) for f in founds}}
    taken = {**_rows(before, GUARDS), **{guard.name: _guard(guard, f) for guard, f in missed}}
    return f"""# Exploration

The searches run the engine through every sequence of events up to a bound. `make explore` runs
all of them and writes this page; `pytest tests/explore` runs the small ones; `python -m
tests.explore --help` lists the options for others. A state counts once, however it was reached.
The shortest path to a violation is printed step by step.

**The product's own code:** the driver's turn and its memory, its decisions and writes, the
handling of lost answers and conflicts, the fencing, the commands, the records and the state
machine.

**Simulated:**

- an API server in memory, which passes the same contract tests as the real one
  (`tests/contract`);
- the pod workers of a kubelet, with the order of statuses that was measured on a real kubelet; a
  worker may publish what it has read of the pod and its containers a while later;
- the controllers of ReplicaSets, EndpointSlices and PodDisruptionBudgets, and of a load balancer
  with a finalizer;
- a clock that advances by steps of its own only: by the time that a rule needs (for a pod that
  does not change, or whose kubelet hangs), by drainSeconds of a pod, and, when no other event is
  possible, by a minute for minReadySeconds, and past every deadline.

**Events,** in any order:

- every step of every kubelet and controller;
- the driver observes all changes, or all but one;
- the driver is killed, at any moment and at any write; that write may arrive at any later time,
  or never;
- an answer is lost, or arrives a while after its write was stored;
- the lease expires, another driver takes over, and the first one continues;
- users pause, resume, confirm, retry, roll back, abort (also by force) and supersede;
- other clients delete, evict and patch pods, raise their generation, remove the label that
  selects them for a while, delete or scale ReplicaSets, remove the owner of a ReplicaSet, lower a
  PodDisruptionBudget, and delete the CafeDeployment, which a finalizer keeps;
- a node evicts a pod; a container exits, or fails its readiness probe for a while;
- the CafeDeployment cannot be read for a while;
- from some moment on, lists and watches of pods are refused and writes are accepted;
- for a while the server refuses image patches, all writes of pods, of ReplicaSets or of the
  CafeDeployment, or all of these: by 403, 422, a 409 that is not a conflict, 429, a webhook that
  is down, no answer, or a right that the user has lost. A write without an answer may be stored
  all the same. Deadlines pass meanwhile, and a repeated write may fail for so long that it is
  given up.

**Checked after every step:** I1 to I12 of the [protocol](design/protocol.md) (I5 by kills; I7 for
pods that still belong to the CafeDeployment), against the actual containers instead of the state
that the engine has observed, against the EndpointSlices of the pods, and against the groups of
the recorded plan, counted independently; I3 and I9 against the observed state as well. In
addition:

- the pods of a group that is over serve requests (except where pods are deleted, containers exit
  or pods become unready and the driver observes it late, and where images are patched by other
  clients or cannot start);
- no group begins while pods of the group before have restarted;
- a driver that cannot read the CafeDeployment upgrades no further pod;
- no release starts while the CafeDeployment is being deleted;
- a driver that ends before a deadline because its writes are refused names each drained pod that
  it leaves;
- an assessment that is kept equals one that is computed anew.

**Checked for every state** of a search that was not cut short:

- some sequence of commands ends the release; unless it is being aborted, one without an abort
  completes it or rolls it back (except where the CafeDeployment is deleted, its ReplicaSet has
  lost its owner, a pod of an edited template is deleted, or a first release cannot start);
- without a command and without another event the driver ends by itself, also while its writes are
  refused (I13), and before another deadline passes if the images start, no other client patches
  them, and no further fault occurs;
- if the images start, some path completes the release.

If the bound of the search prevents one of these, another search from that state checks it.

**Shared with the product** is decoding only: objects, pods and records as values, names, and the
names of states and moves. The checks use the engine's own assessment only to compare it with the
one that the engine has kept. `tests/explore/test_truths.py` enforces this by their imports.

{SEARCHES}

Seconds are of one processor.

| scenario | traffic | pods | states | transitions | seen | violations | seconds |
|---|---|---|---|---|---|---|---|
{_table((scene.name for scene in scenes), searches)}

{GUARDS}

Each guard was removed, and its search has found the violation in the row.

| guard | file | scenario | violation without the guard | steps | states |
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

"""A release as a list of steps, its groups, and how pods are spread over cells (protocol 7, 8)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache
from math import floor

from msgspec import Struct

ALGORITHM = 1
"""Version of the algorithm that computes the steps. A record of another version is refused."""


class AllocationError(ValueError):
    """unitReplicas and replicas don't fit together; the message names the numbers."""


class UpgradeType(StrEnum):
    """Beta: one pod of every cell is upgraded before the batches. Batch: the batches alone."""

    BETA = "Beta"
    BATCH = "Batch"


class Kind(StrEnum):
    """The kind of a release.

    CREATE creates the first pods. UPGRADE and ROLLBACK change existing pods, and may also create
    and remove pods. SCALE creates and removes pods and changes none.
    """

    CREATE = "create"
    UPGRADE = "upgrade"
    ROLLBACK = "rollback"
    SCALE = "scale"


class StepKind(StrEnum):
    """The kind of a step; `meaning` explains those that are not groups."""

    UPGRADE = "upgrade"
    COMMIT = "commit"
    SWEEP = "sweep"
    SCALE_OUT = "scale-out"
    SCALE_IN = "scale-in"

    @property
    def meaning(self) -> str:
        """What a step that is not a group does, for messages; empty for the groups."""
        return _MEANINGS.get(self, "")


_MEANINGS = {
    StepKind.COMMIT: "the workloads get the target template",
    StepKind.SWEEP: "the remaining pods get the target version",
}


class Step(Struct, frozen=True):
    """One step. `group` counts from 1 (0: not a group).

    `counts` are the numbers of pods at the goal by cell after the step, those of earlier groups
    included; after a scale-in those of all pods. None: not a group.
    """

    kind: StepKind
    group: int = 0
    counts: Mapping[str, int] | None = None

    @property
    def is_group(self) -> bool:
        """Whether the step is a group: it upgrades, creates or removes pods by `counts`."""
        return self.counts is not None

    def count(self, cell: str) -> int:
        """The number of pods that `cell` has when this step is over, as in `counts`."""
        return (self.counts or {}).get(cell, 0)


def largest_remainder(total: int, weights: Mapping[str, int | Fraction]) -> dict[str, int]:
    """`total` split in proportion to `weights`; the rest goes to the largest remainders.

    Ties go to the earlier key. If all weights are zero, every share is zero.
    """
    whole = sum(weights.values())
    if whole == 0:
        return dict.fromkeys(weights, 0)
    shares = {key: divmod(weight * total, whole) for key, weight in weights.items()}
    given = {key: int(share) for key, (share, _) in shares.items()}
    return _rounded(total, given, {key: remainder for key, (_, remainder) in shares.items()})


def _rounded(
    total: int, given: Mapping[str, int], remainders: Mapping[str, int | Fraction]
) -> dict[str, int]:
    """`given`, with one more for the largest `remainders` until the sum is `total`.

    Ties go to the earlier key.
    """
    left = total - sum(given.values())
    larger = sorted(remainders, key=lambda key: -remainders[key])[:left]
    return {key: share + (key in larger) for key, share in given.items()}


def groups(
    cells: Mapping[str, int], upgrade_type: UpgradeType, batch_size: int | None
) -> tuple[Mapping[str, int], ...]:
    """The cumulative count of pods per cell after each group (protocol 7).

    Two cells of 5, batchSize 4, Beta: {1,1} {3,3} {5,5}. Without a batch size all remaining pods
    are one batch. Without pods there are no groups (C54).
    """
    done = dict.fromkeys(cells, 0)
    result: list[Mapping[str, int]] = []
    if upgrade_type is UpgradeType.BETA and any(cells.values()):
        done = {cell: min(1, size) for cell, size in cells.items()}
        result.append(dict(done))
    while left := sum(cells.values()) - sum(done.values()):
        size = min(batch_size or left, left)
        weights = {cell: cells[cell] - done[cell] for cell in cells}
        for cell, share in largest_remainder(size, weights).items():
            done[cell] += share
        result.append(dict(done))
    return tuple(result)


def peak(before: Mapping[str, int], after: Mapping[str, int]) -> dict[str, int]:
    """The larger number of pods of each cell of `after`, of the two."""
    return {cell: max(size, before.get(cell, 0)) for cell, size in after.items()}


def sizes(
    plan: Iterable[Step], before: Mapping[str, int], most: Mapping[str, int]
) -> dict[int, dict[str, int]]:
    """The number of pods that each group upgrades, creates or removes, by group number and cell.

    It is the difference between the cumulative counts of the steps in `plan`; `before` are the
    counts before the first group, `most` those before the first group that removes pods.
    """
    taken: dict[int, dict[str, int]] = {}
    removing = False
    for step in plan:
        if step.counts is not None:
            if step.kind is StepKind.SCALE_IN and not removing:
                removing, before = True, most
            taken[step.group] = {c: abs(n - before.get(c, 0)) for c, n in step.counts.items()}
            before = step.counts
    return taken


def steps(
    kind: Kind,
    cells: Mapping[str, int],
    upgrade_type: UpgradeType,
    batch_size: int | None,
    before: Mapping[str, int] | None = None,
) -> tuple[Step, ...]:
    """The steps of a release after which each cell has its number of pods in `cells` (protocol 7).

    A first release commits its template to workloads without pods and scales out; an upgrade
    commits after its last group; a rollback restores the templates first. After the last group of
    an upgrade or a rollback, a sweep looks for pods that were created from the wrong template
    meanwhile. `before` are the numbers of pods by cell at the start, None if the release changes
    none of them. After its sweep an upgrade scales: first it creates pods in the cells that grow,
    then it removes pods from the cells that shrink. A release of kind scale does only that. A
    rollback creates the missing pods with its commit, and removes those that are too many in one
    group after it has upgraded the others.
    """
    started = tuple((before or cells).items())
    return _steps(kind, tuple(cells.items()), started, upgrade_type, batch_size)


@lru_cache(maxsize=16)
def _steps(
    kind: Kind,
    cells: tuple[tuple[str, int], ...],
    before: tuple[tuple[str, int], ...],
    upgrade_type: UpgradeType,
    batch: int | None,
) -> tuple[Step, ...]:
    """The result of `steps`, cached: every assessment of a pod reads the same plan's current step.

    10,000 pods in batches of 4 are 2,500 groups.
    """
    after, there = dict(cells), dict(before)
    commit, sweep = Step(StepKind.COMMIT), Step(StepKind.SWEEP)
    match kind:
        case Kind.CREATE:
            there = dict.fromkeys(after, 0)
            return (commit, *_scaling(there, after, upgrade_type, batch, 1))
        case Kind.UPGRADE:
            upgrades = _upgrades(there, upgrade_type, batch)
            first = len(upgrades) + 1
            return (*upgrades, commit, sweep, *_scaling(there, after, upgrade_type, batch, first))
        case Kind.ROLLBACK:
            upgrades = _upgrades(after, upgrade_type, batch)
            most = peak(there, after)
            removal = _scaling(most, after, UpgradeType.BATCH, None, len(upgrades) + 1)
            return (commit, *upgrades, *removal, sweep)
        case Kind.SCALE:
            return _scaling(there, after, upgrade_type, batch, 1)


def _upgrades(
    cells: Mapping[str, int], upgrade_type: UpgradeType, batch: int | None
) -> tuple[Step, ...]:
    """The groups that upgrade the pods of `cells`."""
    found = enumerate(groups(cells, upgrade_type, batch), 1)
    return tuple(Step(StepKind.UPGRADE, number, counts) for number, counts in found)


def _scaling(
    before: Mapping[str, int],
    after: Mapping[str, int],
    upgrade_type: UpgradeType,
    batch: int | None,
    number: int,
) -> tuple[Step, ...]:
    """The groups that create pods, then those that remove pods; `number` is the first one's."""
    most = peak(before, after)
    more = {cell: size - before.get(cell, 0) for cell, size in most.items()}
    fewer = {cell: size - after[cell] for cell, size in most.items()}
    counts = [
        *(
            (StepKind.SCALE_OUT, {cell: before.get(cell, 0) + n for cell, n in added.items()})
            for added in groups(more, upgrade_type, batch)
        ),
        *(
            (StepKind.SCALE_IN, {cell: most[cell] - n for cell, n in removed.items()})
            for removed in groups(fewer, upgrade_type, batch)
        ),
    ]
    return tuple(Step(kind, group, left) for group, (kind, left) in enumerate(counts, number))


def confirmation_due(plan: Sequence[Step], index: int) -> bool:
    """Whether a confirmation is due after step `index`: only between two groups.

    If the commit lies between them, the confirmation is due after the commit. After the last group
    none is due (protocol 7, 9).
    """
    before = any(step.is_group for step in plan[: index + 1])
    return before and index + 1 < len(plan) and plan[index + 1].is_group


def allocate(
    replicas: int, values: Sequence[str], unit_replicas: Mapping[str, int | str]
) -> dict[str, int]:
    """The number of pods of each cell in `values` (protocol 8).

    Cells with fixed `unitReplicas` come first. Percents of `replicas` together give a whole number
    of pods, rounded down: each cell gets its own share rounded down, the rest goes to the largest
    remainders. The other cells share what is left evenly, the first ones take the remainder. Raises
    AllocationError.
    """
    unknown = [cell for cell in unit_replicas if cell not in values]
    if unknown:
        raise AllocationError(f"unitReplicas names {', '.join(unknown)}, not in topology.values")
    exact = {
        cell: Fraction(int(size.rstrip("%")), 100) * replicas
        for cell, size in unit_replicas.items()
        if isinstance(size, str) and size.endswith("%")
    }
    fixed = {cell: int(size) for cell, size in unit_replicas.items() if cell not in exact}
    parts = {cell: floor(share) for cell, share in exact.items()}
    remainders = {cell: share - parts[cell] for cell, share in exact.items()}
    fixed.update(_rounded(floor(sum(exact.values(), Fraction(0))), parts, remainders))
    rest = replicas - sum(fixed.values())
    free = [cell for cell in values if cell not in fixed]
    if rest < 0:
        raise AllocationError(
            f"unitReplicas ask for {replicas - rest} pods, replicas is {replicas}"
        )
    if rest and not free:
        raise AllocationError(
            f"unitReplicas fix every cell to {replicas - rest} pods in all, replicas is {replicas}"
        )
    if free:
        even, more = divmod(rest, len(free))
        fixed.update({cell: even + (place < more) for place, cell in enumerate(free)})
    return {cell: fixed[cell] for cell in values}

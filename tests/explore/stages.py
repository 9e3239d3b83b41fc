"""A release's steps as its recorded plan asks for them, counted apart from the product's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from statemachine.record import Record

COMMIT, SWEEP, GROUP, REMOVAL = "commit", "sweep", "group", "removal"


@dataclass(frozen=True)
class Stage:
    """One step: COMMIT, SWEEP, or the GROUP of this number with its pods per cell, cumulative.

    A REMOVAL is a group that leaves so many pods of each cell.
    """

    what: str
    number: int = 0
    counts: tuple[tuple[str, int], ...] = ()

    def count(self, cell: str) -> int:
        """How many pods of the cell are at the goal when the group is over."""
        return dict(self.counts).get(cell, 0)


def stages(record: Record) -> tuple[Stage, ...]:
    """The steps of the release.

    The template is written after the last group of an upgrade; a first release has nothing to
    upgrade, and a rollback's pods must be born right from its beginning. Counts change after the
    upgrade; a rollback gives back what is missing with the template, and removes the rest at once.
    """
    plan = record.plan
    batch = plan.strategy.batch_size or 0
    beta = str(plan.strategy.upgrade_type) == "Beta"
    groups = _groups(tuple(upgraded(record).items()), beta, batch)
    match str(record.kind):
        case "create":
            return (Stage(COMMIT), *_groups(tuple(plan.cells.items()), beta, batch))
        case "upgrade":
            more = _more(record, beta, batch, len(groups))
            fewer = _fewer(record, beta, batch, len(groups) + len(more))
            return (*groups, Stage(COMMIT), Stage(SWEEP), *more, *fewer)
        case "scale":
            more = _more(record, beta, batch, 0)
            return (*more, *_fewer(record, beta, batch, len(more)))
    back = _fewer(record, beta=False, batch=0, number=len(groups))
    return (Stage(COMMIT), *groups, *back, Stage(SWEEP))


def at_start(record: Record) -> Mapping[str, int]:
    """The pods per cell before the release creates any."""
    return record.plan.cells if record.plan.before is None else record.plan.before


def upgraded(record: Record) -> Mapping[str, int]:
    """The pods per cell that the groups of an upgrade or a rollback bring to the goal."""
    return record.plan.cells if str(record.kind) == "rollback" else at_start(record)


def _more(record: Record, beta: bool, batch: int, number: int) -> tuple[Stage, ...]:
    """The groups that are created, numbered after `number`, each with the pods there were."""
    there = at_start(record)
    added = {cell: max(0, size - there.get(cell, 0)) for cell, size in record.plan.cells.items()}
    return tuple(
        Stage(GROUP, number + one.number, tuple((c, n + there.get(c, 0)) for c, n in one.counts))
        for one in _groups(tuple(added.items()), beta, batch)
    )


def _fewer(record: Record, beta: bool, batch: int, number: int) -> tuple[Stage, ...]:
    """The groups that are removed, numbered after `number`, each with the pods that it leaves."""
    there, cells = at_start(record), record.plan.cells
    most = {cell: max(size, there.get(cell, 0)) for cell, size in cells.items()}
    removed = {cell: most[cell] - size for cell, size in cells.items()}
    return tuple(
        Stage(REMOVAL, number + one.number, tuple((c, most[c] - n) for c, n in one.counts))
        for one in _groups(tuple(removed.items()), beta, batch)
    )


def begun(record: Record) -> tuple[Stage, ...]:
    """The steps that have begun, the one under way last."""
    return stages(record)[: record.step + 1]


def under_way(record: Record) -> Stage | None:
    """The step under way; None where all are over."""
    found = stages(record)
    return found[record.step] if record.step < len(found) else None


@cache
def _groups(cells: tuple[tuple[str, int], ...], beta: bool, batch: int) -> tuple[Stage, ...]:
    """One pod of every cell if that is wanted, then batches, each pod from the fullest cell."""
    left, found = dict(cells), list[Stage]()

    def over() -> None:
        counts = tuple((cell, size - left[cell]) for cell, size in cells)
        found.append(Stage(GROUP, len(found) + 1, counts))

    if beta and any(left.values()):
        left = {cell: max(0, size - 1) for cell, size in left.items()}
        over()
    while any(left.values()):
        for _ in range(batch or sum(left.values())):
            _take(left)
        over()
    return tuple(found)


def _take(left: dict[str, int]) -> None:
    fullest = max(left, key=lambda cell: left[cell])
    left[fullest] = max(0, left[fullest] - 1)


def whole(record: Record, stage: Stage) -> bool:
    """Whether the stage is the last group: every pod of the plan is at the goal."""
    return dict(stage.counts) == dict(upgraded(record))

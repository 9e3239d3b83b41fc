"""Random topologies: how pods are spread over cells and groups, against the stated rules.

CAFE_TOPOLOGIES is how many are tried, 5,000 by default; a million take some minutes. The seed is in
each failure's message.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from statemachine.steps import AllocationError, Kind, StepKind, UpgradeType, allocate, groups, steps

TRIED = int(os.environ.get("CAFE_TOPOLOGIES", "5000"))
CELLS = tuple("ABCDEFGH")


@dataclass(frozen=True)
class Topology:
    """A spec's replicas, cells and unitReplicas, and how a release groups its pods."""

    replicas: int
    cells: tuple[str, ...]
    units: Mapping[str, int | str]
    upgrade_type: UpgradeType
    batch: int | None


def topologies() -> Iterator[Topology]:
    """Random topologies whose numbers fit, the same ones every time."""
    made, dice = 0, random.Random(20261130)
    while made < TRIED:
        cells = CELLS[: dice.randint(1, len(CELLS))]
        units: dict[str, int | str] = {}
        percent = 100
        for cell in dice.sample(cells, dice.randint(0, len(cells))):
            if dice.random() < 0.5:
                units[cell] = dice.randint(0, 12)
            else:
                share = dice.randint(0, percent)
                percent -= share
                units[cell] = f"{share}%"
        replicas = dice.choice((dice.randint(0, 12), dice.randint(0, 200)))
        kind = dice.choice(tuple(UpgradeType))
        found = Topology(replicas, cells, units, kind, dice.choice((None, dice.randint(1, 20))))
        if allocated(found) is not None:
            made += 1
            yield found


def allocated(of: Topology, replicas: int | None = None) -> dict[str, int] | None:
    """The pods of each cell; None where the numbers don't fit."""
    try:
        return allocate(of.replicas if replicas is None else replicas, of.cells, of.units)
    except AllocationError:
        return None


def wrong_allocation(of: Topology, cells: Mapping[str, int]) -> Iterator[str]:
    """The rules of protocol 8 that the allocation breaks."""
    free = [cells[cell] for cell in of.cells if cell not in of.units]
    if tuple(cells) != of.cells or sum(cells.values()) != of.replicas or min(cells.values()) < 0:
        yield "the cells' pods are not the spec's"
    if free and (max(free) - min(free) > 1 or free != sorted(free, reverse=True)):
        yield "the free cells do not share evenly, the first ones more"
    more = allocated(of, of.replicas + 1)
    for cell, unit in of.units.items():
        if isinstance(unit, str):
            exact = Fraction(int(unit[:-1]) * of.replicas, 100)
            if abs(cells[cell] - exact) >= 1:
                yield f"{cell} is a whole pod off its percentage"
        elif cells[cell] != unit or (more is not None and more[cell] != unit):
            yield f"{cell} is fixed and has moved"


def wrong_groups(of: Topology, cells: Mapping[str, int]) -> Iterator[str]:
    """The rules of protocol 7 that the groups break."""
    before = dict.fromkeys(cells, 0)
    found = groups(cells, of.upgrade_type, of.batch)
    for number, counts in enumerate(found):
        sizes = {cell: count - before[cell] for cell, count in counts.items()}
        beta = number == 0 and of.upgrade_type is UpgradeType.BETA
        if min(sizes.values()) < 0 or sum(sizes.values()) == 0:
            yield f"group {number + 1} takes nothing, or gives back"
        if beta and sizes != {cell: min(1, size) for cell, size in cells.items()}:
            yield "the Beta group is not one pod of every cell"
        if not beta and of.batch is not None and sum(sizes.values()) > of.batch:
            yield f"group {number + 1} is larger than the batch"
        left, size = sum(cells.values()) - sum(before.values()), sum(sizes.values())
        for cell, taken in sizes.items() if not beta else ():
            if abs(taken - Fraction((cells[cell] - before[cell]) * size, left)) >= 1:
                yield f"group {number + 1} is not in proportion to what {cell} has left"
        before = dict(counts)
    if before != cells:
        yield "the groups do not end at all pods"


def wrong_scaling(
    of: Topology, cells: Mapping[str, int], start: Mapping[str, int]
) -> Iterator[str]:
    """What a scale from `start` breaks: first the cells that grow, then those that shrink."""
    plan = steps(Kind.SCALE, cells, of.upgrade_type, of.batch, start)
    before, kinds = dict(start), [step.kind for step in plan]
    if kinds != sorted(kinds, key=lambda kind: kind is StepKind.SCALE_IN):
        yield "pods are removed before others are created"
    for step in plan:
        for cell in cells:
            change = step.count(cell) - before[cell]
            if change < 0 if step.kind is StepKind.SCALE_OUT else change > 0:
                yield f"a {step.kind} group changes {cell} by {change}"
        before = {cell: step.count(cell) for cell in cells}
    if before != dict(cells):
        yield "the scale does not end at the spec's pods"


def test_random_topologies_keep_the_rules_of_allocation_groups_and_scaling() -> None:
    last: dict[tuple[str, ...], dict[str, int]] = {}
    for topology in topologies():
        cells = allocated(topology)
        assert cells is not None
        start = last.get(topology.cells, dict.fromkeys(topology.cells, 0))
        broken = [
            *wrong_allocation(topology, cells),
            *wrong_groups(topology, cells),
            *wrong_scaling(topology, cells, start),
        ]
        assert not broken, f"{topology}: {cells}, from {start}: {'; '.join(broken)}"
        last[topology.cells] = cells

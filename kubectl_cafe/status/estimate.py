"""An estimate of a release's remaining time, from the groups that are over. Pure."""

from __future__ import annotations

from math import ceil

from kubectl_cafe.reconcile.availability import limit_of
from kubectl_cafe.times import seconds
from statemachine.lifecycle import LEGS, MOVING, SUCCEEDED, State
from statemachine.record import Entry, Record


def elapsed(record: Record, now: float) -> float:
    """Seconds since the release began, up to `now` or to its end."""
    over = record.state in (*SUCCEEDED, State.ABORTED)
    return max(0.0, (seconds(record.since) if over else now) - seconds(record.started))


def remaining(record: Record, now: float) -> float | None:
    """The estimated seconds for the groups ahead; None if they can't be estimated.

    A group takes as long as its waves of at most maxUnavailable pods. Time in which the release
    waited for a confirmation or a resume is neither counted nor foreseen.
    """
    step = record.current
    if record.state not in MOVING or step is None or not step.is_group:
        return None
    waves, spent = _waves(record), _spent(record, now)
    over = [group for group in spent if group < step.group and group in waves]
    if not over:
        return None
    one = sum(spent[group] for group in over) / sum(waves[group] for group in over)
    here = max(0.0, waves[step.group] * one - spent.get(step.group, 0.0))
    return here + one * sum(count for group, count in waves.items() if group > step.group)


def _waves(record: Record) -> dict[int, int]:
    """The least number of waves that each group needs, by its number."""
    limit = limit_of(record.plan.strategy.max_unavailable, sum(record.plan.cells.values()))
    return {
        group: max(1, ceil(sum(taken.values()) / limit))
        for group, taken in record.plan.sizes(record.kind).items()
    }


def _spent(record: Record, now: float) -> dict[int, float]:
    """The seconds that each group took in states of MOVING, by its number."""
    spent: dict[int, float] = {}
    entries = _since_the_beginning(record)
    ends = [*(seconds(entry.at) for entry in entries[1:]), now]
    for entry, end in zip(entries, ends, strict=False):
        group = entry.group or 1  # The move that begins a release names no group.
        if entry.state in MOVING:
            spent[group] = spent.get(group, 0.0) + end - seconds(entry.at)
    return spent


def _since_the_beginning(record: Record) -> tuple[Entry, ...]:
    """The journal from the last move that began a leg; after a gap if entries were dropped."""
    # Where the journal was cut, its first entry is followed by the gap.
    journal = record.journal[1:] if record.journal_cut else record.journal
    last = max((n for n, entry in enumerate(journal) if entry.trigger in LEGS), default=0)
    return journal[last:]

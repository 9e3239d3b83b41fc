"""Reads a journal: spans of states, groups with their times (chapters), and marks. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from kubectl_cafe.history.report_model import Mark, Span, What
from kubectl_cafe.times import seconds
from statemachine.lifecycle import LEGS, MOVING, RESTING, State, Trigger
from statemachine.record import Entry
from statemachine.steps import Kind

SAID = {
    Trigger.CONFIRM: "group {group} confirmed",
    Trigger.PAUSE: "paused",
    Trigger.RESUME: "resumed",
    Trigger.FAIL: "failed",
    Trigger.RETRY: "retried",
    Trigger.ROLLBACK: "rolled back",
    Trigger.ABORT: "aborted",
    Trigger.TAKE_OVER: "taken over",
}
"""The text of each kind of entry that has a mark on the time axis."""
WORD = {
    State.AWAITING_CONFIRM: What.WAITING,
    State.PAUSED: What.WAITING,
    State.FAILED: What.FAILED,
}


@dataclass(frozen=True)
class Chapter:
    """One group of one leg (0: the release as started; 1: its rollback).

    `begun` and `over` are its start and end in epoch seconds; 0: it has not ended. `let_go` is its
    confirmation as text.
    """

    leg: int
    number: int
    rollback: bool
    begun: float
    over: float = 0.0
    let_go: str = ""


def states(journal: Sequence[Entry], until: float) -> Iterator[Span]:
    """The release's states in order; the last one lasts until `until`, unless it is at rest."""
    moves = [entry for entry in journal if entry.trigger is not Trigger.TAKE_OVER]
    for place, entry in enumerate(moves):
        if entry.state in RESTING:
            continue
        after = moves[place + 1 :]
        end = seconds(after[0].at) if after else until
        group = f", group {entry.group}" if entry.group else ""
        word = WORD.get(entry.state, What.RUNNING)
        yield Span(word, seconds(entry.at), max(end, seconds(entry.at)), f"{entry.state}{group}")


def marks(journal: Sequence[Entry]) -> Iterator[Mark]:
    """The marks of the time axis, without the first entry, at which the axis begins."""
    for place, entry in enumerate(journal):
        if entry.trigger not in SAID or not place:
            continue
        said = SAID[entry.trigger].format(group=entry.group)
        # A failure has no author: the journal names the driver of that moment.
        by = "" if entry.trigger is Trigger.FAIL else f" by {entry.who}"
        why = f": {entry.why}" if entry.why else ""
        bad = entry.trigger in (Trigger.FAIL, Trigger.ABORT, Trigger.ROLLBACK)
        yield Mark(seconds(entry.at), f"{said}{by}{why}", bad)


def chapters(journal: Sequence[Entry], kind: Kind) -> tuple[Chapter, ...]:
    """Every group in the journal, in the order in which they began.

    A group ends with the first step_done after its start; a later step_done with the same number is
    that of the commit or the sweep. A group that waits for its confirmation has not begun.
    """
    found: list[Chapter] = []
    leg, upgrading = -1, kind in (Kind.UPGRADE, Kind.SCALE)
    for place, entry in enumerate(journal):
        at = seconds(entry.at)
        if entry.trigger in LEGS or leg < 0:
            leg += 1
            turned = entry.trigger is Trigger.ROLLBACK
            later = any(e.trigger is Trigger.ROLLBACK for e in journal[place + 1 :])
            # An upgrade begins with its first group, all others with their commit.
            if not turned and (upgrading or later) and entry.trigger in LEGS:
                found.append(Chapter(leg, 1, False, at))
                continue
        last = found[-1] if found and found[-1].leg == leg else None
        if entry.trigger is Trigger.STEP_DONE and last and not last.over:
            last = found[-1] = replace(last, over=at)
        if entry.state in MOVING and entry.group and (last is None or entry.group > last.number):
            confirmed = entry.trigger is Trigger.CONFIRM
            let_go = f"confirmed by {entry.who}" if confirmed else ""
            back = entry.state is State.ROLLING_BACK
            found.append(Chapter(leg, entry.group, back, at, let_go=let_go))
    return tuple(found)

"""The record of a release: everything that must outlive the driver (protocol 4).

It is kept as versioned, bounded JSON in one annotation of the CafeDeployment. Steps are
computed from `plan`, not stored. Times are RFC 3339 by the API server's clock.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from statemachine import codec
from statemachine.codec import CodecError
from statemachine.lifecycle import Facts, Position, State, Trigger, move
from statemachine.steps import ALGORITHM, Kind, Step, UpgradeType, confirmation_due, steps

VERSION = 1
TEXT_LIMIT = 500
JOURNAL_LIMIT = 60
SIZE_LIMIT = 64 * 1024
"""Bytes; all annotations of an object together may have 256 KiB."""


class RecordError(ValueError):
    """The record can't be read: it is damaged, or of a newer version."""


class OnFailure(StrEnum):
    """What becomes of a release that fails."""

    HOLD = "Hold"
    ROLLBACK = "Rollback"


@dataclass(frozen=True)
class Strategy:
    """The CafeDeployment's strategy as it was when the release started (C61).

    `on_failure`: Hold stays Failed until a person decides, Rollback goes back by itself.
    """

    upgrade_type: UpgradeType = UpgradeType.BETA
    batch_size: int | None = None
    need_waiting_for_confirm: bool = False
    min_ready_seconds: int = 0
    max_unavailable: int | str = "25%"
    progress_deadline_seconds: int = 600
    drain_seconds: int = 0
    on_failure: OnFailure = OnFailure.HOLD
    traffic_finalizers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """The inputs from which the steps are computed."""

    cells: Mapping[str, int]
    strategy: Strategy
    algorithm: int = ALGORITHM


@dataclass(frozen=True)
class Entry:
    """One line of the journal: a move, when, by whom, why, and on which machine."""

    at: str
    trigger: Trigger
    state: State
    who: str
    why: str = ""
    group: int | None = None
    host: str = ""


@dataclass(frozen=True)
class Failure:
    """Why a group failed: `reason` as Kubernetes spells it, and where."""

    reason: str
    message: str = ""
    pod: str = ""
    container: str = ""

    def __str__(self) -> str:
        """One line for people."""
        place = "/".join(part for part in (self.pod, self.container) if part)
        return ": ".join(part for part in (place, self.reason, self.message) if part)


@dataclass(frozen=True)
class Record:
    """One release. `step` is an index into `steps`, `epoch` the lease epoch of its driver.

    `fenced_epoch` is `epoch` once no earlier driver's write can land any more. `forced`: it
    is to end as Aborted at once, even if pods stay out of traffic.
    """

    uid: str
    id: str
    kind: Kind
    state: State
    plan: Plan
    to_revision: str
    spec_hash: str
    since: str
    started: str
    who: str
    from_revision: str = ""
    origin: State | None = None
    step: int = 0
    epoch: int = 0
    fenced_epoch: int = 0
    why: str = ""
    paused_by_field: bool = False
    forced: bool = False
    failure: Failure | None = None
    journal: tuple[Entry, ...] = ()
    journal_cut: int = 0
    v: int = VERSION

    @property
    def position(self) -> Position:
        """The state machine's view of the record."""
        return Position(self.state, self.origin)

    @property
    def steps(self) -> tuple[Step, ...]:
        """The release's steps, computed from its plan."""
        strategy = self.plan.strategy
        return steps(self.kind, self.plan.cells, strategy.upgrade_type, strategy.batch_size)

    @property
    def current(self) -> Step | None:
        """The step under way, or None when all are done."""
        plan = self.steps
        return plan[self.step] if self.step < len(plan) else None

    @property
    def group(self) -> int:
        """The number of the last group that was begun; 0 before the first."""
        return max((step.group for step in self.steps[: self.step + 1]), default=0)

    @property
    def waiting_group(self) -> int:
        """The group that a confirmation lets go: the current step's, in AwaitingConfirm."""
        return self.current.group if self.current else 0


def moved(
    record: Record,
    trigger: Trigger,
    *,
    at: str,
    who: str,
    why: str = "",
    facts: Facts | None = None,
    failure: Failure | None = None,
    by_field: bool = False,
) -> Record:
    """The record after `trigger`, with the move in its journal.

    `step_done` computes its own facts from the plan and advances the step. `by_field`: a pause
    that spec.strategy.pause made, which that field alone ends (C79). Raises IllegalMove.
    """
    step = record.step
    if trigger is Trigger.STEP_DONE:
        step += 1
        facts = Facts(
            last_step=step >= len(record.steps),
            confirmation_due=record.plan.strategy.need_waiting_for_confirm
            and record.kind is not Kind.ROLLBACK
            and confirmation_due(record.steps, record.step),
        )
    position = move(record.position, trigger, facts or Facts())
    after = replace(
        record,
        state=position.state,
        origin=position.origin,
        step=step,
        since=at,
        failure=failure,
        paused_by_field=by_field and position.state is State.PAUSED,
        forced=False,
    )
    said = why or str(failure or "")
    entry = Entry(at, trigger, position.state, cut(who), cut(said), after.group or None)
    return replace(after, journal=(*record.journal, entry))


def cut(text: str, limit: int = TEXT_LIMIT) -> str:
    """`text` in at most `limit` characters; what is missing is said."""
    if len(text) <= limit:
        return text
    note = f"... ({len(text)} characters)"
    return text[: limit - len(note)] + note


def encode(record: Record) -> str:
    """The annotation's text: texts, journal and size bounded, and what was cut is counted."""
    dropped = max(0, len(record.journal) - JOURNAL_LIMIT)
    failure = record.failure and replace(record.failure, message=cut(record.failure.message))
    record = replace(
        record,
        why=cut(record.why),
        failure=failure,
        # The first entry says who started it: it stays, the oldest of the others go.
        journal=(*record.journal[:1], *record.journal[1 + dropped :]),
        journal_cut=record.journal_cut + dropped,
    )
    while len((text := codec.dump(record)).encode()) > SIZE_LIMIT and len(record.journal) > 2:
        shorter = (*record.journal[:1], *record.journal[2:])
        record = replace(record, journal=shorter, journal_cut=record.journal_cut + 1)
    return text


def decode(text: str) -> Record:
    """The record that `encode` wrote. Raises RecordError."""
    try:
        record = codec.load(Record, text, VERSION)
    except CodecError as error:
        raise RecordError(str(error)) from None
    if problem := _out_of_range(record):
        raise RecordError(problem)
    if record.plan.algorithm != ALGORITHM:
        raise RecordError(f"plan.algorithm: {record.plan.algorithm}, this version has {ALGORITHM}")
    if record.step < 0 or record.step > len(record.steps):
        raise RecordError(f"step: {record.step}, the plan has {len(record.steps)} steps")
    return record


def _out_of_range(record: Record) -> str:
    """What no plan can be computed from, or no deadline; empty if all is well."""
    strategy = record.plan.strategy
    for name, time in (("since", record.since), ("started", record.started)):
        try:
            datetime.fromisoformat(time)
        except ValueError:
            return f".{name}: {time!r} is no RFC 3339 time"
    if not re.fullmatch(r"[0-9]{1,9}%?", str(strategy.max_unavailable)):
        return f".plan.strategy.maxUnavailable: {strategy.max_unavailable!r} is no number of pods"
    if strategy.batch_size is not None and strategy.batch_size < 1:
        return f".plan.strategy.batchSize: {strategy.batch_size} is below 1"
    if any(size < 0 for size in record.plan.cells.values()):
        return ".plan.cells: a cell has fewer than no pods"
    return ""

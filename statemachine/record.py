"""The record of a release: everything that must outlive the driver (protocol 4).

The record is versioned, bounded JSON in one annotation of the CafeDeployment. Steps are computed
from `plan`, not stored. Times are RFC 3339 by the API server's clock.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import partial

from msgspec.structs import replace

from statemachine import versioned
from statemachine.lifecycle import LEGS, RESTING, Facts, Position, State, Trigger, move
from statemachine.steps import ALGORITHM, Kind, Step, UpgradeType, confirmation_due, steps
from statemachine.versioned import DecodeError, Integer, Stored

VERSION = 1
TEXT_LIMIT = 500
JOURNAL_LIMIT = 60
PODS_LIMIT = 1_000_000
"""Most pods of one release. Each pod may be a group of its own, and a plan lists every group."""
SIZE_LIMIT = 64 * 1024
"""The most bytes of a record; all annotations of an object together may have 256 KiB."""
LAST = 5
"""Entries at the journal's end that are dropped only after all texts have been shortened."""
SHORTER_TEXTS = (120, 40, 0)
"""Limits in characters to which texts are shortened, in turn, while the record is too large."""


class RecordError(ValueError):
    """The record can't be read: it is damaged, or of a newer version."""


class OnFailure(StrEnum):
    """What happens to a release that fails."""

    HOLD = "Hold"
    ROLLBACK = "Rollback"


class Strategy(Stored, frozen=True):
    """The CafeDeployment's strategy as it was when the release started (C61).

    `on_failure`: with Hold the release stays Failed until a user decides, with Rollback it rolls
    back by itself.
    """

    upgrade_type: UpgradeType = UpgradeType.BETA
    batch_size: Integer | None = None
    need_waiting_for_confirm: bool = False
    min_ready_seconds: Integer = 0
    max_unavailable: Integer | str = "25%"
    progress_deadline_seconds: Integer = 600
    drain_seconds: Integer = 0
    on_failure: OnFailure = OnFailure.HOLD
    traffic_finalizers: tuple[str, ...] = ()


class Plan(Stored, frozen=True):
    """The inputs from which the steps are computed."""

    cells: Mapping[str, Integer]
    strategy: Strategy
    algorithm: Integer = ALGORITHM


class Entry(Stored, frozen=True):
    """One entry of the journal: a move, the state after it, when, by whom, why, on which host."""

    at: str
    trigger: Trigger
    state: State
    who: str
    why: str = ""
    group: Integer | None = None
    host: str = ""


class Failure(Stored, frozen=True):
    """Why a group failed: `reason` as Kubernetes spells it, and the pod and container, if known."""

    reason: str
    message: str = ""
    pod: str = ""
    container: str = ""

    def __str__(self) -> str:
        """POD/CONTAINER: REASON: MESSAGE, without the parts that are empty."""
        place = "/".join(part for part in (self.pod, self.container) if part)
        return ": ".join(part for part in (place, self.reason, self.message) if part)


class Record(Stored, frozen=True):
    """One release. `step` is an index into `steps`, `epoch` the lease epoch of its driver.

    `fenced_epoch` equals `epoch` once no earlier driver's write can succeed any more. `forced`: the
    release is to end as Aborted at once, even if pods stay out of traffic.
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
    step: Integer = 0
    epoch: Integer = 0
    fenced_epoch: Integer = 0
    why: str = ""
    paused_by_field: bool = False
    forced: bool = False
    failure: Failure | None = None
    journal: tuple[Entry, ...] = ()
    journal_cut: Integer = 0
    v: Integer = VERSION

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
        return max(step.group for step in self.steps[: self.step + 1])

    @property
    def waiting_group(self) -> int:
        """The group that a confirmation starts: in AwaitingConfirm that of the current step."""
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

    `facts` are the inputs of the guards; for `step_done` they are computed from the plan, and the
    step advances. `by_field`: spec.strategy.pause caused this pause, which that field alone ends
    (C79). Raises IllegalMove.
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
    """`text` in at most `limit` characters; a note of its length replaces a missing end."""
    if len(text) <= limit:
        return text
    note = f"... ({len(text)} characters)"
    return text[: limit - len(note)] + note if limit > len(note) else text[:limit]


def encode(record: Record, limit: int = SIZE_LIMIT) -> str:
    """`record` as the annotation's text, in at most `limit` bytes if `fit` can cut that much."""
    return versioned.encode(fit(record, limit))


def fit(record: Record, limit: int = SIZE_LIMIT) -> Record:
    """`record` with texts and journal bounded, and cut further until its JSON has `limit` bytes.

    The journal's middle goes first, then texts, then the journal's end except its last entry. What
    decisions depend on stays: id, kind, state, plan, epochs, who started the release, the
    confirmations of the current leg (protocol-next 1.3). A record that is still too large is
    returned with all cuts made. A limit of 0 gives what every cut of the same record has in common.
    """
    dropped = max(0, len(record.journal) - JOURNAL_LIMIT)
    # The first entry names who started the release: it stays, the oldest others go.
    journal = (*record.journal[:1], *record.journal[1 + dropped :])
    record = replace(record, journal=journal, journal_cut=record.journal_cut + dropped)
    record = _with_texts(record, TEXT_LIMIT)
    cuts: tuple[Callable[[Record], Record], ...] = (
        partial(_without_oldest, keep=LAST),
        *(partial(_with_texts, limit=most) for most in SHORTER_TEXTS),
        partial(_without_oldest, keep=1),
    )
    for shorter in cuts:
        while True:
            if len(versioned.encode(record).encode()) <= limit:
                return record
            before, record = record, shorter(record)
            if record == before:
                break
    return record


def _without_oldest(record: Record, keep: int) -> Record:
    """`record` without the oldest journal entry that may go, or unchanged if none may.

    These entries stay: the first, the last `keep`, the one that began the current leg, and the
    confirmations of that leg.
    """
    begun = [n for n, entry in enumerate(record.journal) if entry.trigger in LEGS]
    leg = begun[-1] if begun else 0
    for place, entry in enumerate(record.journal[1 : len(record.journal) - keep], 1):
        if place < leg or (place > leg and entry.trigger is not Trigger.CONFIRM):
            journal = (*record.journal[:place], *record.journal[place + 1 :])
            return replace(record, journal=journal, journal_cut=record.journal_cut + 1)
    return record


def _with_texts(record: Record, limit: int) -> Record:
    """`record` with reasons, hosts and the failure's message in at most `limit` characters."""
    failure = record.failure and replace(record.failure, message=cut(record.failure.message, limit))
    journal = tuple(
        replace(entry, why=cut(entry.why, limit), host=cut(entry.host, limit))
        for entry in record.journal
    )
    return replace(record, why=cut(record.why, limit), failure=failure, journal=journal)


def decode(text: str) -> Record:
    """The record in `text`, as `encode` writes it. Raises RecordError."""
    try:
        record = versioned.decode(Record, text, VERSION)
        times = (("since", record.since), ("started", record.started))
        for name, time in (*times, *(("journal", entry.at) for entry in record.journal)):
            versioned.check_time(time, f".{name}")
    except DecodeError as error:
        raise RecordError(str(error)) from None
    if problem := _out_of_range(record):
        raise RecordError(problem)
    if record.plan.algorithm != ALGORITHM:
        raise RecordError(f"plan.algorithm: {record.plan.algorithm}, this version has {ALGORITHM}")
    # Only a release that has ended is past its last step.
    if not 0 <= record.step < len(record.steps) + (record.state in RESTING):
        raise RecordError(f"step: {record.step}, the plan has {len(record.steps)} steps")
    return record


def _out_of_range(record: Record) -> str:
    """The value from which no plan or no deadline can be computed; empty if there is none."""
    strategy = record.plan.strategy
    if not re.fullmatch(r"[0-9]{1,9}%?", str(strategy.max_unavailable)):
        told = versioned.shown(strategy.max_unavailable)
        return f".plan.strategy.maxUnavailable: {told} is not a number of pods or a percentage"
    if sum(record.plan.cells.values()) > PODS_LIMIT:
        return f".plan.cells: more than {PODS_LIMIT} pods"
    if strategy.batch_size is not None and strategy.batch_size < 1:
        return f".plan.strategy.batchSize: {strategy.batch_size} is below 1"
    if any(size < 0 for size in record.plan.cells.values()):
        return ".plan.cells: the number of pods of a cell is negative"
    return ""

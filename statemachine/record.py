"""The record of a release: everything that must outlive the driver (protocol 4).

The record is versioned, bounded JSON in one annotation of the CafeDeployment. Steps are computed
from `plan`, not stored. Times are RFC 3339 by the API server's clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from msgspec.structs import replace

from statemachine.lifecycle import RESTING, Facts, Position, State, Trigger, move
from statemachine.steps import (
    ALGORITHM,
    Kind,
    Step,
    UpgradeType,
    confirmation_due,
    peak,
    sizes,
    steps,
)
from statemachine.versioned import Integer, Stored

VERSION = 2
TEXT_LIMIT = 500
PODS_LIMIT = 1_000_000
"""Most pods of one release. Each pod may be a group of its own, and a plan lists every group."""


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
    """The inputs from which the steps are computed.

    `cells` are the numbers of pods by cell at the end of the release, `before` those at its start;
    None in a first release, and where the numbers stay.
    """

    cells: Mapping[str, Integer]
    strategy: Strategy
    algorithm: Integer = ALGORITHM
    before: Mapping[str, Integer] | None = None

    def started(self, kind: Kind) -> Mapping[str, int]:
        """The numbers of pods by cell at the start of a release of this kind; 0 for CREATE."""
        if kind is Kind.CREATE:
            return dict.fromkeys(self.cells, 0)
        return self.cells if self.before is None else self.before

    def upgraded(self, kind: Kind) -> Mapping[str, int]:
        """The numbers of pods by cell after the last upgrade group of a release of this kind."""
        return self.cells if kind is Kind.ROLLBACK else self.started(kind)

    @property
    def peak(self) -> Mapping[str, int]:
        """The larger number of pods of each cell, at the start or at the end of the release."""
        return peak(self.before or {}, self.cells)

    def growing(self, kind: Kind) -> frozenset[str]:
        """The cells that have more pods at the end of a release of this kind than at its start."""
        before = self.started(kind)
        return frozenset(cell for cell, size in self.cells.items() if size > before.get(cell, 0))

    @property
    def shrinking(self) -> frozenset[str]:
        """The cells that have fewer pods at the end of the release than at its start."""
        return frozenset(cell for cell, size in self.peak.items() if size != self.cells[cell])

    def removes_after_upgrade(self, kind: Kind) -> bool:
        """Whether a release of this kind removes pods that its upgrade groups leave as they are."""
        return kind is Kind.ROLLBACK and bool(self.shrinking)

    def steps(self, kind: Kind) -> tuple[Step, ...]:
        """The steps of a release of this kind."""
        batches = self.strategy.upgrade_type, self.strategy.batch_size
        return steps(kind, self.cells, *batches, self.before)

    def sizes(self, kind: Kind) -> dict[int, dict[str, int]]:
        """The number of pods that each group upgrades, creates or removes in each cell."""
        before = self.started(kind) if kind is Kind.SCALE else {}
        return sizes(self.steps(kind), before, self.peak)

    def pods(self, kind: Kind) -> int:
        """The number of pods that a release of this kind upgrades, creates or removes."""
        return sum(sum(group.values()) for group in self.sizes(kind).values())


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
    """Why a release failed: `reason` in CamelCase, and the pod and the container, if known."""

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
    release is to end as Aborted at once, even if pods stay out of traffic. `client` is the version
    of kubectl-cafe that wrote the record last; empty in version 1.
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
    client: str = ""

    @property
    def position(self) -> Position:
        """The release's state and origin, for the state machine."""
        return Position(self.state, self.origin)

    @property
    def last_move(self) -> Entry | None:
        """The last entry of the journal that is no `take_over`; None without one."""
        moves = (e for e in reversed(self.journal) if e.trigger is not Trigger.TAKE_OVER)
        return next(moves, None)

    @property
    def steps(self) -> tuple[Step, ...]:
        """The release's steps, computed from its plan."""
        return self.plan.steps(self.kind)

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
        """The number of the current step's group, which in AwaitingConfirm a confirmation starts.

        0 if the current step is not a group, or all steps are done.
        """
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


def taken_over(record: Record, *, at: str, who: str) -> Record:
    """The record with an entry in its journal: `who` continues the release as its driver.

    Version 1 has no such entry, and a release that has ended has no driver.
    """
    if record.v < VERSION or record.state in RESTING:
        return record
    entry = Entry(at, Trigger.TAKE_OVER, record.state, cut(who), "", record.group or None)
    return replace(record, journal=(*record.journal, entry))


def cut(text: str, limit: int = TEXT_LIMIT) -> str:
    """`text` in at most `limit` characters; a note of the full length replaces what is cut."""
    if len(text) <= limit:
        return text
    note = f"... ({len(text)} characters)"
    return text[: limit - len(note)] + note if limit > len(note) else text[:limit]

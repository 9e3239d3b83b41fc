"""The loop that drives one release until it ends or waits for an operator (protocol 10)."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from msgspec import structs

from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.assessment.snapshot import Decision, Snapshot, Wanted
from kubectl_cafe.cache import direct_reads
from kubectl_cafe.cache.informers import Observer
from kubectl_cafe.client.errors import (
    Conflict,
    Forbidden,
    Invalid,
    NoSuchKind,
    NotSent,
    UnknownOutcome,
)
from kubectl_cafe.client.transport import SessionTransport
from kubectl_cafe.driver.decision_log import DecisionLog
from kubectl_cafe.driver.publisher import StatusPublisher
from kubectl_cafe.driver.refusals import Refusals
from kubectl_cafe.driver.workload_writer import NotOurs
from kubectl_cafe.driver.writers import Writers
from kubectl_cafe.errors import CafeError, Refused
from kubectl_cafe.planning import deletion
from kubectl_cafe.reconcile.decide import decide
from kubectl_cafe.reconcile.requests import Typed, heard, rolls_back_by_itself
from kubectl_cafe.release import moves
from kubectl_cafe.release.held import Release
from kubectl_cafe.release.start import Mover
from kubectl_cafe.revisions.revision import Revision
from statemachine.lifecycle import RESTING, State, Trigger, legal
from statemachine.record import Failure, Record

TICK = 0.5
"""Seconds after which rules that depend on time are evaluated again."""
REST = 4.0
"""The pause before a turn, as a multiple of the last turn's duration: the writers need the CPU."""
LONGEST_REST = 1.0
"""The longest pause before a turn, in seconds."""


class Watcher(Protocol):
    """Receives the progress of the release."""

    def moved(self, cafe: CafeDeployment) -> None:
        """Called when the record has changed."""
        ...

    def looked(self, snapshot: Snapshot, decision: Decision) -> None:
        """Called after each decision."""
        ...


@dataclass(frozen=True)
class Ended:
    """The result of the loop: the CafeDeployment with its record, and the last snapshot."""

    cafe: CafeDeployment
    snapshot: Snapshot


class Driver:
    """Drives the release in the record of `cafe`, under that record's epoch.

    `who` is recorded as the author of the driver's own moves. `asks`: the operator can be prompted
    at a terminal, so the driver goes on while a group waits for a confirmation. Ctrl-C sets `stop`:
    the upgrade of further pods does not begin, pods in flight finish.
    """

    def __init__(
        self,
        transport: SessionTransport,
        cafe: CafeDeployment,
        revisions: Mapping[str, Revision],
        observer: Observer,
        *,
        who: str,
        watcher: Watcher,
        asks: bool = False,
    ) -> None:
        self._transport = transport
        self._release = Release(transport, cafe)
        self._revisions = dict(revisions)
        self._who = who
        self._watcher = watcher
        self._asks = asks
        self._observer = observer
        self._memory = observer.cache
        self._typed: Typed | None = None
        self._no_way_back: set[str] = set()
        self._refusals = Refusals(transport, cafe)
        self._log = DecisionLog()
        self._shown = StatusPublisher(transport)
        self._since = self._heard_at = transport.server_time()
        self.stop = threading.Event()
        self.answered = False
        """Whether every write of this driver was answered when the loop ended."""

    def refresh(self) -> None:
        """Read the CafeDeployment; called at each renewal, so that a move is seen within 5 s."""
        self._release.refresh()
        self._memory.wake()

    def confirm(self, group: int, who: str) -> None:
        """Confirm `group` in the next turn; the user `who` has confirmed it at this terminal."""
        self._typed = Typed(group, who)
        self._memory.wake()

    @property
    def waiting_group(self) -> int:
        """The number of the group that waits for a confirmation; 0 if none does."""
        record = self._release.record
        return record.waiting_group if record.state is State.AWAITING_CONFIRM else 0

    def wake(self) -> None:
        """Start the next turn now."""
        self._memory.wake()

    def run(self) -> Ended:
        """Drive until the release ends or waits for an operator, or until `stop` has taken effect.

        Raises LeaseLost and Fenced (exit 6), and errors that no retry resolves.
        """
        actor = Writers(self._transport, self._release.cafe.namespace, self._memory)
        try:
            return self._loop(actor)
        except BaseException:
            actor.abandon()
            raise
        finally:
            actor.close()
            self.answered = actor.answered

    def _loop(self, actor: Writers) -> Ended:
        clock, began = self._transport.clock, self._transport.clock.monotonic()
        while (ended := self.turn(actor)) is None:
            # Many pods change at the same time: one turn handles all changes of this pause.
            self.stop.wait(min(REST * (clock.monotonic() - began), LONGEST_REST))
            self._memory.wait(TICK)
            began = clock.monotonic()
        return ended

    def turn(self, actor: Writers) -> Ended | None:
        """Observe, decide and act until there is nothing to do now; None unless driving ends."""
        while True:
            if (refusal := self._observer.refusal()) is not None:
                self._refusals.unseen(refusal)
                actor.blind = True
            self._transport.check_lease()  # A lost lease ends even a driver that only waits.
            if self._release.take_in(self._memory.highest_epoch()):
                self._told()
            self._hear_refusals(actor)
            if self._refusals.end is None:
                self._hear_people()
            snapshot = self._view(actor)
            decision = self._decided(snapshot)
            self._log.note(snapshot, decision)
            self._watcher.looked(snapshot, decision)
            self._write(actor, decision)
            try:
                self._observer.read(snapshot, decision)
            except (Forbidden, Invalid, NoSuchKind) as error:
                if self._refusals.refused(error):
                    continue  # The next decision puts drained pods back into traffic.
            if decision.move is not None and self._refusals.end is None:
                self._move(decision.move)
                continue
            if self._finished(snapshot, decision):
                self._shown.show(snapshot, self._release, force=True)
                self._refusals.raise_end(snapshot)
                if self._release.cafe.deleting:
                    raise deletion.ended(self._release.cafe)
                return Ended(self._release.cafe, snapshot)
            self._shown.show(snapshot, self._release)
            return None

    def _view(self, actor: Writers) -> Snapshot:
        """The current snapshot, with the driver's failing reads and writes."""
        snapshot = self._memory.snapshot(
            self._release.cafe,
            self._revisions,
            now=self._transport.clock.monotonic(),
            time=self._transport.server_time(),
            stopping=self.stop.is_set() or self._release.cafe.deleting,
            driven_since=self._since,
        )
        unanswered = actor.workloads.unanswered
        snapshot = replace(snapshot, heard_at=self._heard_at, unanswered=unanswered)
        troubles = actor.troubles.all() | actor.workloads.troubles.all()
        return self._refusals.seen(
            snapshot, troubles, self._release.trouble, self._release.unheard()
        )

    def _decided(self, snapshot: Snapshot) -> Decision:
        """The decision for `snapshot`; failed writes of `.status` and Events only add warnings."""
        decision = decide(snapshot)
        return structs.replace(decision, warnings=(*decision.warnings, *self._shown.warnings))

    def _finished(self, snapshot: Snapshot, decision: Decision) -> bool:
        """Whether the driver ends: nothing is left to do until an operator acts."""
        state = self._release.cafe.position.state
        answered = self._memory.idle or bool(snapshot.barred and snapshot.busy <= snapshot.barred)
        if not answered or decision.patches or decision.workloads:
            return False
        if state in RESTING:
            return True
        if not decision.at_rest:
            return False
        if state in (State.PAUSED, State.FAILED) or self.stop.is_set():
            return True
        if self._refusals.end is not None or self._release.cafe.deleting:
            return True
        return state is State.AWAITING_CONFIRM and not self._asks

    # Moves

    def _move(self, wanted: Wanted, who: str = "") -> None:
        """Make the move `wanted`, unless another client has changed the record meanwhile."""
        try:
            moved = self._release.move(wanted, who or wanted.who or self._who)
        except (Forbidden, Invalid, NoSuchKind) as error:
            self._refusals.refused(error)
            return
        if moved:
            self._told()
        elif wanted.trigger is not Trigger.STEP_DONE:
            self._refusals.unmoved(self._release.trouble, self._transport.clock.monotonic())

    def _told(self) -> None:
        """Adopt a record that this driver or another client has changed."""
        record = self._release.record
        self._heard_at = self._transport.server_time()
        self._shown.due()
        self._refusals.moved()
        self._transport.release = record.id
        if record.to_revision not in self._revisions:
            found = direct_reads.read_revisions(self._transport, self._release.cafe)
            self._revisions = {revision.name: revision for revision in found}
        self._watcher.moved(self._release.cafe)

    def _hear_people(self) -> None:
        """Make a move that an annotation, the spec, the terminal or `onFailure` requests."""
        cafe, record = self._release.cafe, self._release.record
        if cafe.deleting:
            return  # A deletion stops the release: confirmations and `onFailure` have no effect.
        planned = self._revisions.get(record.to_revision)
        signed = heard(cafe, record, planned, self._typed, self._who)
        if signed is not None:
            self._move(signed.wanted, signed.who)
        elif rolls_back_by_itself(record) and record.id not in self._no_way_back:
            self._roll_back(record)

    def _roll_back(self, failed: Record) -> None:
        """Roll back for `onFailure: Rollback`; if that is impossible the release stays Failed."""
        cafe, mover = self._release.cafe, Mover(self._who, "onFailure: Rollback", failed.epoch)
        try:
            around = moves.around(self._transport, cafe, self._revisions.values())
            cafe = moves.roll_back_once(self._transport, cafe, around, mover, fast=False)
        except (Refused, Forbidden, Invalid):
            self._no_way_back.add(failed.id)
        except (Conflict, NotSent, UnknownOutcome):
            self._release.look_again()
        else:
            self._release.took(cafe)
            self._told()

    def _hear_refusals(self, actor: Writers) -> None:
        """Handle writes of pods that the server refused; raises every other error of a write."""
        for error, patch in actor.failed():
            if not isinstance(error, Forbidden | Invalid):
                raise error
            if self._refusals.fails(error, patch, self._release.record.state):
                self._fail(error, pod=patch.pod)

    def _fail(self, error: CafeError, reason: str = "PatchRefused", pod: str = "") -> None:
        """Fail the release for a refused write; in a state that cannot fail, end the driver."""
        if Trigger.FAIL in legal(self._release.record.state):
            failure = Failure(reason, f"{error.where}: {error.message}", pod)
            self._move(Wanted(Trigger.FAIL, failure=failure))
        else:
            self._refusals.refused(error)

    def _write(self, actor: Writers, decision: Decision) -> None:
        """Send the decided writes; a workload that the server refuses fails the release."""
        actor.patch(decision.patches, decision.takes)
        try:
            actor.workloads.write(decision.workloads)
        except (Forbidden, Invalid) as error:
            if not self._refusals.right_lost(error):
                self._fail(error)
        except NotOurs as error:
            self._fail(error, "WorkloadNotOurs")

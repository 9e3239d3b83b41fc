"""The CafeDeployment and record that a driver works on, until another driver takes over (I7)."""

from __future__ import annotations

import threading
from contextlib import suppress

from msgspec.structs import replace

from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.assessment.snapshot import Wanted
from kubectl_cafe.client.errors import ApiError, NotSent, UnknownOutcome
from kubectl_cafe.client.transport import Transport
from kubectl_cafe.durations import age
from kubectl_cafe.errors import CONFLICT, CafeError
from kubectl_cafe.hints import cafe_command
from kubectl_cafe.record import store
from kubectl_cafe.release.write_failures import Trouble
from kubectl_cafe.times import rfc3339
from statemachine.lifecycle import Trigger
from statemachine.record import Record, moved, taken_over

READ_TIMEOUT = 4.0
"""Timeout in seconds of the CafeDeployment's read at a renewal; the next one is due after five."""
UNHEARD = 10.0
"""Seconds without a successful read of the CafeDeployment, two renewals, after which no pod is
taken."""
RETRY = 1.0
"""Seconds before the CafeDeployment is read again after a move whose outcome is unknown."""


class Fenced(CafeError):
    """Another driver has taken over, or another release has replaced this driver's."""

    exit_code = CONFLICT


def under(record: Record, epoch: int, cafe: CafeDeployment) -> Record:
    """`record` with `epoch` as its driver's, fenced: earlier drivers' writes can't succeed now.

    Raises Fenced if a later driver has taken over (I7).
    """
    if record.epoch > epoch:
        raise Fenced(
            "another driver has taken over",
            where=cafe.where,
            hint=cafe_command("status", cafe.name, cafe.namespace),
        )
    return replace(record, epoch=epoch, fenced_epoch=epoch)


def led_by(record: Record, epoch: int, cafe: CafeDeployment, *, at: str, who: str) -> Record:
    """The result of `under`, with an entry in the journal if `who` takes the release over."""
    after = under(record, epoch, cafe)
    return after if record.epoch == epoch else taken_over(after, at=at, who=who)


def superseded(record: Record) -> bool:
    """Whether the release replaced an unfinished one, so that the same driver continues with it."""
    return bool(record.journal) and record.journal[0].trigger is Trigger.SUPERSEDE


class Release:
    """The CafeDeployment and its release, for one driver under one epoch.

    `cafe` is the version that the driver works on. A version that another thread has read replaces
    it when the driver calls `take_in`.
    """

    def __init__(self, transport: Transport, cafe: CafeDeployment) -> None:
        self._transport = transport
        self.cafe = cafe
        self._id, self._epoch = self.record.id, self.record.epoch
        self._lock = threading.Lock()
        self._newest = cafe
        self._missing: store.Missing | None = None
        self._heard = transport.clock.monotonic()
        self._unread: ApiError | None = None
        self.trouble: Trouble | None = None
        """The failed write of the last move, which is repeated; None if the move was written."""

    def unheard(self) -> str:
        """Why the CafeDeployment was not read for UNHEARD seconds; empty if it was.

        Without reads the driver would miss a pause or an abort (I9). The answer to a write of the
        CafeDeployment counts as a read.
        """
        silent = self._transport.clock.monotonic() - self._heard
        if silent < UNHEARD:
            return ""
        return self._unread.message if self._unread else f"no answer for {age(silent)}"

    @property
    def record(self) -> Record:
        """The record in the driver's version of the CafeDeployment."""
        if self.cafe.record is None:
            raise AssertionError("a driver needs a release")
        return self.cafe.record

    def refresh(self) -> None:
        """Read the CafeDeployment; called at each renewal, so that a move is seen within 5 s."""
        place = (self.cafe.namespace, self.cafe.name)
        asked = self._transport.clock.monotonic()
        try:
            cafe = store.read(self._transport, *place, timeout=READ_TIMEOUT)
        except store.Missing as error:
            self._missing = error
        except ApiError as error:
            self._unread = error
            raise
        else:
            with self._lock:
                self._newest = cafe
            self.heard(asked)

    def heard(self, asked: float) -> None:
        """Note that a request that was sent at `asked` (monotonic) has read the CafeDeployment."""
        self._heard, self._unread = max(self._heard, asked), None

    def take_in(self, highest_epoch: int) -> bool:
        """Continue with the version read last. Returns whether the record has changed.

        `highest_epoch` is the highest epoch on the pods. Raises Fenced if another driver or release
        has taken over, Missing if the CafeDeployment is deleted.
        """
        if self._missing is not None:
            raise self._missing
        with self._lock:
            newest = self._newest
        if newest.uid != self.cafe.uid:
            raise Fenced("replaced by another object of the same name", where=newest.where)
        if highest_epoch > self.record.epoch:
            raise Fenced("a pod was written by a later driver", where=self.cafe.where)
        if int(newest.resource_version) <= int(self.cafe.resource_version):
            return False
        before = self.cafe.record
        self.took(newest)
        return newest.record != before

    def took(self, cafe: CafeDeployment) -> None:
        """Continue with `cafe`; raises Fenced if another driver or release has taken over (I7)."""
        record, hint = cafe.record, cafe_command("status", cafe.name, cafe.namespace)
        if record is None:
            raise Fenced("the record of the release is missing", where=cafe.where, hint=hint)
        if record.epoch > self._epoch:
            raise Fenced("another driver has taken over", where=cafe.where, hint=hint)
        if record.id != self._id and not superseded(record):
            raise Fenced(
                f"release {record.id} has replaced this release", where=cafe.where, hint=hint
            )
        self._id, self.cafe = record.id, cafe

    def move(self, wanted: Wanted, who: str) -> bool:
        """Make the move unless another client has changed the record. Returns whether it is known.

        False: the answer was lost or nothing was sent. The CafeDeployment was read again, and the
        caller decides again. Raises Forbidden, Invalid and NoSuchKind if the write is refused
        permanently.
        """
        before, asked = self.record, self._transport.clock.monotonic()

        def judge(cafe: CafeDeployment) -> Record | None:
            if cafe.record != before:
                return None
            return moved(
                before,
                wanted.trigger,
                at=rfc3339(self._transport.server_time()),
                who=who,
                why=wanted.why,
                facts=wanted.facts,
                failure=wanted.failure,
                by_field=wanted.by_field,
            )

        try:
            cafe = store.change(self._transport, self.cafe, judge)
        except ApiError as error:
            read = error.method == "GET"  # The read of the CafeDeployment failed: it is repeated.
            if not read and not isinstance(error, NotSent | UnknownOutcome):
                raise
            since = self.trouble.since if self.trouble else asked
            self.trouble = Trouble(self.cafe.where, since, error)
            self.look_again()
            return False
        self.trouble = None
        self.heard(asked)
        self.took(cafe)
        return True

    def look_again(self) -> None:
        """Read the CafeDeployment after a write whose outcome is unknown."""
        self._transport.clock.sleep(RETRY)
        with suppress(ApiError):  # The next renewal reads it as well.
            self.refresh()

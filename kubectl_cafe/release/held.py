"""The release as its driver holds it: heard of, moved, and given up in other hands (I7)."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import replace

from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.assessment.snapshot import Wanted
from kubectl_cafe.client.errors import ApiError, NotSent, UnknownOutcome
from kubectl_cafe.client.transport import Transport
from kubectl_cafe.errors import CONFLICT, CafeError
from kubectl_cafe.hints import cafe_command
from kubectl_cafe.record import store
from kubectl_cafe.release.write_failures import Trouble
from kubectl_cafe.times import rfc3339
from statemachine.lifecycle import Trigger
from statemachine.record import Record, moved

READ_TIMEOUT = 4.0
"""Seconds for reading the CR at a renewal: the next one is due after five."""
UNHEARD = 10.0
"""Seconds without a good read of the CR, two renewals, after which no pod is taken."""
RETRY = 1.0
"""Seconds before a move whose fate is unknown is looked at again."""


class Fenced(CafeError):
    """Another driver has taken over, or the release is no longer ours."""

    exit_code = CONFLICT


def under(record: Record, epoch: int, cafe: CafeDeployment) -> Record:
    """`record` under the driver of `epoch`, whom no earlier driver can disturb any more (I7).

    Raises Fenced where a later driver has come.
    """
    if record.epoch > epoch:
        raise Fenced(
            "another driver has taken over",
            where=cafe.where,
            hint=cafe_command("status", cafe.name, cafe.namespace),
        )
    return replace(record, epoch=epoch, fenced_epoch=epoch)


def superseded(record: Record) -> bool:
    """Whether the release took the place of an unfinished one: the same driver carries it on."""
    return bool(record.journal) and record.journal[0].trigger is Trigger.SUPERSEDE


class Release:
    """The CafeDeployment with the release that one driver carries, under one epoch.

    `cafe` is what the driver has taken in; what other threads read meanwhile waits until the
    driver asks for it.
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
        """The last move could not be written, and is tried again."""

    def unheard(self) -> str:
        """Why the CR was not read for two renewals of the lease; empty if it was.

        A pause or an abort would not be heard meanwhile (I9). The answer to a write of the CR
        shows its state as well as a read does.
        """
        silent = self._transport.clock.monotonic() - self._heard
        if silent < UNHEARD:
            return ""
        return self._unread.message if self._unread else f"no answer for {silent:.0f} s"

    @property
    def record(self) -> Record:
        """The record as the driver knows it."""
        if self.cafe.record is None:
            raise AssertionError("a driver needs a release")
        return self.cafe.record

    def refresh(self) -> None:
        """Read the CR; runs at each renewal of the lease, so a move is seen within 5 s."""
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
        """The CR's state is known as of `asked`, when a request was sent that was answered."""
        self._heard, self._unread = max(self._heard, asked), None

    def take_in(self, highest_epoch: int) -> bool:
        """Go on from what was read last; whether the record has changed.

        `highest_epoch` is the pods'. Raises Fenced, and Missing where the CR is deleted.
        """
        if self._missing is not None:
            raise self._missing
        with self._lock:
            newest = self._newest
        if newest.uid != self.cafe.uid:
            raise Fenced("another object has taken its name", where=newest.where)
        if highest_epoch > self.record.epoch:
            raise Fenced("a pod was written by a later driver", where=self.cafe.where)
        if int(newest.resource_version) <= int(self.cafe.resource_version):
            return False
        before = self.cafe.record
        self.took(newest)
        return newest.record != before

    def took(self, cafe: CafeDeployment) -> None:
        """Go on from `cafe`, unless it says that the release is in other hands (I7)."""
        record, hint = cafe.record, cafe_command("status", cafe.name, cafe.namespace)
        if record is None:
            raise Fenced("the release's record is gone", where=cafe.where, hint=hint)
        if record.epoch > self._epoch:
            raise Fenced("another driver has taken over", where=cafe.where, hint=hint)
        if record.id != self._id and not superseded(record):
            raise Fenced(f"release {record.id} has replaced it", where=cafe.where, hint=hint)
        self._id, self.cafe = record.id, cafe

    def move(self, wanted: Wanted, who: str) -> bool:
        """Move the record, unless somebody has moved it meanwhile; whether it is told.

        False: the answer is lost or nothing was sent; it was read again, look again. Raises
        Forbidden, Invalid and NoSuchKind where the write is refused for good.
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
            read = error.method == "GET"  # Of a CR that can't be read: it may be later.
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
        """Read the CR after a write whose fate is not known."""
        self._transport.clock.sleep(RETRY)
        with suppress(ApiError):  # The next renewal reads it, too.
            self.refresh()

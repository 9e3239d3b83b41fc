"""Moves requested without a command: by annotation, by a spec field, or typed at the terminal.

A pure function: from the CafeDeployment to the move that it requests (protocol 9).
"""

from __future__ import annotations

from msgspec import Struct

from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.assessment.edited_spec import REASON as SPEC_CHANGED
from kubectl_cafe.assessment.edited_spec import spec_changed
from kubectl_cafe.assessment.snapshot import Signed, Wanted
from kubectl_cafe.revisions.revision import Revision
from statemachine.lifecycle import FORWARD, Facts, State, Trigger
from statemachine.record import OnFailure, Record
from statemachine.steps import Kind

UNKNOWN_PERSON = "unknown, see the audit log"
BY_FIELD = "spec.strategy.pause"


class Typed(Struct, frozen=True):
    """A confirmation typed at the driver's terminal."""

    group: int
    who: str


def heard(
    cafe: CafeDeployment, record: Record, planned: Revision | None, typed: Typed | None, me: str
) -> Signed | None:
    """The move that the CafeDeployment or the terminal requests, and its author; None without one.

    `planned` is the revision that the release goes to; `me` is the author of the driver's moves.
    spec.strategy.pause comes first: while it is true, no confirmation may continue the release.
    """
    if cafe.paused_by_spec and record.state in FORWARD:
        return Signed(Wanted(Trigger.PAUSE, BY_FIELD, by_field=True), UNKNOWN_PERSON)
    if record.state is State.PAUSED and record.paused_by_field and not cafe.paused_by_spec:
        return Signed(Wanted(Trigger.RESUME, BY_FIELD), UNKNOWN_PERSON)
    if cafe.spec_hash != record.spec_hash and record.state in FORWARD:
        return Signed(Wanted(Trigger.FAIL, failure=spec_changed(cafe, planned)), me)
    if record.state is State.AWAITING_CONFIRM:
        return _confirmation(cafe, record, typed)
    return None


def _confirmation(cafe: CafeDeployment, record: Record, typed: Typed | None) -> Signed | None:
    """The confirmation of the waiting group, typed or by annotation; None without one."""
    waits = Facts(group_waits=True)
    if typed is not None and typed.group == record.waiting_group:
        return Signed(Wanted(Trigger.CONFIRM, "confirmed interactively", facts=waits), typed.who)
    if cafe.waiting_group_confirmed:
        return Signed(Wanted(Trigger.CONFIRM, "by annotation", facts=waits), UNKNOWN_PERSON)
    return None


def rolls_back_by_itself(record: Record) -> bool:
    """Whether `onFailure: Rollback` calls for a rollback now (protocol 9).

    Only an upgrade or a scale that failed while Progressing or AwaitingConfirm. Not after the spec
    was edited during the release: a rollback would discard an operator's edit.
    """
    return (
        record.state is State.FAILED
        and record.origin in FORWARD
        and record.plan.strategy.on_failure is OnFailure.ROLLBACK
        and record.kind in (Kind.UPGRADE, Kind.SCALE)
        and record.failure is not None
        and record.failure.reason != SPEC_CHANGED
        and not record.forced
    )

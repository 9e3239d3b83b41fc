"""What people say to a release, judged and written by compare-and-swap (protocol 9)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from kubectl_cafe.cluster.errors import Conflict
from kubectl_cafe.cluster.transport import Transport
from kubectl_cafe.engine import goal, journal, look, start
from kubectl_cafe.engine.cafedeployment import CafeDeployment
from kubectl_cafe.engine.forgotten import presumed
from kubectl_cafe.engine.legal import illegal
from kubectl_cafe.engine.proposal import Around
from kubectl_cafe.engine.release import under
from kubectl_cafe.engine.start import Mover
from kubectl_cafe.errors import Refused
from kubectl_cafe.revisions import template as templates
from kubectl_cafe.revisions.revision import Revision
from kubectl_cafe.times import rfc3339
from statemachine.lifecycle import (
    RESTING,
    Facts,
    IllegalMove,
    State,
    Trigger,
    legal,
)
from statemachine.record import Entry, Record, cut, moved


def say(
    transport: Transport,
    cafe: CafeDeployment,
    trigger: Trigger,
    mover: Mover,
    check: Callable[[CafeDeployment], Facts | None] = lambda _cafe: None,
) -> CafeDeployment:
    """Make the move and take the wheel (if `mover` has an epoch) in one write.

    `check` may refuse, and gives the facts that the guards read. Raises Refused.
    """

    def judge(current: CafeDeployment) -> Record:
        record = current.record
        if record is None:
            raise illegal(current, trigger)
        try:
            after = moved(
                record,
                trigger,
                at=rfc3339(transport.server_time()),
                who=mover.who,
                why=mover.why,
                facts=check(current),
            )
        except IllegalMove:
            raise illegal(current, trigger) from None
        return after if mover.epoch is None else under(after, mover.epoch, current)

    return journal.change(transport, cafe, judge)


def confirm(
    transport: Transport, cafe: CafeDeployment, mover: Mover, group: int | None
) -> CafeDeployment:
    """Confirm the group that waits; a number guards against confirming the one after it."""

    def check(current: CafeDeployment) -> Facts:
        record = current.record
        waits = record.waiting_group if record else 0
        if (
            group is not None
            and record
            and record.state is State.AWAITING_CONFIRM
            and group != waits
        ):
            raise Refused(
                f"group {group} does not wait for a confirmation, group {waits} does",
                where=current.where,
                hint=f"kubectl cafe confirm {current.name} -n {current.namespace} --group {waits}",
            )
        return Facts(group_waits=True)

    return say(transport, cafe, Trigger.CONFIRM, mover, check)


def abort(transport: Transport, cafe: CafeDeployment, mover: Mover, force: bool) -> CafeDeployment:
    """End the release: pods in flight finish first, unless `force` leaves them as they are.

    By force it is never ended past a driver (C87): the wish is recorded, and whoever drives
    ends it once no write of its own is under way.
    """

    def judge(current: CafeDeployment) -> Record | None:
        record = current.record
        if record is None or Trigger.ABORT not in legal(record.state):
            raise illegal(current, Trigger.ABORT)
        at, who = rfc3339(transport.server_time()), mover.who
        if record.state is State.ABORTING and not force:
            raise illegal(current, Trigger.ABORT)
        if not force or record.state not in (State.FAILED, State.ABORTING):
            record = moved(record, Trigger.ABORT, at=at, who=who, why=mover.why)
        elif record.forced:
            return None
        else:
            why = cut(f"--force {mover.why}".strip())
            entry = Entry(at, Trigger.ABORT, record.state, cut(who), why)
            record = replace(record, journal=(*record.journal, entry))
        record = replace(record, forced=force)
        return record if mover.epoch is None else under(record, mover.epoch, current)

    return journal.change(transport, cafe, judge)


def resume(transport: Transport, cafe: CafeDeployment, mover: Mover) -> CafeDeployment:
    """Go on after a pause; the field has to be put back first where it says pause (C79)."""

    def check(current: CafeDeployment) -> None:
        if current.position.state is State.PAUSED and current.paused_by_spec:
            patch = '{"spec":{"strategy":{"pause":false}}}'
            raise Refused(
                "spec.strategy.pause is true: a resume would be paused again at once",
                where=f"{current.where}, spec.strategy.pause",
                hint=f"kubectl patch cafed {current.name} -n {current.namespace} "
                f"--type merge -p '{patch}'",
            )

    return say(transport, cafe, Trigger.RESUME, mover, check)


def take_wheel(transport: Transport, cafe: CafeDeployment, epoch: int) -> CafeDeployment:
    """Write the epoch: from here on a driver of a lower one stops at its next look (I7).

    Nothing of an earlier driver is in flight any more: the wheel was handed over, or it was
    fenced. Raises Fenced where a later driver has come.
    """

    def judge(current: CafeDeployment) -> Record | None:
        record = current.record
        if record is None or record.epoch == record.fenced_epoch == epoch:
            return None
        return under(record, epoch, current)

    return journal.change(transport, cafe, judge)


def rollback(
    transport: Transport,
    cafe: CafeDeployment,
    around: Around,
    mover: Mover,
    fast: bool,
    number: int = 0,
) -> CafeDeployment:
    """As `roll_back`, judged again where somebody else wrote in between: it is an emergency."""
    for _ in range(journal.ATTEMPTS):
        try:
            return roll_back(transport, cafe, around, mover, fast, number)
        except Conflict:
            cafe = journal.read(transport, cafe.namespace, cafe.name)
    return roll_back(transport, cafe, around, mover, fast, number)


def roll_back(
    transport: Transport,
    cafe: CafeDeployment,
    around: Around,
    mover: Mover,
    fast: bool,
    number: int = 0,
) -> CafeDeployment:
    """Back to revision `number` (0: the last good one), from the middle or the morning after.

    Raises Refused where there is none, where every pod is there, or where it can't go in place.
    """
    record = cafe.record
    if record is None:
        record = presumed(cafe, replace(around, pods=look.pods(transport, cafe)))
    if Trigger.ROLLBACK not in legal(record.state):
        raise illegal(cafe, Trigger.ROLLBACK)
    current = around.revision(record.to_revision)
    if number:
        target: Revision | None = goal.chosen(cafe, record, around.revisions, number)
    else:
        target = goal.rollback_target(record, around.revisions)
    if target is None:
        raise Refused(
            "there is no earlier revision to go back to",
            where=cafe.where,
            hint=f"kubectl cafe {'upgrade' if record.state in RESTING else 'abort'} "
            f"{cafe.name} -n {cafe.namespace}",
        )
    settled = record.state in (State.COMPLETED, State.ROLLED_BACK)
    mixed = None if settled else around.revision(record.from_revision)
    for known in (current, mixed):
        if known is None:
            continue
        diff = templates.difference(known.template, target.template, tuple(cafe.selector_labels))
        if diff.others:
            raise Refused(
                f"revision {target.number} differs in {', '.join(diff.others)}: not in place",
                where=cafe.where,
            )
    strategy = replace(record.plan.strategy, batch_size=None) if fast else record.plan.strategy
    if fast:
        strategy = replace(strategy, upgrade_type=type(strategy.upgrade_type).BATCH)
    plan = replace(record.plan, strategy=strategy)
    return start.start_rollback(transport, cafe, target, current, plan, mover)


def epoch_after(cafe: CafeDeployment, transitions: int, of_pods: int) -> int:
    """The epoch of a new driver: above every epoch ever seen (C71)."""
    known = cafe.record.epoch if cafe.record else 0
    return max(transitions, known + 1, of_pods + 1)

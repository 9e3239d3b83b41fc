"""The moves that commands make: checked, and written by compare-and-swap (protocol 9)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from msgspec import structs

from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.assessment import lost_switches
from kubectl_cafe.cache import direct_reads
from kubectl_cafe.client import paths
from kubectl_cafe.client.errors import Conflict, not_stale
from kubectl_cafe.client.transport import Transport
from kubectl_cafe.errors import Refused
from kubectl_cafe.hints import cafe_command, kubectl
from kubectl_cafe.planning import deletion, rollback_plan
from kubectl_cafe.planning.allowed_commands import illegal
from kubectl_cafe.planning.around import Around
from kubectl_cafe.record import store
from kubectl_cafe.release import start
from kubectl_cafe.release.held import led_by, under
from kubectl_cafe.release.start import Mover
from kubectl_cafe.revisions.revision import Revision
from kubectl_cafe.times import rfc3339
from kubectl_cafe.traffic.endpoints import parse_service
from statemachine.lifecycle import (
    RESTING,
    Facts,
    IllegalMove,
    State,
    Trigger,
    legal,
)
from statemachine.record import Entry, Record, cut, moved


def record_move(
    transport: Transport,
    cafe: CafeDeployment,
    trigger: Trigger,
    mover: Mover,
    check: Callable[[CafeDeployment], Facts | None] = lambda _cafe: None,
) -> CafeDeployment:
    """Write a move and, if `mover` has an epoch, become the driver in the same write.

    `check` returns the facts for the guards of the state machine and may refuse the move. Raises
    Refused.
    """

    return store.change(transport, cafe, _judge(transport, trigger, mover, check))


def _judge(
    transport: Transport,
    trigger: Trigger,
    mover: Mover,
    check: Callable[[CafeDeployment], Facts | None] = lambda _cafe: None,
) -> Callable[[CafeDeployment], Record]:
    """The function that returns the record of a CafeDeployment after the move."""

    def judge(current: CafeDeployment) -> Record:
        record = current.record
        if record is None:
            raise illegal(current, trigger)
        deletion.refuse(current, trigger)
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

    return judge


def confirm(
    transport: Transport, cafe: CafeDeployment, mover: Mover, group: int | None
) -> CafeDeployment:
    """Confirm the waiting group; raises Refused if `group` is given and another one waits."""

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
                f"group {group} is not waiting for a confirmation, group {waits} is",
                where=current.where,
                hint=cafe_command("confirm", current.name, current.namespace, f"--group {waits}"),
            )
        return Facts(group_waits=True)

    return record_move(transport, cafe, Trigger.CONFIRM, mover, check)


def abort(transport: Transport, cafe: CafeDeployment, mover: Mover, force: bool) -> CafeDeployment:
    """End the release: pods in flight finish first, unless `force` leaves them as they are.

    Only a driver ends a release (C87): `force` is recorded, and the driver ends the release once
    none of its own writes is under way.
    """

    def judge(current: CafeDeployment) -> Record | None:
        record = current.record
        if record is None or Trigger.ABORT not in legal(record.state):
            raise illegal(current, Trigger.ABORT)
        at, who = rfc3339(transport.server_time()), mover.who
        if record.state is State.ABORTING and not force:
            return None  # The abort is recorded already; the driver carries it out.
        if not force or record.state not in (State.FAILED, State.ABORTING):
            record = moved(record, Trigger.ABORT, at=at, who=who, why=mover.why)
        elif record.forced:
            return None
        else:
            why = cut(f"--force {mover.why}".strip())
            entry = Entry(at, Trigger.ABORT, record.state, cut(who), why)
            record = structs.replace(record, journal=(*record.journal, entry))
        record = structs.replace(record, forced=force)
        return record if mover.epoch is None else under(record, mover.epoch, current)

    return store.change(transport, cafe, judge)


def pause(transport: Transport, cafe: CafeDeployment, mover: Mover) -> CafeDeployment:
    """Pause the release: take no further pods. A repeated pause is refused, as by `rollout pause`.

    A pause by `spec.strategy.pause` becomes a pause by command, which the field does not end (C79).
    """

    def judge(current: CafeDeployment) -> Record | None:
        record = current.record
        if record is None or record.state is not State.PAUSED:
            return say_to(current)
        if not record.paused_by_field:
            raise illegal(current, Trigger.PAUSE)
        at = rfc3339(transport.server_time())
        entry = Entry(at, Trigger.PAUSE, record.state, cut(mover.who), cut(mover.why))
        return structs.replace(record, paused_by_field=False, journal=(*record.journal, entry))

    say_to = _judge(transport, Trigger.PAUSE, mover)
    return store.change(transport, cafe, judge)


def resume(transport: Transport, cafe: CafeDeployment, mover: Mover) -> CafeDeployment:
    """Resume after a pause; refused while `spec.strategy.pause` is true (C79)."""

    def check(current: CafeDeployment) -> None:
        if current.position.state is State.PAUSED and current.paused_by_spec:
            patch = '{"spec":{"strategy":{"pause":false}}}'
            raise Refused(
                "spec.strategy.pause is true: the release would pause again immediately",
                where=f"{current.where}, spec.strategy.pause",
                hint=kubectl(
                    f"patch cafed {current.name}",
                    current.namespace,
                    f"--type merge -p '{patch}'",
                ),
            )

    return record_move(transport, cafe, Trigger.RESUME, mover, check)


def become_driver(
    transport: Transport, cafe: CafeDeployment, epoch: int, who: str
) -> CafeDeployment:
    """Write `epoch` to the record, so that a driver with a lower one stops at its next read (I7).

    The journal gets an entry that `who` has taken over, unless the record has this epoch already.
    Before the call the earlier driver must have released its lease or been fenced. Raises Fenced if
    a later driver has taken over.
    """

    def judge(current: CafeDeployment) -> Record | None:
        record = current.record
        if record is None or record.epoch == record.fenced_epoch == epoch:
            return None
        return led_by(record, epoch, current, at=rfc3339(transport.server_time()), who=who)

    return store.change(transport, cafe, judge)


def around(transport: Transport, cafe: CafeDeployment, revisions: Iterable[Revision]) -> Around:
    """The input for a rollback's target: the known `revisions`, and the ended releases."""
    known = tuple(revisions)
    releases = direct_reads.read_releases(transport, cafe, known)
    return Around(revisions=known, workloads=(), pods=(), releases=releases)


def roll_back(
    transport: Transport,
    cafe: CafeDeployment,
    around: Around,
    mover: Mover,
    fast: bool,
    number: int = 0,
) -> CafeDeployment:
    """Roll back like `roll_back_once`, and try again after conflicts: a rollback is urgent."""
    for _ in range(store.ATTEMPTS):
        try:
            return roll_back_once(transport, cafe, around, mover, fast, number)
        except Conflict as error:
            before = cafe.resource_version
            cafe = store.read(transport, cafe.namespace, cafe.name)
            if cafe.resource_version == before and error.where == paths.cafedeployments(
                cafe.namespace, cafe.name
            ):
                raise not_stale(error) from None
    return roll_back_once(transport, cafe, around, mover, fast, number)


def roll_back_once(
    transport: Transport,
    cafe: CafeDeployment,
    around: Around,
    mover: Mover,
    fast: bool,
    number: int = 0,
) -> CafeDeployment:
    """Roll back to revision `number` (0: the last successful one), during a release or after it.

    A rollback that runs or has ended already is not started again. Raises Refused if there is no
    such revision, if every pod has it, or if it can't be reached in place.
    """
    if rollback_plan.under_way(cafe, number, around) or (
        not number and rollback_plan.repeated(cafe)
    ):
        return cafe  # The same rollback was requested before.
    if cafe.record is None:
        around = replace(around, pods=direct_reads.pods(transport, cafe))
    elif cafe.record.plan.before is not None:
        around = replace(around, workloads=direct_reads.workloads(transport, cafe))
    way = rollback_plan.way(cafe, around, fast, number)
    resting = cafe.position.state in RESTING
    lost = _unswitched(transport, cafe, around) if resting else ()
    return start.start_rollback(transport, cafe, way.target, way.source, way.plan, mover, lost)


def _unswitched(transport: Transport, cafe: CafeDeployment, around: Around) -> tuple[str, ...]:
    """The causes for which pods are in mode None although they have a switch, at a new rollback."""
    services = map(parse_service, transport.list(paths.services(cafe.namespace)).items)
    return lost_switches.planned(direct_reads.pods(transport, cafe), services, around.known)


def epoch_after(cafe: CafeDeployment, transitions: int, of_pods: int) -> int:
    """The epoch of a new driver: above every epoch in the record and on the pods (C71)."""
    known = cafe.record.epoch if cafe.record else 0
    return max(transitions, known + 1, of_pods + 1)

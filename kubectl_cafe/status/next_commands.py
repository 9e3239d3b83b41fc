"""What to type next in each state of a release."""

from __future__ import annotations

from collections.abc import Iterator

from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.assessment import (
    edited_spec,
)
from kubectl_cafe.revisions import template as templates
from statemachine.lifecycle import RESTING, State
from statemachine.record import Record


def next_command(cafe: CafeDeployment, driven: bool) -> str:
    """What to type next, if a person is waited for or nobody drives; one choice a line."""
    record, place = cafe.record, f"{cafe.name} -n {cafe.namespace}"
    if record is None:
        return upgrade_command(cafe)
    match record.state:
        case State.AWAITING_CONFIRM if cafe.waiting_group_confirmed:
            return "" if driven else f"kubectl cafe drive {place}"
        case State.AWAITING_CONFIRM:
            detach = " --detach" if driven else ""
            return f"kubectl cafe confirm {place} --group {record.waiting_group}{detach}"
        case State.PAUSED if record.paused_by_field or cafe.paused_by_spec:
            patch = '{"spec":{"strategy":{"pause":false}}}'
            return f"kubectl patch cafed {place} --type merge -p '{patch}'"
        case State.PAUSED:
            return f"kubectl cafe resume {place}"
        case State.FAILED:
            return "\n".join(f"kubectl cafe {command}" for command in _after_failure(cafe, record))
        case State.ABORTED:
            return f"{upgrade_command(cafe)}\nkubectl cafe rollback {place}"
        case state if state in RESTING:
            return _release_the_spec(cafe, record) if edited_spec.ahead(cafe) else ""
        case _:
            return "" if driven else f"kubectl cafe drive {place}"


def _after_failure(cafe: CafeDeployment, record: Record) -> Iterator[str]:
    """What leads on from a failure, the likeliest first, and nothing that would only fail again.

    A spec that was edited is put back (then a retry goes on), superseded where it can go in
    place, or discarded. Else the same spec superseded would be the same failure: with another
    image it is not.
    """
    place = f"{cafe.name} -n {cafe.namespace}"
    forward = record.origin in (State.PROGRESSING, State.AWAITING_CONFIRM)
    edited = forward and cafe.spec_hash != record.spec_hash
    if not forward:
        yield f"retry {place}"
    yield f"rollback {place}"
    if edited and edited_spec.releasable(record.failure):
        yield f"upgrade --supersede {place}"
    elif not edited:
        container = record.failure.container if record.failure else ""
        named = container or next(iter(templates.images(cafe.template)), "CONTAINER")
        yield f"upgrade {place} --image {named}=IMAGE --supersede"
        if forward:
            yield f"retry {place}"
    yield f"abort {place}{' --force' if record.origin is State.ABORTING else ''}"


def _release_the_spec(cafe: CafeDeployment, record: Record) -> str:
    """What releases the spec, or first puts the number of pods back: this version scales nothing.

    Where the sum is right and the cells are not, only an edit of the topology does.
    """
    place, total = f"cafed {cafe.name} -n {cafe.namespace}", sum(record.plan.cells.values())
    if not edited_spec.rescaled(cafe, record):
        return upgrade_command(cafe)
    if cafe.replicas != total:
        return f"kubectl scale {place} --replicas {total}"
    return f"kubectl edit {place}"


def repair_command(cafe: CafeDeployment) -> str:
    """What finds and mends pods that are out of traffic or have drifted."""
    return f"kubectl cafe repair {cafe.name} -n {cafe.namespace}"


def upgrade_command(cafe: CafeDeployment) -> str:
    return f"kubectl cafe upgrade {cafe.name} -n {cafe.namespace}"

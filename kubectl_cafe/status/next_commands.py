"""The next commands to type in each state of a release."""

from __future__ import annotations

from collections.abc import Iterator

from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.assessment import edited_spec
from kubectl_cafe.hints import Hint, argument, cafe_command, kubectl
from kubectl_cafe.revisions import template as templates
from statemachine.lifecycle import RESTING, State
from statemachine.record import Record
from statemachine.steps import Kind


def next_commands(cafe: CafeDeployment, driven: bool) -> tuple[Hint, ...]:
    """The commands by which a user continues or ends the release, the likeliest first.

    Empty while the release does not wait for a user and has a driver (`driven`).
    """
    record = cafe.record
    if record is None:
        return (upgrade_command(cafe),)
    match record.state:
        case State.AWAITING_CONFIRM if cafe.waiting_group_confirmed:
            return () if driven else (_of(cafe, "drive"),)
        case State.AWAITING_CONFIRM:
            detach = " --detach" if driven else ""
            return (_of(cafe, "confirm", f"--group {record.waiting_group}{detach}"),)
        case State.PAUSED if record.paused_by_field or cafe.paused_by_spec:
            patch = '{"spec":{"strategy":{"pause":false}}}'
            return (_cafed(cafe, "patch", f"--type merge -p '{patch}'"),)
        case State.PAUSED:
            return (_of(cafe, "resume"),)
        case State.FAILED:
            return tuple(_after_failure(cafe, record))
        case State.ABORTED if record.from_revision == record.to_revision:
            return (upgrade_command(cafe),)  # A scale: there is no version to roll back.
        case State.ABORTED:
            return upgrade_command(cafe), _of(cafe, "rollback")
        case state if state in RESTING:
            return (_release_the_spec(cafe, record),) if edited_spec.ahead(cafe) else ()
        case _:
            return () if driven else (_of(cafe, "drive"),)


def _after_failure(cafe: CafeDeployment, record: Record) -> Iterator[Hint]:
    """The commands after a failure, the likeliest first, without those that would fail again.

    If the spec was edited: `rollback`, or `upgrade --supersede` if the edit can be made in place.
    If it was not, only another image makes a superseding release differ; a scale changes none.
    """
    forward = record.origin in (State.PROGRESSING, State.AWAITING_CONFIRM)
    edited = forward and cafe.spec_hash != record.spec_hash
    if not forward:
        yield _of(cafe, "retry")
    yield _of(cafe, "rollback")
    if edited and edited_spec.releasable(record.failure):
        yield _of(cafe, "upgrade --supersede")
    elif not edited and record.kind is Kind.SCALE:
        yield _of(cafe, "retry")
    elif not edited:
        container = record.failure.container if record.failure else ""
        named = container or next(iter(templates.images(cafe.template)), "CONTAINER")
        yield _of(cafe, "upgrade", f"--image {argument(f'{named}=IMAGE')} --supersede")
        if forward:
            yield _of(cafe, "retry")
    yield _of(cafe, "abort", "--force" if record.origin is State.ABORTING else "")


def _release_the_spec(cafe: CafeDeployment, record: Record) -> Hint:
    """The command that releases the spec, or that first restores numbers of pods that fit.

    If spec.replicas is that of the record's plan and only the cells differ, spec.topology must be
    edited.
    """
    total = sum(record.plan.cells.values())
    if not edited_spec.unreleasable_counts(cafe):
        return upgrade_command(cafe)
    if cafe.replicas != total:
        return _cafed(cafe, "scale", f"--replicas {total}")
    return _cafed(cafe, "edit")


def repair_command(cafe: CafeDeployment) -> Hint:
    """The command that repairs pods that are out of traffic or have drifted."""
    return _of(cafe, "repair")


def upgrade_command(cafe: CafeDeployment) -> Hint:
    """The command that releases the spec as it stands."""
    return _of(cafe, "upgrade")


def _of(cafe: CafeDeployment, verb: str, more: str = "") -> Hint:
    return cafe_command(verb, cafe.name, cafe.namespace, more)


def _cafed(cafe: CafeDeployment, verb: str, more: str = "") -> Hint:
    return kubectl(f"{verb} cafed {cafe.name}", cafe.namespace, more)

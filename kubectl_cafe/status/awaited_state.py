"""The wait for a state of a release: reached, still to come, or out of reach. Pure."""

from __future__ import annotations

from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.assessment.edited_spec import ahead
from kubectl_cafe.durations import exact
from kubectl_cafe.errors import FAILED, TIMED_OUT, CafeError
from kubectl_cafe.hints import cafe_command, either
from kubectl_cafe.status.next_commands import next_commands
from statemachine.lifecycle import RESTING, State
from statemachine.reach import reachable

GRACE = 5.0
"""Seconds after the beginning of a wait in which a release that had ended before is ignored: the
next one may be about to start."""


class OutOfReach(CafeError):
    """The release has failed or ended in another state: the target can't be reached any more."""

    exit_code = FAILED


class TimedOut(CafeError):
    """The target was not reached in time."""

    exit_code = TIMED_OUT


def reached(
    cafe: CafeDeployment,
    target: State,
    *,
    first: CafeDeployment | None = None,
    waited: float = GRACE,
) -> bool:
    """Whether the release is in the state `target`.

    Completed counts only while the spec has no unreleased changes; with some, the wait is for the
    next release. Raises OutOfReach if only another release, or a retry, could reach the target.
    `first` is the CafeDeployment at the beginning of the wait, `waited` seconds ago.
    """
    position = cafe.position
    if position.state is target:
        return target is not State.COMPLETED or not ahead(cafe)
    if target in reachable(position) or (position.state in RESTING and ahead(cafe)):
        return False
    if waited < GRACE and position.state in RESTING and first and first.record == cafe.record:
        return False
    failure = cafe.record.failure if cafe.record else None
    why = f" ({failure})" if failure else ""
    raise OutOfReach(
        f"{target} can no longer be reached: the release is {position.state}{why}",
        where=cafe.where,
        hint=either(next_commands(cafe, driven=False)) or _status(cafe),
    )


def timed_out(cafe: CafeDeployment, target: State, seconds: float) -> TimedOut:
    """The error for a `target` that was not reached within `seconds`."""
    edited = " with unreleased changes of the spec" if ahead(cafe) else ""
    return TimedOut(
        f"{target} was not reached within {exact(seconds)}: the release is "
        f"{cafe.position.state}{edited}",
        where=cafe.where,
        hint=next_commands(cafe, driven=False)[0] if edited else _status(cafe),
    )


def _status(cafe: CafeDeployment) -> str:
    return cafe_command("status", cafe.name, cafe.namespace)

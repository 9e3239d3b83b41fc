"""Waiting for a state: reached, still to come, or out of reach; pure."""

from __future__ import annotations

from kubectl_cafe.engine.cafedeployment import CafeDeployment
from kubectl_cafe.engine.report import next_command
from kubectl_cafe.errors import FAILED, TIMED_OUT, CafeError
from kubectl_cafe.views.table import age
from statemachine.lifecycle import State
from statemachine.reach import reachable


class OutOfReach(CafeError):
    """The release has failed or ended another way: what is waited for can't come any more."""

    exit_code = FAILED


class TimedOut(CafeError):
    """It was waited for long enough."""

    exit_code = TIMED_OUT


def reached(cafe: CafeDeployment, target: State) -> bool:
    """Whether the release is in the state `target`.

    Raises OutOfReach where only another release, or another try, could bring it there.
    """
    position = cafe.position
    if position.state is target:
        return True
    if target in reachable(position):
        return False
    failure = cafe.record.failure if cafe.record else None
    why = f" ({failure})" if failure else ""
    raise OutOfReach(
        f"{target} can't be reached any more: the release is {position.state}{why}",
        where=cafe.where,
        hint=next_command(cafe, driven=False).replace("\n", ", or ") or _status(cafe),
    )


def timed_out(cafe: CafeDeployment, target: State, seconds: float) -> TimedOut:
    """The error where `target` has not come within `seconds`."""
    return TimedOut(
        f"{target} was not reached within {age(seconds)}: it is {cafe.position.state}",
        where=cafe.where,
        hint=_status(cafe),
    )


def _status(cafe: CafeDeployment) -> str:
    return f"kubectl cafe status {cafe.name} -n {cafe.namespace}"

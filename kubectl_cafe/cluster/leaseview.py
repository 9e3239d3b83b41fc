"""What a Lease says about who drives."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from kubectl_cafe.cluster import paths
from kubectl_cafe.errors import CONFLICT, CafeError
from kubectl_cafe.names import lease_name

if TYPE_CHECKING:
    from kubectl_cafe.cluster.transport import Transport

DURATION = 30
"""Seconds a lease is good for after each renewal."""
MARGIN = 2.0
"""Seconds on top of the duration: the Date header and the two clocks are not exact."""
ANSWER = 5.0
"""Seconds to wait for the answer to a lease request: a later one is of no use."""


class LeaseHeld(CafeError):
    """Somebody else drives."""

    exit_code = CONFLICT

    def __init__(self, view: LeaseView, lease: str, namespace: str) -> None:
        super().__init__(
            f"{view.holder} drives; its lease runs out in {view.seconds_left:.0f} s "
            "unless it is renewed. Nothing was written",
            where=f"lease/{lease} in namespace {namespace}",
            hint=f"kubectl cafe drive {lease.removeprefix(lease_name(''))} -n {namespace}"
            "   (waits for its end), or the same command with --detach (leaves it to who drives)",
        )
        self.holder = view.holder
        self.renewed = view.renewed
        self.seconds_left = view.seconds_left


class LeaseLost(CafeError):
    """We may not write any more. What was about to be sent was not."""

    exit_code = CONFLICT


@dataclass(frozen=True)
class LeaseView:
    """A Lease as it stands. `holder` None: free. `live`: the holder's time has not run out,
    by the server's clock and the margin. `renewed` is RFC 3339, "" if unknown. `there`: the
    object exists."""

    holder: str | None
    live: bool
    transitions: int
    seconds_left: float
    renewed: str = ""
    there: bool = True


def inspect(transport: Transport, namespace: str, name: str) -> LeaseView:
    """Who drives the release of the CafeDeployment `name` now; reads only."""
    lease = transport.get_or_none(paths.leases(namespace, lease_name(name)), timeout=ANSWER)
    return judge(lease, transport.server_time())


def judge(lease: dict[str, Any] | None, now: float) -> LeaseView:
    """Judge `lease` (None: there is none) at `now`, epoch seconds by the server's clock."""
    if lease is None:
        return LeaseView(None, False, 0, 0.0, there=False)
    spec = lease.get("spec") or {}
    transitions = int(spec.get("leaseTransitions") or 0)
    holder = spec.get("holderIdentity") or None
    duration = float(spec.get("leaseDurationSeconds") or DURATION)
    renewed = str(spec.get("renewTime") or "")
    if holder is None:
        return LeaseView(None, False, transitions, 0.0, renewed)
    # Without a time only watching it for a whole duration can tell: it counts as live.
    until = (epoch(renewed) if renewed else now) + duration + MARGIN
    return LeaseView(holder, now < until, transitions, max(0.0, until - now), renewed)


def micro_time(seconds: float) -> str:
    """RFC 3339 with exactly six fractional digits: the only form a MicroTime takes."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def epoch(stamp: str) -> float:
    """Seconds since the epoch of an RFC 3339 time."""
    return datetime.fromisoformat(stamp).timestamp()

"""Reads a Lease: the current driver, and whether the lease is still valid."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from kubectl_cafe import durations
from kubectl_cafe.client import paths
from kubectl_cafe.errors import CONFLICT, CafeError
from kubectl_cafe.hints import cafe_command
from kubectl_cafe.names import lease_name

if TYPE_CHECKING:
    from kubectl_cafe.client.clock import Clock
    from kubectl_cafe.client.transport import Transport

DURATION = 30
"""Seconds for which a lease is valid after each renewal."""
MARGIN = 2.0
"""Seconds added to the duration, because the Date header and the two clocks are not exact."""
SKEW = 300.0
"""Seconds by which the clocks of two API servers may differ. A lease that expired longer ago has no
running holder. One that expired more recently must be watched to see whether it is renewed."""
_UNIQUE = re.compile(r" \[[0-9a-f]{6}\]$")
"""The part of a holder's name that makes it unique and is not shown."""
ANSWER = 5.0
"""Seconds for a lease request with all its retries."""


class LeaseHeld(CafeError):
    """Another driver holds the lease."""

    exit_code = CONFLICT

    def __init__(self, view: LeaseView, lease: str, namespace: str) -> None:
        super().__init__(
            f"{lease_text(view)}. Nothing was written",
            where=f"lease/{lease} in namespace {namespace}",
            hint=cafe_command("drive", lease.removeprefix(lease_name("")), namespace)
            + "   (waits for the lease), or this command with --detach (the driver carries it out)",
        )
        self.view = view
        self.holder = view.holder
        self.renewed = view.renewed
        self.seconds_left = view.seconds_left


class LeaseLost(CafeError):
    """The lease is lost: this process may not write any more. The pending write was not sent."""

    exit_code = CONFLICT


class LeaseView(Struct, frozen=True):
    """A Lease as it was read. `holder` is its holderIdentity; None: the lease is free.

    `live`: the lease expires in `seconds_left`. `judge` computes both by the server's clock and a
    margin, for display only: a driver decides by `LeaseWatch`. `expired`: the lease may be taken
    without watching. `renewed` is the renewTime (RFC 3339, "" if unknown), which was `age` seconds
    ago by the server's clock. `there`: the object exists, at resourceVersion `version`. `duration`
    is in seconds.
    """

    holder: str | None
    live: bool
    transitions: int
    seconds_left: float
    renewed: str = ""
    there: bool = True
    expired: bool = False
    age: float = 0.0
    duration: float = DURATION
    version: str = ""

    @property
    def driver(self) -> str:
        """The holder as USER on HOST, pid N (`identity.process`); "" if there is none."""
        return driver(self.holder)


class LeaseWatch:
    """Watches one lease by this machine's own clock, independent of the servers' clocks.

    The clocks of a cluster's API servers may differ, and so may the Date headers behind one load
    balancer: a recent renewal through one server may look old to another.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._version: str | None = None
        self._since = 0.0
        self.renewed = False
        """Whether the lease has changed while it was watched, so its holder is running."""

    def saw(self, view: LeaseView) -> LeaseView:
        """The lease `view`, just read, with `live` and `seconds_left` by this watch (protocol 10).

        The lease is not live if it is free, `expired`, or unchanged for its duration and MARGIN.
        """
        now = self._clock.monotonic()
        if view.version != self._version:
            self.renewed = self._version is not None
            self._version, self._since = view.version, now
        left = view.duration + MARGIN - (now - self._since)
        live = view.holder is not None and not view.expired and left > 0
        return replace(view, live=live, seconds_left=left if live else 0.0)


def driver(holder: str | None) -> str:
    """The display name of a lease's holder; "" for none."""
    return _UNIQUE.sub("", holder or "")


def lease_text(view: LeaseView) -> str:
    """The state of a held lease by the server's clock, in words."""
    if view.live:
        left = durations.remaining(view.seconds_left)
        return f"driven by {view.driver} (lease expires in {left} unless it is renewed)"
    watched = durations.exact(view.duration + MARGIN)
    return (
        f"{view.driver} has not renewed its lease for {durations.age(view.age)} by the API "
        f"server's clock: the lease is watched for {watched} before it is taken over"
    )


def inspect(
    transport: Transport, namespace: str, name: str, timeout: float | None = None
) -> LeaseView:
    """The lease of the CafeDeployment `name`; reads only.

    `timeout` is in seconds; None: the timeout of other reads.
    """
    lease = transport.get_or_none(paths.leases(namespace, lease_name(name)), timeout=timeout)
    return judge(lease, transport.server_time())


def judge(lease: dict[str, Any] | None, now: float) -> LeaseView:
    """The state of `lease` (None: there is none) at `now`, epoch seconds by the server's clock."""
    if lease is None:
        return LeaseView(None, False, 0, 0.0, there=False)
    spec = lease.get("spec") or {}
    version = str((lease.get("metadata") or {}).get("resourceVersion") or "")
    transitions = int(spec.get("leaseTransitions") or 0)
    holder = spec.get("holderIdentity") or None
    duration = float(spec.get("leaseDurationSeconds") or DURATION)
    renewed = str(spec.get("renewTime") or "")
    if holder is None:
        return LeaseView(None, False, transitions, 0.0, renewed, version=version)
    # A lease without renewTime counts as live until it was watched for its whole duration.
    age = now - epoch(renewed) if renewed else 0.0
    left = duration + MARGIN - age
    return LeaseView(
        holder,
        live=left > 0,
        transitions=transitions,
        seconds_left=max(0.0, left),
        renewed=renewed,
        expired=left <= -SKEW,
        age=age,
        duration=duration,
        version=version,
    )


def taken(identity: str, now: str, transitions: int) -> dict[str, Any]:
    """The spec of a Lease that `identity` takes at `now`, a MicroTime."""
    return {
        "holderIdentity": identity,
        "leaseDurationSeconds": DURATION,
        "acquireTime": now,
        "renewTime": now,
        "leaseTransitions": transitions,
    }


def micro_time(seconds: float) -> str:
    """The time `seconds` as RFC 3339 with six fractional digits, as a MicroTime requires."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def epoch(stamp: str) -> float:
    """The seconds since the epoch of an RFC 3339 time."""
    return datetime.fromisoformat(stamp).timestamp()

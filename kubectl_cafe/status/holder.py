"""The driver by one read of the Lease, for display: no decision depends on it."""

from __future__ import annotations

from kubectl_cafe.client.lease_view import LeaseView, lease_text
from kubectl_cafe.times import seconds
from statemachine.lifecycle import RESTING
from statemachine.record import Record


def driver(lease: LeaseView | None) -> str:
    """The driver that holds an unexpired lease; "" for none."""
    return lease.driver if lease is not None and lease.live else ""


def overdue(record: Record, lease: LeaseView | None) -> tuple[str, ...]:
    """A note on a lease that looks expired, but that a driver may still hold; empty without one.

    Its renewTime may be by the clock of another API server.
    """
    if lease is None or record.state in RESTING:
        return ()
    doubtful = lease.holder is not None and not lease.live and not lease.expired
    return (lease_text(lease),) if doubtful else ()


def renewed(lease: LeaseView | None, now: float) -> float | None:
    """Seconds since the driver last renewed its lease; None if the lease does not say.

    A renewal by a server whose clock is ahead counts as just now.
    """
    if lease is None or not lease.renewed:
        return None
    return max(0.0, now - seconds(lease.renewed))

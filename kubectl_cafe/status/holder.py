"""Who drives, as far as one look at the lease tells: for people, nothing is decided by it."""

from __future__ import annotations

from kubectl_cafe.client.lease_view import LeaseView, lease_text
from kubectl_cafe.times import seconds
from statemachine.lifecycle import RESTING
from statemachine.record import Record


def driver(lease: LeaseView | None) -> str:
    """Who holds a lease that has not run out; "" for nobody."""
    return lease.driver if lease is not None and lease.live else ""


def overdue(record: Record, lease: LeaseView | None) -> tuple[str, ...]:
    """That the lease looks old, where a driver on another server's clock may still hold it."""
    if lease is None or record.state in RESTING:
        return ()
    doubtful = lease.holder is not None and not lease.live and not lease.expired
    return (lease_text(lease),) if doubtful else ()


def renewed(lease: LeaseView | None, now: float) -> float | None:
    """Seconds since the driver was last heard of; None where its lease doesn't say.

    A renewal by a server whose clock is ahead is just now.
    """
    if lease is None or not lease.renewed:
        return None
    return max(0.0, now - seconds(lease.renewed))

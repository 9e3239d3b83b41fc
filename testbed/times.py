"""Timestamps as the API server wants them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


def now(ahead: float = 0.0) -> str:
    """Time, in whole seconds, by a clock that is so many seconds ahead."""
    return (datetime.now(UTC) + timedelta(seconds=ahead)).strftime("%Y-%m-%dT%H:%M:%SZ")


def micro_now() -> str:
    """MicroTime: exactly six digits."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

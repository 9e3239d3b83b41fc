"""Timestamps as the API server wants them."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> str:
    """Time, in whole seconds."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def micro_now() -> str:
    """MicroTime: exactly six digits."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

"""RFC 3339 times of Kubernetes objects, as seconds since the epoch."""

from __future__ import annotations

from datetime import UTC, datetime


def seconds(text: str | None) -> float:
    """Seconds since the epoch of the RFC 3339 time `text`; 0 if there is none."""
    return datetime.fromisoformat(text).timestamp() if text else 0.0


def rfc3339(at: float) -> str:
    """`at` (seconds since the epoch) as Kubernetes writes a Time: UTC, whole seconds."""
    return datetime.fromtimestamp(int(at), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


UNKNOWN = "-"
"""The text for a value that is not known, or not known yet."""

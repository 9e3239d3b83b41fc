"""RFC 3339 times of Kubernetes objects, as seconds since the epoch."""

from __future__ import annotations

from datetime import UTC, datetime


def seconds(text: str | None) -> float:
    """Seconds since the epoch of the RFC 3339 time `text`; 0 if there is none."""
    return datetime.fromisoformat(text).timestamp() if text else 0.0


def rfc3339(at: float) -> str:
    """`at` (seconds since the epoch) as Kubernetes writes a Time: UTC, whole seconds."""
    return datetime.fromtimestamp(int(at), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def age(seconds: float) -> str:
    """A duration in `seconds`, in the format of the ages that kubectl prints."""
    whole = max(0, int(seconds))
    if whole < 120:
        return f"{whole}s"
    if whole < 7200:
        return f"{whole // 60}m{whole % 60}s" if whole < 600 else f"{whole // 60}m"
    if whole < 172800:
        return f"{whole // 3600}h"
    return f"{whole // 86400}d"


UNKNOWN = "-"
"""Stands for a value that is not known, or not known yet."""


def lasted(seconds: float | None) -> str:
    """A duration in `seconds`: 7s, 2m 05s, 3h 10m, 2d 4h; a dash for None."""
    if seconds is None:
        return UNKNOWN
    whole = max(0, round(seconds))
    minutes, hours, days = whole // 60, whole // 3600, whole // 86400
    if not minutes:
        return f"{whole}s"
    if not hours:
        return f"{minutes}m {whole % 60:02}s"
    return f"{hours}h {minutes % 60:02}m" if not days else f"{days}d {hours % 24}h"

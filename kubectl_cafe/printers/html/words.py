"""Times as the page shows them: UTC, whole seconds."""

from __future__ import annotations

from datetime import UTC, datetime

from kubectl_cafe.times import UNKNOWN


def moment(at: float) -> str:
    """Date and time; a dash if the time is not known."""
    return _utc(at).strftime("%Y-%m-%d %H:%M:%S UTC") if at else UNKNOWN


def clock(at: float, day: float) -> str:
    """The time, with its date if that differs from the date of `day`; a dash if not known."""
    if not at:
        return UNKNOWN
    same = _utc(at).date() == _utc(day).date()
    return _utc(at).strftime("%H:%M:%S" if same else "%m-%d %H:%M:%S")


def label(at: float, day: float) -> str:
    """The time as `clock` shows it, but in a form that is short enough for a label."""
    return clock(at, day) if len(clock(at, day)) <= 8 else _utc(at).strftime("%m-%d %H:%M")


def _utc(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)

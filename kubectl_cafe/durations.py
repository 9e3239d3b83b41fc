"""Durations as text: ages in kubectl's format, limits in the format of Go and the flags.

Tables, the live view, the report and messages all use these functions. They differ from
apimachinery's HumanDuration on purpose: a negative duration is 0s, not <invalid>, because two
clocks may differ by a second; a limit that a user has set is exact (1m30s, 250ms); and a remaining
time is rounded up, so that 0s means that it is over. The fields of `-o json` and `-o yaml` are
numbers of seconds.
"""

from __future__ import annotations

import re
from math import ceil, floor

from kubectl_cafe.times import UNKNOWN

MINUTE, HOUR, DAY = 60, 3600, 86400
YEAR = 365 * DAY

_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_PART = re.compile(r"(\d+(?:\.\d+)?)(h|ms|m|s)")
_WHOLE = re.compile(rf"(?:{_PART.pattern})+")
_WORDED = re.compile(r"(?<![\w.-])(?:\d+[smhdy]){1,2}(?![\w-])")


def age(seconds: float | None) -> str:
    """A duration as kubectl prints it: 119s, 2m5s, 95m, 5h5m, 30h, 3d1h, 400d; a dash for None.

    The result has at most two units, the smaller one only for a small duration, and is rounded
    down.
    """
    if seconds is None:
        return UNKNOWN
    whole = max(0, floor(seconds))
    if whole < 2 * MINUTE:
        return f"{whole}s"
    if whole < 3 * HOUR:
        return _two(whole, MINUTE, "m", 1, "s", until=10)
    if whole < 2 * DAY:
        return _two(whole, HOUR, "h", MINUTE, "m", until=8)
    if whole < 2 * YEAR:
        return _two(whole, DAY, "d", HOUR, "h", until=8)
    return _two(whole, YEAR, "y", DAY, "d", until=8)


def _two(whole: int, unit: int, name: str, smaller: int, its_name: str, *, until: int) -> str:
    """`whole` seconds in units of `unit` seconds; below `until` units also in `smaller` ones."""
    count, rest = whole // unit, whole % unit // smaller
    return f"{count}{name}" + (f"{rest}{its_name}" if rest and count < until else "")


def remaining(seconds: float) -> str:
    """A remaining time in the format of `age`, rounded up to seconds."""
    return age(ceil(seconds))


def exact(seconds: float) -> str:
    """A limit without rounding: 20s, 10m, 1m30s, 1h30m, 1.5s, 250ms; `parsed` reads it."""
    if 0 < seconds < 1:
        return f"{seconds * 1000:g}ms"
    minutes, rest = divmod(seconds, MINUTE)
    hours, minutes = divmod(int(minutes), 60)
    parts = (f"{hours}h" if hours else "", f"{minutes}m" if minutes else "")
    return "".join(parts) + (f"{rest:g}s" if rest or not any(parts) else "")


def parsed(text: str) -> float | None:
    """The seconds of a duration like 1s, 2m, 1h30m or 250ms, or in whole seconds without a unit.

    None for any other text.
    """
    if text.isdecimal():
        return float(text)
    if not _WHOLE.fullmatch(text):
        return None
    return sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text))


def timeless(text: str) -> str:
    """`text` without its durations, to see whether anything else in it has changed."""
    return _WORDED.sub("", text)

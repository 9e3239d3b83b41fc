"""The one table renderer: columns without borders, as kubectl prints them."""

from __future__ import annotations

from collections.abc import Sequence

from tabulate import tabulate

from kubectl_cafe.text import printable


def table(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Rows under upper-case headers; an empty cell is a dash."""
    shown = [[printable(str(cell)) or "-" for cell in row] for row in rows]
    text = tabulate(shown, [h.upper() for h in headers], tablefmt="plain", disable_numparse=True)
    return "\n".join(line.rstrip() for line in text.splitlines())


def fields(pairs: Sequence[tuple[str, str]]) -> str:
    """`Name:  value` lines, as `kubectl describe` prints them; empty values are left out."""
    shown = [(f"{name}:", value) for name, value in pairs if value]
    width = max((len(name) for name, _ in shown), default=0) + 2
    return "\n".join(f"{name:<{width}}{printable(value)}" for name, value in shown)


def age(seconds: float) -> str:
    """A duration as kubectl shows ages."""
    whole = max(0, int(seconds))
    if whole < 120:
        return f"{whole}s"
    if whole < 7200:
        return f"{whole // 60}m{whole % 60}s" if whole < 600 else f"{whole // 60}m"
    if whole < 172800:
        return f"{whole // 3600}h"
    return f"{whole // 86400}d"

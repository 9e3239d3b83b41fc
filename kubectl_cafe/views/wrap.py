"""Lines for a terminal of some width; without a width they stay whole, as a pipe wants them."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

FEW = 6
"""Names that are listed before the rest is counted, where no width says how many fit."""


def hanging(text: str, width: int | None, first: str = "", rest: str = "  ") -> str:
    """`text` after `first`, broken between words; further lines begin with `rest`."""
    whole = " ".join(text.split())
    if width is None:
        return first + whole
    return textwrap.fill(
        whole,
        max(width, len(rest) + 20),
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )


def folded(names: Sequence[str], room: int | None) -> str:
    """As many of the names as fit into `room` columns, and how many more there are."""
    if room is None:
        return _first(names, FEW)
    shown = len(names)
    while shown > 0 and len(_first(names, shown)) > room:
        shown -= 1
    return _first(names, shown)


def _first(names: Sequence[str], shown: int) -> str:
    more = len(names) - shown
    if more <= 0:
        return ", ".join(names)
    if shown == 0:
        return f"{more} pods"
    return f"{', '.join(names[:shown])} and {more} more"

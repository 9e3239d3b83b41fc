"""Recognises web pages in answers (of a sign-in page or a gateway), and reads their titles."""

from __future__ import annotations

import re

_TITLE = re.compile(r"<title[^>]*>(.*?)</title", re.IGNORECASE | re.DOTALL)
_LONGEST = 100
"""Characters of a title in a message."""


def is_page(content_type: str, body: bytes) -> bool:
    """Whether a body is a web page, by its Content-Type or, if that is unclear, by its start."""
    if "json" in content_type:
        return False
    return "html" in content_type or body.lstrip()[:1] == b"<"


def title(body: bytes) -> str:
    """The page's title as one line; "" if it has none."""
    from html import unescape

    found = _TITLE.search(body.decode("utf-8", "replace"))
    words = unescape(found[1]).split() if found else []
    printable = "".join(c for c in " ".join(words) if c.isprintable())
    return printable if len(printable) <= _LONGEST else f"{printable[:_LONGEST]}..."

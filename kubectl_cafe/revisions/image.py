"""Image references as people type them."""

from __future__ import annotations

import re

_COMPONENT = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_HOST = r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9a-fA-F:]+\])(?::[0-9]+)?"
_REFERENCE = re.compile(
    rf"(?:{_HOST}/)?{_COMPONENT}(?:/{_COMPONENT})*"
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?"
    r"(?P<digest>@sha256:[0-9a-f]{64})?"
)
"""The grammar of distribution/reference, with sha256 the one digest in use."""

MUTABLE = frozenset({"", "latest", "stable", "main", "master", "edge", "nightly"})


def problem(image: str) -> str:
    """Why `image` is no image reference; empty where it is one."""
    if not image:
        return "the image is empty"
    if image != image.strip():
        return f"{image!r} has white space around it"
    if _REFERENCE.fullmatch(image) is None:
        return f"{image!r} is not an image reference (want [registry/]name[:tag][@sha256:...])"
    return ""


def mutable(image: str) -> bool:
    """Whether the tag is one that usually moves, so that the same string may mean new content."""
    match = _REFERENCE.fullmatch(image)
    return match is not None and not match["digest"] and (match["tag"] or "") in MUTABLE

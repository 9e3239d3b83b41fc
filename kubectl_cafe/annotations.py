"""The room that annotations have: the API server counts those of an object together."""

from __future__ import annotations

from collections.abc import Mapping

TOTAL = 256 * 1024
"""Bytes of all keys and values (apimachinery, TotalAnnotationSizeLimitB)."""


def room(annotations: Mapping[str, str | None], key: str) -> int:
    """The bytes that are left for the value of `key` beside the others; below 0: none.

    `annotations` are the object's as they are to be; None stands for one that goes.
    """
    others = (
        len(name.encode()) + len(value.encode())
        for name, value in annotations.items()
        if name != key and value is not None
    )
    return TOTAL - len(key.encode()) - sum(others)

"""The size limit of annotations: the API server counts all annotations of an object together."""

from __future__ import annotations

from collections.abc import Mapping

TOTAL = 256 * 1024
"""The most bytes of all keys and values (apimachinery, TotalAnnotationSizeLimitB)."""


def room(annotations: Mapping[str, str | None], key: str) -> int:
    """The bytes left for the value of `key` beside the other annotations; below 0: none.

    `annotations` are the object's as they are after the write; None stands for a removed one.
    """
    others = (
        len(name.encode()) + len(value.encode())
        for name, value in annotations.items()
        if name != key and value is not None
    )
    return TOTAL - len(key.encode()) - sum(others)

"""The size limit of annotations: the API server counts all annotations of an object together."""

from __future__ import annotations

from collections.abc import Mapping

TOTAL = 256 * 1024
"""The maximum number of bytes of all keys and values (apimachinery, TotalAnnotationSizeLimitB)."""


def room(annotations: Mapping[str, str | None], key: str) -> int:
    """The number of bytes that the value of `key` may have; negative if the others are too large.

    `annotations` are all annotations of the object after the write; None: removed by the write.
    """
    others = (
        len(name.encode()) + len(value.encode())
        for name, value in annotations.items()
        if name != key and value is not None
    )
    return TOTAL - len(key.encode()) - sum(others)

"""JSON merge patches (RFC 7386): custom resources support no strategic merge patches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kubectl_cafe.revisions.template import without_nulls


def merge_patch(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """The patch that turns `old` into `new`: removed keys are null, lists are replaced as a whole.

    A key with the value null in `old` or `new` counts as absent, also inside a list.
    """
    return _patch(without_nulls(old), without_nulls(new))


def _patch(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    patch: dict[str, Any] = {key: None for key in old if key not in new}
    for key, value in new.items():
        before = old.get(key)
        if isinstance(value, Mapping) and isinstance(before, Mapping):
            below = _patch(before, value)
            if below:
                patch[key] = below
        elif key not in old or before != value:
            patch[key] = value
    return patch

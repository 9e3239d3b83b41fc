"""Versions of Kubernetes and of kubectl-cafe, parsed for comparison."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from packaging.version import Version


def parsed(text: str) -> Version | None:
    """The version `text`, with or without a leading v; None if it does not begin with numbers.

    A pre-release (1.0.0-rc.1) is older than its release. PEP 440, which packaging implements, has
    no vendor suffixes, but Kubernetes has (v1.33.0-eks-1234+abc): such a version is compared by the
    numbers before the suffix.
    """
    from packaging.version import InvalidVersion, Version  # Most commands compare no versions.

    try:
        return Version(text)
    except InvalidVersion:
        numbers = re.match(r"v?\d+(\.\d+)*", text)
        return Version(numbers[0]) if numbers else None


def newer(text: str, than: str) -> bool:
    """Whether `text` is a later version than `than`; text that is no version is older than any."""
    found, other = parsed(text), parsed(than)
    return found is not None and (other is None or found > other)

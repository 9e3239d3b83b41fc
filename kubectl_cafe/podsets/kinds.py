"""The pod set of each podSetType.

A new podSetType is a module in this folder and an entry here. It also needs: its resource in the
roles (`manifests/rbac.yaml`); the spec fields that only it honours, taken out of what
`planning/releasable.py` refuses; and, if its controller replaces pods by itself when the template
changes, an update strategy in `create` that prevents this (OnDelete).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kubectl_cafe.podsets import PodSet, UpdateStrategy
from kubectl_cafe.podsets.inplaceset import InPlaceSet

DEFAULT = "InPlaceSet"
"""The podSetType if the spec names none, as the CRD defaults it."""
KINDS: dict[str, PodSet] = {DEFAULT: InPlaceSet()}


def supported(spec: Mapping[str, Any]) -> bool:
    """Whether this version can release the podSetType of a CafeDeployment's `spec`.

    This version needs a module for the podSetType, and pods that are patched in place: it can't
    replace pods.
    """
    podset = KINDS.get(spec.get("podSetType", DEFAULT))
    return podset is not None and podset.strategy is UpdateStrategy.PATCHED


def of(spec: Mapping[str, Any]) -> PodSet:
    """The pod set of a CafeDeployment's `spec`; the default one for an unknown podSetType.

    No release begins with an unknown podSetType.
    """
    return KINDS.get(spec.get("podSetType", DEFAULT), KINDS[DEFAULT])

"""The pod set of each podSetType.

A new one is a module beside this one and an entry here. Beside that it needs: its resource in the
roles (`manifests/rbac.yaml`); the fields of the spec that only it honours, taken out of what
`planning/releasable.py` refuses; and, if its controller would replace pods by itself as the
template changes, an update strategy in `create` that keeps it from that (OnDelete).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kubectl_cafe.podsets import PodSet, Strategy
from kubectl_cafe.podsets.inplaceset import InPlaceSet

DEFAULT = "InPlaceSet"
"""The podSetType where the spec names none, as the CRD defaults it."""
KINDS: dict[str, PodSet] = {DEFAULT: InPlaceSet()}


def supported(spec: Mapping[str, Any]) -> bool:
    """Whether this version can release the podSetType of a CafeDeployment's spec.

    It has that one, and patches its pods in place: it can't replace any.
    """
    podset = KINDS.get(spec.get("podSetType", DEFAULT))
    return podset is not None and podset.strategy is Strategy.PATCHED


def of(spec: Mapping[str, Any]) -> PodSet:
    """The pod set of a CafeDeployment's spec.

    Of a podSetType that this version has not, which no release begins with: the default one.
    """
    return KINDS.get(spec.get("podSetType", DEFAULT), KINDS[DEFAULT])

"""The spec's numbers of pods after the last release, in annotations of the CafeDeployment.

A rollback puts spec.replicas and spec.topology back by them (protocol 8).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from kubectl_cafe import names
from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.errors import CafeError, Refused

Json = Mapping[str, Any]
FIELDS = ("replicas", "topology")


def notes(cafe: CafeDeployment, cells: Mapping[str, int]) -> dict[str, str]:
    """The annotations after a release that leaves the pods of `cells`: counts, and the spec's size.

    An annotation that is there already is left out, as is a cell without pods that the spec does
    not have any more. The size is left out where the spec asks for other counts than `cells`.
    """
    left = {cell: size for cell, size in cells.items() if size or cell in cafe.cells}
    found = {names.ALLOCATION: _text(left)}
    try:
        if cafe.wished_allocation() == left:
            found[names.SIZE] = _text(_of(cafe.spec))
    except Refused:
        pass  # The spec was edited meanwhile: its counts do not fit together.
    return {name: text for name, text in found.items() if cafe.annotations.get(name) != text}


def restored(cafe: CafeDeployment) -> CafeDeployment:
    """`cafe` with the replicas and the topology that its last successful release had.

    Unchanged if they are not known: no annotation has them, or they ask for other counts than the
    recorded ones.
    """
    try:
        stored = json.loads(cafe.annotations.get(names.SIZE, ""))
        kept = {key: stored[key] for key in FIELDS if key in stored}
        others = {key: value for key, value in cafe.spec.items() if key not in FIELDS}
        before = cafe.with_spec({**others, **kept})
        known = before.wished_allocation() == cafe.recorded_allocation
    except (CafeError, ValueError, TypeError, AttributeError, RecursionError):
        return cafe  # Another client has edited the annotation.
    return before if known else cafe


def _of(spec: Json) -> Json:
    return {key: spec[key] for key in FIELDS if key in spec}


def _text(value: Json) -> str:
    return json.dumps(dict(value), separators=(",", ":"))

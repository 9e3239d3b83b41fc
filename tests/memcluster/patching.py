"""The server's four ways to read a patch. Nothing is changed in place."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

Json = Mapping[str, Any]

MERGE_KEYS = {
    "containers": "name",
    "initContainers": "name",
    "volumes": "name",
    "env": "name",
    "volumeMounts": "mountPath",
    "ports": "containerPort",
    "conditions": "type",
    "ownerReferences": "uid",
}
"""List fields that a strategic patch merges, and by what (the API's patchMergeKey)."""
SETS = ("finalizers",)
"""List fields of plain values that a strategic patch unites."""
DIRECTIVES = ("$patch", "$retainKeys")


class BadPatch(ValueError):
    """The patch can't be carried out."""


def merge(old: object, patch: object) -> object:
    """RFC 7386: null removes, maps are merged, everything else is replaced."""
    if not isinstance(patch, Mapping):
        return patch
    result = dict(old) if isinstance(old, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merge(result.get(key), value)
    return result


def strategic(old: object, patch: object, field: str = "") -> object:
    """Strategic merge: as `merge`, and lists of named items are merged item by item."""
    if isinstance(patch, Mapping):
        return _strategic_map(old if isinstance(old, Mapping) else {}, patch)
    if isinstance(patch, list) and isinstance(old, list):
        if field in MERGE_KEYS:
            return _strategic_list(old, patch, MERGE_KEYS[field])
        if field in SETS:
            return [*old, *(item for item in patch if item not in old)]
    return plain(patch)


def _strategic_map(old: Json, patch: Json) -> dict[str, Any]:
    replaced = patch.get("$patch") == "replace"
    result: dict[str, Any] = {} if replaced else dict(old)
    for key, value in patch.items():
        if key in DIRECTIVES or key.startswith("$setElementOrder"):
            continue
        if value is None:
            result.pop(key, None)
        else:
            result[key] = strategic(result.get(key), value, key)
    return result


def _strategic_list(old: Sequence[Any], patch: Sequence[Any], key: str) -> list[Any]:
    if any(item.get("$patch") == "replace" for item in patch):
        return [plain(item) for item in patch if item.get("$patch") != "replace"]
    result = list(old)
    for item in patch:
        place = next((n for n, known in enumerate(result) if known.get(key) == item.get(key)), None)
        if item.get("$patch") == "delete":
            if place is not None:
                del result[place]
        elif place is None:
            result.append(plain(item))
        else:
            result[place] = _strategic_map(result[place], item)
    return result


def plain(value: object) -> object:
    """`value` as it is stored: no directives, no nulls."""
    if isinstance(value, Mapping):
        return {
            key: plain(item)
            for key, item in value.items()
            if key not in DIRECTIVES and item is not None
        }
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value


def json_patch(old: Json, steps: Sequence[Json]) -> dict[str, Any]:
    """RFC 6902, as far as it is used: test, add, replace, remove. Raises BadPatch."""
    result = copy.deepcopy(dict(old))
    for step in steps:
        *above, last = [p.replace("~1", "/").replace("~0", "~") for p in _parts(step["path"])]
        place: Any = result
        try:
            for part in above:
                place = place[int(part)] if isinstance(place, list) else place[part]
            _step(place, last, step)
        except (KeyError, IndexError):
            raise BadPatch(f"{step['path']} is not there") from None
    return result


def _parts(path: str) -> list[str]:
    return path.strip("/").split("/")


def _step(place: Any, last: str, step: Json) -> None:
    key: Any = int(last) if isinstance(place, list) and last != "-" else last
    match step["op"]:
        case "test" if place[key] != step["value"]:
            raise BadPatch(f"testing value {step['path']} failed")
        case "test":
            return
        case "remove":
            del place[key]
        case "add" if isinstance(place, list):
            place.insert(len(place) if key == "-" else key, step["value"])
        case "replace" if key not in place:
            raise KeyError(key)
        case _:
            place[key] = step["value"]

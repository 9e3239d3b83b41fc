"""Pod templates: their hash, and what differs between two of them (protocol 3, 4)."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from kubectl_cafe import names

Json = Mapping[str, Any]
Change = tuple[str | None, str | None]
"""Old and new value; None for an absent one."""


class Difference(Struct, frozen=True):
    """The differences of two templates. `others` are the paths that can't change in place."""

    images: Mapping[str, tuple[str, str]]
    labels: Mapping[str, Change]
    annotations: Mapping[str, Change]
    others: tuple[str, ...]

    @property
    def empty(self) -> bool:
        """Whether the templates are the same."""
        return not (self.images or self.labels or self.annotations or self.others)


def without_nulls(value: Any) -> Any:
    """`value` without the keys whose value is null.

    Null means absent to the API server: a ReplicaSet drops it, a merge patch drops it inside a
    list, a CafeDeployment keeps it where the schema does not describe its template. Helm and
    `kubectl create` write `env: null`. Items of a list stay, nulls as well: their position counts.
    """
    if isinstance(value, Mapping):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [without_nulls(item) for item in value]
    return value


def fingerprint(value: object) -> str:
    """A hash of a JSON value, ten hexadecimal digits; the order of keys does not change it."""
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:10]


def stamp(template: Json) -> str:
    """Two fingerprints: of the template as the server shows it, and of its images by container."""
    meta = {k: v for k, v in (template.get("metadata") or {}).items() if v is not None}
    return f"{fingerprint({**template, 'metadata': meta})} {fingerprint(images(template))}"


def images(template: Json) -> dict[str, str]:
    """The image of every container of a template or a pod, by name, without init containers."""
    return {
        container["name"]: _as_text(container.get("image"))
        for container in (template.get("spec") or {}).get("containers") or ()
    }


def with_images(template: Json, wanted: Mapping[str, str]) -> dict[str, Any]:
    """A copy of the template with `wanted` images by container name."""
    changed = copy.deepcopy(dict(template))
    for container in changed.get("spec", {}).get("containers") or ():
        container["image"] = wanted.get(container["name"], container.get("image", ""))
    return changed


def labels(template: Json) -> dict[str, str]:
    """The template's labels."""
    return _texts((template.get("metadata") or {}).get("labels"))


def notes(template: Json) -> dict[str, str]:
    """The template's annotations. (The name `annotations` would hide a Python import.)"""
    return _texts((template.get("metadata") or {}).get("annotations"))


_TEXTS: Json = {"": str}
"""The shape of a mapping of texts with any keys."""
_CONTAINER: Json = {
    "name": str,
    "image": str,
    "imagePullPolicy": str,
    "resources": {"limits": {}, "requests": {}},
}
_TERMS: Json = {"nodeSelectorTerms": [{"matchExpressions": [{}]}]}
_SHAPE: Json = {
    "metadata": {"labels": _TEXTS, "annotations": _TEXTS},
    "spec": {
        "containers": [_CONTAINER],
        "initContainers": [_CONTAINER],
        "imagePullSecrets": [{"name": str}],
        "readinessGates": [{"conditionType": str}],
        "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": _TERMS}},
    },
}
"""The shape of the template fields that are read here; the CRD leaves most of the template to the
API server's own check."""


def misshapen(template: Json) -> str:
    """The first field of `template` that can't be read, with its path; empty if there is none."""
    return _misfit(template, _SHAPE, "spec.template")


def _misfit(value: Any, shape: Any, path: str) -> str:
    """The first path at which `value` is not of `shape`, and what is expected; empty if it is.

    A shape is a mapping by key ("": any key), a list of one shape, or `str`. Null always fits.
    """
    if value is None:
        return ""
    if shape is str:
        return "" if isinstance(value, str) else f"{path} must be a string; quote it"
    if isinstance(shape, list):
        if not isinstance(value, list):
            return f"{path} must be a list"
        parts = [(item, shape[0], f"{path}[{place}]") for place, item in enumerate(value)]
    elif not isinstance(value, Mapping):
        return f"{path} must be a mapping"
    elif "" in shape:
        parts = [(item, shape[""], f"{path}[{key}]") for key, item in value.items()]
    else:
        parts = [(value.get(key), below, f"{path}.{key}") for key, below in shape.items()]
    return next((said for part in parts if (said := _misfit(*part))), "")


def _texts(value: object) -> dict[str, str]:
    return {k: _as_text(v) for k, v in value.items()} if isinstance(value, Mapping) else {}


def _as_text(value: object) -> str:
    """A string as it is, "" for null, any other JSON value as JSON."""
    return value if isinstance(value, str) else "" if value is None else json.dumps(value)


def difference(old: Json, new: Json, selector_keys: Sequence[str] = ()) -> Difference:
    """The difference of two templates, and the changes that are not possible in place (protocol 3).

    Containers are matched by name. A label of `selector_keys`, which a selector reads, is among
    `others` (C57), and so is everything but images, labels and annotations, init containers
    included (C17).
    """
    old_images, new_images = images(old), images(new)
    changed_labels = changes(labels(old), labels(new))
    bound = sorted({*selector_keys, names.CELL, names.REVISION} & set(changed_labels))
    return Difference(
        images={
            name: (old_images[name], new_images[name])
            for name in new_images
            if name in old_images and old_images[name] != new_images[name]
        },
        labels={key: value for key, value in changed_labels.items() if key not in bound},
        annotations=changes(notes(old), notes(new)),
        others=(
            *(f"spec.template.metadata.labels[{key}]" for key in bound),
            *_paths(_rest(old), _rest(new), "spec.template"),
        ),
    )


def changes(old: Mapping[str, str], new: Mapping[str, str]) -> dict[str, Change]:
    """Old and new value of every key whose values differ."""
    keys = sorted(set(old) | set(new))
    return {key: (old.get(key), new.get(key)) for key in keys if old.get(key) != new.get(key)}


def _rest(template: Json) -> dict[str, Any]:
    """The template without the parts that may change in place; containers are keyed by name."""
    spec = dict(template.get("spec") or {})
    meta = dict(template.get("metadata") or {})
    for key in ("labels", "annotations", "creationTimestamp"):
        meta.pop(key, None)
    containers = {c["name"]: {**c, "image": ""} for c in spec.pop("containers", ())}
    return {"metadata": meta, "spec": {**spec, "containers": containers}}


def _paths(old: Any, new: Any, path: str) -> Iterator[str]:
    """The paths below `path` at which two JSON values differ."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted(set(old) | set(new)):
            below = f"{path}[{key}]" if path.endswith("containers") else f"{path}.{key}"
            if key in old and key in new:
                yield from _paths(old[key], new[key], below)
            else:
                yield below
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for place, (one, other) in enumerate(zip(old, new, strict=True)):
            yield from _paths(one, other, f"{path}[{place}]")
    elif old != new:
        yield path


def departures(meant: Json, shown: Json) -> tuple[str, ...]:
    """The paths at which the workload's template `shown` differs from the template `meant`.

    Fields that only `shown` has are not compared: the server adds defaults. Affinity is not
    compared: it includes a cell's own terms.
    """
    return tuple(_departures(meant, shown, "spec.template"))


def _departures(meant: Any, shown: Any, path: str) -> Iterator[str]:
    if isinstance(meant, Mapping) and isinstance(shown, Mapping):
        for key in sorted(set(meant) - {"affinity"}):
            if key in shown or meant[key]:
                yield from _departures(meant[key], shown.get(key), f"{path}.{key}")
    elif isinstance(meant, list) and isinstance(shown, list) and len(meant) == len(shown):
        for place, (one, other) in enumerate(zip(meant, shown, strict=True)):
            name = one.get("name", place) if isinstance(one, Mapping) else place
            yield from _departures(one, other, f"{path}[{name}]")
    elif meant != shown:
        yield path

"""Pod templates: their hash, and what differs between two of them (protocol 3, 4)."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kubectl_cafe import names

Json = Mapping[str, Any]
Change = tuple[str | None, str | None]
"""Old and new value; None where there is none."""


@dataclass(frozen=True)
class Difference:
    """What differs between two templates. `others` are the paths that can't go in place."""

    images: Mapping[str, tuple[str, str]]
    labels: Mapping[str, Change]
    annotations: Mapping[str, Change]
    others: tuple[str, ...]

    @property
    def empty(self) -> bool:
        """Whether the templates are the same."""
        return not (self.images or self.labels or self.annotations or self.others)


def fingerprint(value: object) -> str:
    """Ten hexadecimal digits that identify a JSON value, whatever the order of its keys."""
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:10]


def images(template: Json) -> dict[str, str]:
    """The image of every container of a template or a pod by name, without init containers."""
    return {c["name"]: c.get("image", "") for c in template.get("spec", {}).get("containers", ())}


def with_images(template: Json, wanted: Mapping[str, str]) -> dict[str, Any]:
    """A copy of the template with `wanted` images by container name."""
    changed = copy.deepcopy(dict(template))
    for container in changed.get("spec", {}).get("containers") or ():
        container["image"] = wanted.get(container["name"], container.get("image", ""))
    return changed


def labels(template: Json) -> dict[str, str]:
    """The template's labels."""
    return dict((template.get("metadata") or {}).get("labels") or {})


def notes(template: Json) -> dict[str, str]:
    """The template's annotations (the module's own `annotations` is Python's)."""
    return dict((template.get("metadata") or {}).get("annotations") or {})


def difference(old: Json, new: Json, selector_keys: Sequence[str] = ()) -> Difference:
    """What differs, and whether it can go in place (protocol 3).

    Containers are matched by name. A label that a selector reads is among `others` (C57),
    and so is everything but images, labels and annotations, init containers included (C17).
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
    """The keys whose values differ."""
    keys = sorted(set(old) | set(new))
    return {key: (old.get(key), new.get(key)) for key in keys if old.get(key) != new.get(key)}


def _rest(template: Json) -> dict[str, Any]:
    """The template without what may change in place; containers keyed by name."""
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

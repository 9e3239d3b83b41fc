"""Warnings about containers that read labels or annotations only at their start (downward API)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kubectl_cafe import names
from kubectl_cafe.revisions import template as templates

Json = Mapping[str, Any]
FIELD = re.compile(r"metadata\.(labels|annotations)(?:\['(.*)'\])?")
"""A field of the downward API; without a key, all labels or annotations (only in volumes)."""


def warnings(template: Json, diff: templates.Difference) -> tuple[str, ...]:
    """The warnings about running containers that keep old labels and annotations.

    A change of metadata restarts no container (C78). A downwardAPI volume is updated; an
    environment variable and a volume mounted by subPath are set when a container starts.
    """
    changed = _changed(diff)
    spec = template.get("spec") or {}
    volumes = {volume["name"]: _files(volume) for volume in spec.get("volumes") or ()}
    said: list[str] = []
    for kind, field in (("container", "containers"), ("init container", "initContainers")):
        for container in spec.get(field) or ():
            if field == "containers" and container["name"] in diff.images:
                continue  # The container restarts.
            kept = [*_variables(container, changed), *_mounts(container, volumes, changed)]
            if kept:
                said.append(
                    f"{kind} {container['name']} does not restart: it keeps the old value of "
                    f"{', '.join(kept)} until its next restart"
                )
    return tuple(said)


def _changed(diff: templates.Difference) -> Mapping[str, frozenset[str]]:
    """The keys of the labels and annotations that the release changes, the revision label too."""
    labels = frozenset(diff.labels)
    return {
        "labels": labels if diff.empty else labels | {names.REVISION},
        "annotations": frozenset(diff.annotations),
    }


def _follows(item: Json, changed: Mapping[str, frozenset[str]]) -> str:
    """The changed field that `item` is filled from, or empty.

    `item` has a fieldRef: a valueFrom or a downwardAPI item.
    """
    path = str((item.get("fieldRef") or {}).get("fieldPath", ""))
    found = FIELD.fullmatch(path)
    if not found:
        return ""
    keys, key = changed[found[1]], found[2]
    return path if (key in keys if key is not None else keys) else ""


def _variables(container: Json, changed: Mapping[str, frozenset[str]]) -> Iterator[str]:
    for variable in container.get("env") or ():
        if path := _follows(variable.get("valueFrom") or {}, changed):
            yield f"{variable['name']} ({path})"


def _files(volume: Json) -> Sequence[Json]:
    """The downwardAPI items of a volume, or of the sources of a projected volume."""
    projected = (volume.get("projected") or {}).get("sources") or ()
    sources = [volume.get("downwardAPI"), *(source.get("downwardAPI") for source in projected)]
    return [item for source in sources for item in (source or {}).get("items") or ()]


def _mounts(
    container: Json, volumes: Mapping[str, Sequence[Json]], changed: Mapping[str, frozenset[str]]
) -> Iterator[str]:
    for mount in container.get("volumeMounts") or ():
        part = mount.get("subPath") or mount.get("subPathExpr")
        paths = [_follows(item, changed) for item in volumes.get(mount["name"], ())]
        if part and (found := next(filter(None, paths), "")):
            yield f"{mount['mountPath']} ({found}, mounted by subPath)"

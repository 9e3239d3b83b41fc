"""A CafeDeployment in a file, for `-f`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kubectl_cafe import names
from kubectl_cafe.errors import USAGE, CafeError

Json = Mapping[str, Any]


def read(file: str, name: str | None, namespace: str | None) -> Json:
    """The one CafeDeployment of `file` (YAML or JSON; `-` is standard input).

    `name` and `namespace` are the command line's: the file may not contradict them. Raises
    CafeError for a file that can't be read, holds another object, or not exactly one.
    """
    from kubectl_cafe import yamls

    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
        found = yamls.load_all(text)
    except (OSError, UnicodeDecodeError, yamls.YAMLError) as error:
        raise _wrong(file, " ".join(str(error).split())) from None
    shown = [_kind(item) for item in found]
    if shown != [names.KIND]:
        listed = ", ".join(shown) or "nothing"
        raise _wrong(file, f"one {names.KIND} is wanted, there is {listed}; apply the rest first")
    (manifest,) = found
    _check(file, manifest, name, namespace)
    checked: Json = manifest
    return checked


def _check(file: str, manifest: Json, name: str | None, namespace: str | None) -> None:
    metadata = manifest.get("metadata") or {}
    if manifest.get("apiVersion") != names.API_VERSION:
        raise _wrong(file, f"apiVersion: {manifest.get('apiVersion')}, not {names.API_VERSION}")
    if not isinstance(manifest.get("spec"), Mapping):
        raise _wrong(file, "spec: is missing")
    own = {"name": metadata.get("name"), "namespace": metadata.get("namespace")}
    if not own["name"]:
        raise _wrong(file, "metadata.name: is missing")
    for field, asked in (("name", name), ("namespace", namespace)):
        if asked and own[field] and own[field] != asked:
            raise _wrong(file, f"metadata.{field}: {own[field]}, the command line says {asked}")


def _kind(item: object) -> str:
    if not isinstance(item, Mapping):
        return "text"
    return str(item.get("kind") or "an object without kind")


def _wrong(file: str, why: str) -> CafeError:
    return CafeError(why, where=file, hint="kubectl cafe upgrade --help", exit_code=USAGE)

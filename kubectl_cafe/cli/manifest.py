"""The CafeDeployment of a file, for `-f`."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from kubectl_cafe import names
from kubectl_cafe.errors import USAGE, CafeError
from kubectl_cafe.hints import argument, kubectl

Json = Mapping[str, Any]


def read(file: str, name: str | None, namespace: str | None) -> Json:
    """The one CafeDeployment in `file` (YAML or JSON; `-` is standard input).

    `name` and `namespace` are those of the command line. Raises CafeError for a file that can't be
    read, has other names than these, or has not exactly one object, a CafeDeployment.
    """
    from kubectl_cafe import yamls

    try:
        data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        found: list[Any] = [one for item in yamls.load_all(data) for one in _items(item)]
    except OSError as error:
        raise _wrong(file, error.strerror or str(error)) from None
    except yamls.YAMLError as error:
        raise _wrong(file, str(error)) from None
    if len(found) != 1 or _kind(found[0]) != names.KIND:
        raise _not_one(file, found, namespace)
    manifest: Json = found[0]
    _check(file, manifest, name, namespace)
    return manifest


def _items(document: object) -> Iterator[object]:
    """The objects of a document; those of a List one by one, as kubectl reads it."""
    if isinstance(document, Mapping) and _kind(document).endswith("List"):
        items = document.get("items")
        yield from items if isinstance(items, list) else ()
    else:
        yield document


def _not_one(file: str, found: list[Any], namespace: str | None) -> CafeError:
    """The error for a file without exactly one CafeDeployment: names all objects of the file."""
    listed = ", ".join(_named(item) for item in found) or "nothing"
    own = [_metadata(item) for item in found if _kind(item) == names.KIND]
    then = ""
    if len(own) == 1 and file != "-":
        space = own[0].get("namespace") or namespace or "NAMESPACE"
        then = kubectl("apply", space, f"-f {argument(file)}") + ", then "
        then += kubectl(f"cafe upgrade {own[0].get('name', 'NAME')}", space)
    return CafeError(
        f"the file must contain exactly one {names.KIND} (found: {listed}). Nothing was written",
        where=file,
        hint=then or "kubectl cafe upgrade --help",
        exit_code=USAGE,
    )


def _check(file: str, manifest: Json, name: str | None, namespace: str | None) -> None:
    metadata = _metadata(manifest)
    if manifest.get("apiVersion") != names.API_VERSION:
        raise _wrong(file, f"apiVersion: {manifest.get('apiVersion')}, must be {names.API_VERSION}")
    if not isinstance(manifest.get("spec"), Mapping):
        raise _wrong(file, "spec: required")
    own = {"name": metadata.get("name"), "namespace": metadata.get("namespace")}
    if not own["name"]:
        raise _wrong(file, "metadata.name: required")
    for field, value in own.items():
        if value is not None and not isinstance(value, str):
            raise _wrong(file, f"metadata.{field}: {value} must be a string; quote it")
    for field, asked in (("name", name), ("namespace", namespace)):
        if asked and own[field] and own[field] != asked:
            raise _wrong(file, f"metadata.{field}: {own[field]}, the command line has {asked}")


def _kind(item: object) -> str:
    if not isinstance(item, Mapping):
        return "text"
    return str(item.get("kind") or "an object without kind")


def _named(item: object) -> str:
    """The kind and the name of an object, for messages."""
    name = _metadata(item).get("name") if isinstance(item, Mapping) else None
    return f"{_kind(item)}/{name}" if name else _kind(item)


def _metadata(item: Json) -> Json:
    metadata = item.get("metadata")
    return metadata if isinstance(metadata, Mapping) else {}


def _wrong(file: str, why: str) -> CafeError:
    return CafeError(why, where=file, hint="kubectl cafe upgrade --help", exit_code=USAGE)

"""The documents of `-o json` and `-o yaml`, all in one shape (docs/output.md)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

API_VERSION = "cafe.sofastack.io/v1"
"""The apiVersion of all documents. New fields may be added; removing a field, or changing what it
means, makes a v2."""


def document(kind: str, content: object) -> dict[str, object]:
    """`content` (a dataclass or a mapping) as the document `kind`."""
    shown = plain(content)
    assert isinstance(shown, dict)
    return {"apiVersion": API_VERSION, "kind": kind, **shown}


def fields_of(value: DataclassInstance) -> dict[str, object]:
    """The fields of a dataclass as plain values, with their names as in a document."""
    return {_camel(field.name): plain(getattr(value, field.name)) for field in fields(value)}


def plain(value: object) -> object:
    """`value` as dicts, lists and scalars; fields in camelCase, the keys of maps as they are."""
    if is_dataclass(value) and not isinstance(value, type):
        return fields_of(value)
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return str(value) if isinstance(value, Enum) else value


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(part.capitalize() for part in others)

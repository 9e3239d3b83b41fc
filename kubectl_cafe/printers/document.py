"""The documents of `-o json` and `-o yaml`, all in one shape (docs/output.md)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

API_VERSION = "cafe.sofastack.io/v1"
"""The apiVersion of all documents. New fields may be added to it; if a field is removed or changes
its meaning, it becomes v2."""


def document(kind: str, content: object) -> dict[str, object]:
    """`content` (a value with fields, or a mapping) as the document `kind`."""
    shown = plain(content)
    assert isinstance(shown, dict)
    return {"apiVersion": API_VERSION, "kind": kind, **shown}


def fields_of(value: object) -> dict[str, object]:
    """The fields of a dataclass or a Struct as plain values, with their names as in a document."""
    return {_camel(name): plain(getattr(value, name)) for name in _names(value)}


def plain(value: object) -> object:
    """`value` as dicts, lists and scalars; fields in camelCase, the keys of maps as they are."""
    if _names(value):
        return fields_of(value)
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return str(value) if isinstance(value, Enum) else value


def _names(value: object) -> tuple[str, ...]:
    """The names of the fields; none if `value` is neither a dataclass nor a Struct.

    Read from attributes of the class, because importing dataclasses or msgspec would slow down
    `version --client`.
    """
    kind = type(value)
    return getattr(kind, "__struct_fields__", None) or tuple(
        getattr(kind, "__dataclass_fields__", ())
    )


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(part.capitalize() for part in others)

"""Values as versioned JSON in annotations, read strictly by msgspec.

Records are kept in annotations that users and other tools can edit, and that a newer version may
have written. A field that is missing, unknown or of another type is an error that names the field;
nothing is guessed. Keys are camelCase as in every Kubernetes object.
"""

from __future__ import annotations

import re
import reprlib
from collections.abc import Collection
from datetime import datetime
from enum import Enum
from types import NoneType
from typing import Annotated, Any, TypeVar, get_args

import msgspec

V = TypeVar("V", bound="Stored")
Integer = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
"""An integer in the range of int64, as in Kubernetes' own objects."""
LATEST = 2.0**35
"""Upper bound of a time (in the year 3058), in seconds since the Unix epoch. A later time is
treated as damage: datetime ends in the year 9999."""
REASON_LIMIT = 200
"""Characters of a reason in an error message; an annotation may hold huge values."""
_FIELD = re.compile(r"Object (contains unknown|missing required) field `(.*)`", re.DOTALL)
_MEMBER = re.compile(r"Invalid enum value (.*)", re.DOTALL)


class Stored(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """A value in an annotation: its fields in camelCase, no others."""


class DecodeError(ValueError):
    """The text is no value of the expected type and version; the message names field and reason."""


class _Version(msgspec.Struct):
    """The version of a JSON object, and the client that wrote it; other fields are ignored."""

    v: Any = None
    client: Any = None


def encode(value: Stored, without: Collection[str] = ()) -> str:
    """`value` as compact JSON, without the keys in `without`.

    Fields that are None are left out, other defaults are written.
    """
    fields = {k: v for k, v in msgspec.to_builtins(value).items() if k not in without}
    return msgspec.json.encode(_without_none(fields)).decode()


def decode(cls: type[V], text: str, version: int, oldest: int | None = None) -> V:
    """The instance of `cls` in `text`, as `encode` writes it.

    Accepts the versions `oldest` to `version`, without `oldest` only `version`. Fields that an
    older version lacks get their defaults. Raises DecodeError; for a `v` above `version` the
    message reports a newer kubectl-cafe.
    """
    found = version_of(text)
    if isinstance(found, int) and found > version:
        client = _head(text).client
        by = (
            f"kubectl-cafe {key_shown(client)}"
            if isinstance(client, str)
            else "a newer kubectl-cafe"
        )
        raise DecodeError(f"version {shown(found)}, written by {by} (this one reads {version})")
    if found not in range(version if oldest is None else oldest, version + 1):
        raise DecodeError(f"v: {shown(found)} is not a version of this record")
    try:
        return msgspec.json.decode(text, type=cls)
    except msgspec.ValidationError as error:
        raise DecodeError(_reason(error, cls, text)) from None
    except (ValueError, RecursionError) as error:
        raise DecodeError(f"not JSON: {error}") from None


def version_of(text: str) -> object:
    """The field `v` of the JSON object `text`; None without one. Raises DecodeError."""
    return _head(text).v


def _head(text: str) -> _Version:
    """The version and the client in the JSON object `text`, of any version. Raises DecodeError."""
    try:
        return msgspec.json.decode(text, type=_Version)
    except msgspec.ValidationError as error:
        path, reason = _parted(error)
        raise DecodeError(f"{path}: {reason}" if path else "not a JSON object") from None
    except RecursionError:
        raise DecodeError("not JSON: nested too deep") from None
    except ValueError as error:
        raise DecodeError(f"not JSON: {error}") from None


def check_time(text: str, path: str) -> None:
    """Raise DecodeError unless `text` is a time with its zone, from 1970 to LATEST."""
    try:
        found = datetime.fromisoformat(text)
        good = found.tzinfo is not None and 0 <= found.timestamp() < LATEST
    except (ValueError, OverflowError):
        good = False
    if not good:
        raise DecodeError(f"{path}: {shown(text)} is not an RFC 3339 time")


def shown(value: object) -> str:
    """`value` for an error message, shortened.

    An annotation may hold huge or deeply nested values.
    """
    return reprlib.repr(value)


def key_shown(key: str) -> str:
    """`key` as part of a path in a message. A long or unprintable key is shortened and quoted."""
    return key if len(key) <= 63 and key.isprintable() else shown(key)


def _without_none(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without_none(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [_without_none(item) for item in value]
    return value


def _parted(error: msgspec.ValidationError) -> tuple[str, str]:
    """The path in a message of msgspec, as `.plan.cells`, empty without one; and the reason."""
    text = str(error)
    reason, marker, path = text.rpartition(" - at `$")
    return (path.removesuffix("`"), reason) if marker else ("", text)


def _reason(error: msgspec.ValidationError, cls: type[Stored], text: str) -> str:
    """The message of `error` with the path first; for an unknown enum value with the known ones."""
    path, reason = _parted(error)
    path, kind = _place(cls, path, text)
    if field := _FIELD.fullmatch(reason):
        said = "missing" if field[1].startswith("missing") else "unknown field"
        return f"{path}.{key_shown(field[2])}: {said}"
    if (member := _MEMBER.fullmatch(reason)) and isinstance(kind, type) and issubclass(kind, Enum):
        return f"{path}: {member[1][:REASON_LIMIT]} is none of {', '.join(map(str, kind))}"
    return f"{path}: {reason[:1].lower()}{reason[1:REASON_LIMIT].replace('`', '')}"


def _place(cls: type[Stored], path: str, text: str) -> tuple[str, Any]:
    """The path with the keys of mappings, which msgspec writes as [...], and the type at its end.

    None as the type: `text` does not have the path.
    """
    kind: Any = cls
    named = ""
    try:
        data = msgspec.json.decode(text)
        for part in re.findall(r"\.\w+|\[[.0-9]+\]", path):
            if part[0] == ".":
                field = next(f for f in msgspec.structs.fields(kind) if f.encode_name == part[1:])
                kind, data = _present(field.type), data[part[1:]]
            elif part == "[...]":
                kind = get_args(kind)[1]
                key = next(key for key, value in data.items() if not _fits(value, kind))
                part, data = f".{key_shown(key)}", data[key]
            else:
                kind, data = get_args(kind)[0], data[int(part[1:-1])]
            named += part
    except (ValueError, LookupError, StopIteration, TypeError, AttributeError, RecursionError):
        return path, None
    return named, kind


def _present(kind: Any) -> Any:
    """`T` for `T | None`; any other type as it is."""
    kinds = get_args(kind)
    return kinds[0] if len(kinds) == 2 and kinds[1] is NoneType else kind


def _fits(value: object, kind: Any) -> bool:
    try:
        msgspec.convert(value, type=kind)
    except msgspec.ValidationError:
        return False
    return True

"""Dataclasses to JSON and back, strictly: unknown content is an error that names its path.

Records live in annotations that users and other tools can edit, and that a newer version may have
written. A field that is missing, unknown or of another type is an error that names the field;
nothing is guessed. Keys are camelCase as in every Kubernetes object.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import reprlib
import types
from collections.abc import Hashable, Mapping
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

T = TypeVar("T")
MOST = 2**63 - 1
"""The largest number that Kubernetes writes (int64)."""
LATEST = 2.0**35
"""Upper bound of a time, in seconds since the epoch. A time after the year 3000 is treated as
damage: calendars end at 9999."""


class CodecError(ValueError):
    """The text is not what was expected; the message names the place and the reason."""


@cache
def camel(name: str) -> str:
    """The JSON key of the field `name`."""
    head, *tail = name.split("_")
    return head + "".join(word.capitalize() for word in tail)


def dump(value: object) -> str:
    """`value` (a dataclass) as compact JSON; fields that are None are left out."""
    return json.dumps(_plain(value), separators=(",", ":"), ensure_ascii=False)


def load(cls: type[T], text: str, version: int, oldest: int | None = None) -> T:
    """The instance of `cls` in `text`, as `dump` writes it.

    Accepts the versions `oldest` to `version`, without `oldest` only `version`. Fields that an
    older version lacks get their defaults. Raises CodecError; for a `v` above `version` the message
    reports a newer kubectl-cafe.
    """
    try:
        data = json.loads(text)
    except ValueError as error:
        raise CodecError(f"not JSON: {error}") from None
    except RecursionError:
        raise CodecError("not JSON: nested too deep") from None
    if not isinstance(data, dict):
        raise CodecError("not a JSON object")
    found = data.get("v")
    if isinstance(found, int) and found > version:
        raise CodecError(
            f"version {shown(found)}, written by a newer kubectl-cafe (this one reads {version})"
        )
    if found not in range(version if oldest is None else oldest, version + 1):
        raise CodecError(f"v: {shown(found)} is not a version of this record")
    return cast(T, _typed(cls, data, ""))


def check_time(text: str, path: str) -> None:
    """Raise CodecError unless `text` is a time with its zone, from 1970 to the year 3000."""
    try:
        found = datetime.fromisoformat(text)
        good = found.tzinfo is not None and 0 <= found.timestamp() < LATEST
    except (ValueError, OverflowError):
        good = False
    if not good:
        raise CodecError(f"{path}: {shown(text)} is no RFC 3339 time")


def shown(value: object) -> str:
    """`value` for an error message, shortened.

    An annotation may hold huge or deeply nested values.
    """
    return reprlib.repr(value)


def _plain(value: object) -> object:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        pairs = ((f.name, getattr(value, f.name)) for f in dataclasses.fields(value))
        return {camel(name): _plain(item) for name, item in pairs if item is not None}
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


def _typed(kind: Any, data: object, path: str) -> object:
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return _one_of(get_args(kind), data, path)
    if dataclasses.is_dataclass(kind):
        return _dataclass(cast("type[object]", kind), data, path)
    if origin is tuple:
        if not isinstance(data, list):
            raise CodecError(f"{path}: a list is expected")
        item = get_args(kind)[0]
        return tuple(_typed(item, value, f"{path}[{n}]") for n, value in enumerate(data))
    if origin is not None and issubclass(origin, Mapping):
        if not isinstance(data, dict):
            raise CodecError(f"{path}: an object is expected")
        value_type = get_args(kind)[1]
        return {k: _typed(value_type, value, f"{path}.{key_shown(k)}") for k, value in data.items()}
    if issubclass(kind, StrEnum):
        try:
            return kind(cast(str, data))
        except (ValueError, TypeError):
            known = ", ".join(str(member) for member in kind)
            raise CodecError(f"{path}: {shown(data)} is none of {known}") from None
    if type(data) is not kind:
        raise CodecError(f"{path}: {shown(data)} is not {kind.__name__}")
    if isinstance(data, int) and abs(data) > MOST:
        raise CodecError(f"{path}: {shown(data)} is more than {MOST}")
    return data


def _one_of(kinds: tuple[Any, ...], data: object, path: str) -> object:
    """`data` decoded as the first of the types `kinds` that fits.

    If none fits, raises the CodecError of the first type.
    """
    first, *others = kinds
    try:
        return _typed(first, data, path)
    except CodecError:
        for kind in others:
            with contextlib.suppress(CodecError):
                return _typed(kind, data, path)
        raise


def key_shown(key: str) -> str:
    """`key` as part of a path in a message. A long or unprintable key is shortened and quoted."""
    return key if len(key) <= 63 and key.isprintable() else shown(key)


@cache
def _hints(cls: Hashable) -> dict[str, Any]:
    """The type hints of `cls`, cached.

    Every event of every pod needs them, and computing them takes longer than the rest of decoding.
    """
    return get_type_hints(cast("type[object]", cls))


def _dataclass(cls: type[object], data: object, path: str) -> object:
    if not isinstance(data, dict):
        raise CodecError(f"{path}: an object is expected")
    hints = _hints(cast(Hashable, cls))
    fields = {camel(f.name): f for f in dataclasses.fields(cls)}  # type: ignore[arg-type]
    if unknown := sorted(set(data) - set(fields)):
        raise CodecError(f"{path}.{key_shown(unknown[0])}: unknown field")
    values: dict[str, object] = {}
    for key, field in fields.items():
        if key in data:
            values[field.name] = _typed(hints[field.name], data[key], f"{path}.{key}")
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise CodecError(f"{path}.{key}: missing")
    return cls(**values)

"""Reads and writes YAML as kubectl does; uses libyaml if PyYAML was built with it.

kubectl converts YAML to JSON (sigs.k8s.io/yaml, with go-yaml v2's rules for scalars). PyYAML's
rules differ: PyYAML reads `12:30` as 750, a date as an object, and `0o7` as text.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import json
import math
import re
from collections.abc import Iterator
from typing import Any

import yaml

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_BaseDumper: type[Any] = getattr(yaml, "CSafeDumper", yaml.SafeDumper)

MAX_DEPTH = 200
"""The maximum depth of lists and mappings in a document; a Kubernetes object has about twenty."""
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(
        ("y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "true", "True", "TRUE"), True
    ),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "off", "Off", "OFF"), False),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
}
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_INTEGER = re.compile(
    r"(?P<sign>[-+]?)(0[xX](?P<x>[0-9a-fA-F]+)|0[bB](?P<b>[01]+)|0[oO]?(?P<o>[0-7]+)"
    r"|(?P<d>0|[1-9][0-9]*))"
)
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_POINT_FIRST = re.compile(r"\.[0-9](_?[0-9])*([eE][-+]?[0-9](_?[0-9])*)?")
_BASES = {"x": 16, "b": 2, "o": 8, "d": 10}
_TAG = "tag:yaml.org,2002:"
_RESOLVED = tuple(_TAG + name for name in ("bool", "int", "float", "null"))


class YAMLError(ValueError):
    """The text is not valid for kubectl. The message quotes nothing of it: it may be a secret."""


def decoded(data: bytes) -> str:
    """The text of a file: UTF-8, or the encoding of its byte order mark. Raises YAMLError."""
    mark, encoding = next((bom for bom in _BOMS if data.startswith(bom[0])), (b"", "utf-8"))
    try:
        return data[len(mark) :].decode(encoding)
    except UnicodeDecodeError as error:
        raise YAMLError(f"not {encoding.upper()}: byte {len(mark) + error.start}") from None


def load(data: bytes | str) -> Any:
    """The first document of `data`, None if there is none. Raises YAMLError."""
    return next(_documents(data), None)


def load_all(data: bytes | str) -> list[Any]:
    """The documents of `data` without empty ones. Raises YAMLError."""
    return [item for item in _documents(data) if item is not None]


def scalar(text: str) -> Any:
    """The value that kubectl reads from a plain scalar: null, a boolean, a number, or text.

    Dates and sexagesimal numbers are text; `010` and `0o10` are 8; `1_000` is 1000. Raises
    YAMLError for numbers that JSON does not have.
    """
    if text in _WORDS:
        return _WORDS[text]
    if _NOT_FINITE.fullmatch(text):
        raise YAMLError("infinity and NaN are not JSON values")
    if text[0] not in "+-.0123456789":
        return text
    if text[0] == "." and not _POINT_FIRST.fullmatch(text):
        return text
    plain = text.replace("_", "")
    if found := _INTEGER.fullmatch(plain):
        base = next(name for name in _BASES if found[name])
        number = int(f"{found['sign']}{found[base]}", _BASES[base])
        if -(2**63) <= number < 2**63:
            return number
        return float(number) if number < 2**64 or base == "d" else text
    if _FLOAT.fullmatch(plain) and math.isfinite(real := float(plain)):
        return _as_json(real)
    return text


def _as_json(real: float) -> int | float:
    """`real` as it is in Go's JSON: an integer if it is a whole number."""
    return int(real) if real.is_integer() and abs(real) < 2**63 else real


def dump(value: object, *, sort_keys: bool = False) -> str:
    """`value` (dicts, lists, scalars) as a document; long lines are not folded."""
    text: str = yaml.dump(
        value, Dumper=_Dumper, sort_keys=sort_keys, allow_unicode=True, width=1_000_000
    )
    return text


class _Dumper(_BaseDumper):  # type: ignore[misc]
    """Quotes texts that kubectl would read as another type: `y`, `1e3`, `0o7`."""


def _text(dumper: Any, text: str) -> Any:
    try:
        other = scalar(text) != text
    except YAMLError:
        other = True
    return dumper.represent_scalar(f"{_TAG}str", text, style="'" if other else None)


_Dumper.add_representer(str, _text)
_Dumper.add_multi_representer(str, _text)


def _documents(data: bytes | str) -> Iterator[Any]:
    text = decoded(data) if isinstance(data, bytes) else data.removeprefix("\ufeff")
    if text.lstrip().startswith("{"):
        try:
            yield from _json(text)
            return
        except ValueError:
            pass  # A mapping in YAML's flow style.
    events = yaml.parse(text, Loader=_Loader)
    try:
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                yield _Document(events).value
    except yaml.YAMLError as error:
        raise YAMLError(_said(error)) from None


def _said(error: yaml.YAMLError) -> str:
    """PyYAML's message and line number, without the quoted text, which may be a credential."""
    problem = str(getattr(error, "problem", None) or getattr(error, "reason", "malformed"))
    mark = getattr(error, "problem_mark", None)
    return f"line {mark.line + 1}: {problem}" if mark else problem


def _json(text: str) -> list[Any]:
    """The JSON documents in `text`, in order. Raises ValueError (YAMLError if nested too deep)."""
    decoder = json.JSONDecoder(parse_constant=_refused)
    found, end = [], 0
    try:
        while rest := text[end:].lstrip():
            value, length = decoder.raw_decode(rest)
            end = len(text) - len(rest) + length
            found.append(value)
    except RecursionError:
        raise YAMLError("nested too deep") from None
    json.dumps(found, ensure_ascii=False).encode()  # Raises ValueError for half a surrogate pair.
    return found


def _refused(constant: str) -> None:
    raise ValueError(constant)


class _Document:
    """Builds the `value` of one document from the parser's `events`, up to its end."""

    def __init__(self, events: Iterator[Any]) -> None:
        self._events = events
        self._anchors: dict[str, Any] = {}
        self._open: set[str] = set()
        self.value = self._node(next(events), 0)

    def _node(self, event: Any, depth: int) -> Any:
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        if depth > MAX_DEPTH:
            raise _wrong(event, f"nested more than {MAX_DEPTH} levels deep")
        if event.anchor:
            self._open.add(event.anchor)
        if isinstance(event, yaml.MappingStartEvent):
            value: Any = self._mapping(depth)
        elif isinstance(event, yaml.SequenceStartEvent):
            value = [self._node(item, depth + 1) for item in self._until(yaml.SequenceEndEvent)]
        else:
            value = _resolved(event)
        if event.anchor:
            self._open.discard(event.anchor)
            self._anchors[event.anchor] = value
        return value

    def _until(self, end: type[Any]) -> Iterator[Any]:
        while not isinstance(event := next(self._events), end):
            yield event

    def _alias(self, event: Any) -> Any:
        if event.anchor in self._open:
            raise _wrong(event, "an anchor's value contains itself")
        if event.anchor not in self._anchors:
            raise _wrong(event, "unknown anchor")
        return self._anchors[event.anchor]

    def _mapping(self, depth: int) -> dict[str, Any]:
        """The mapping in the next events. A later key or `<<` overrides earlier equal keys."""
        found: dict[str, Any] = {}
        for event in self._until(yaml.MappingEndEvent):
            merged = isinstance(event, yaml.ScalarEvent) and event.value == "<<" and _plain(event)
            key = None if merged else _key(self._node(event, depth + 1), event)
            value = self._node(next(self._events), depth + 1)
            if key is None:
                for part in reversed(_mappings(value, event)):
                    found.update(part)
            else:
                found[key] = value
        return found


def _mappings(value: Any, event: Any) -> list[dict[str, Any]]:
    """The mappings of a merge key (`<<`), whose value is a mapping or a list of mappings.

    Of equal keys the one in the first mapping counts.
    """
    parts = value if isinstance(value, list) else [value]
    if not all(isinstance(part, dict) for part in parts):
        raise _wrong(event, "<< requires a mapping, or a list of mappings")
    return parts


def _plain(event: Any) -> bool:
    return bool(event.implicit[0]) or event.tag == f"{_TAG}merge"


def _key(value: Any, event: Any) -> str:
    """The mapping key `value` as a string, because JSON has no other keys. Raises YAMLError."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    raise _wrong(event, "a key must be a string, a number or a boolean")


def _resolved(event: Any) -> Any:
    """The value of a scalar by its tag, its style and its text."""
    if event.tag is None and not event.implicit[0]:
        return event.value  # The scalar is quoted, or a block scalar.
    if event.tag is not None and event.tag not in _RESOLVED:
        return _binary(event) if event.tag == f"{_TAG}binary" else event.value
    try:
        value = scalar(event.value)
    except YAMLError as error:
        raise _wrong(event, str(error)) from None
    if event.tag is not None and not _is(event.tag.removeprefix(_TAG), value):
        raise _wrong(event, "a value is not of the type that its tag names")
    return value


def _is(tag: str, value: Any) -> bool:
    if tag == "null":
        return value is None
    if tag == "bool":
        return isinstance(value, bool)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and (tag == "float" or isinstance(value, int))


def _binary(event: Any) -> str:
    try:
        return base64.b64decode("".join(event.value.split()), validate=True).decode()
    except (binascii.Error, ValueError):
        raise _wrong(event, "!!binary requires text in base64") from None


def _wrong(event: Any, why: str) -> YAMLError:
    return YAMLError(f"line {event.start_mark.line + 1}: {why}")

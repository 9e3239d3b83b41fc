"""Texts that no kubectl-cafe writes, for annotations that it reads."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

DEEP = "[" * 100_000
NOT_SO_DEEP = "[" * 400 + "]" * 400
VALUES: dict[str, Any] = {
    "null": None,
    "true": True,
    "a negative number": -1,
    "a huge number": 10**400,
    "a fraction": 1.5,
    "infinity": float("inf"),
    "no text": "",
    "a huge text": "x" * 200_000,
    "a text with lines": "a\nb\x1b[31mc\u202e",
    "half a surrogate pair": "\ud800",
    "a list": [1, [2]],
    "a deep list": json.loads(NOT_SO_DEEP),
    "a mapping": {"a": {"b": 1}},
    "an early time": "0001-01-01T00:00:00+14:00",
    "a late time": "9999-12-31T23:59:59-14:00",
    "a time without zone": "0001-01-01T00:00:00",
}
WHOLE = {
    "nested deep": DEEP,
    "nested, and closed": NOT_SO_DEEP,
    "nested objects": '{"a":' * 50_000,
    "huge": "x" * 250_000,
    "a number": "5",
    "a huge number": "9" * 5000,
    "null": "null",
    "a list": "[]",
    "text": '"text"',
    "nothing": "",
    "a version that is a list": '{"v": [1]}',
    "a huge version": f'{{"v": {"9" * 4000}}}',
    "a deep version": f'{{"v": {NOT_SO_DEEP}}}',
    "an unknown field of a huge name": f'{{"v": 1, "{"k" * 100_000}": 1}}',
    "NaN": '{"v": NaN}',
}


def poisoned(text: str) -> Iterator[tuple[str, str]]:
    """`text`, a JSON object, with every field at every depth replaced by every value, in turn."""
    yield from WHOLE.items()
    for path in _paths(json.loads(text)):
        for what, value in VALUES.items():
            changed = copy.deepcopy(json.loads(text))
            place = changed
            for key in path[:-1]:
                place = place[key]
            place[path[-1]] = value
            yield f"{'.'.join(map(str, path))} is {what}", json.dumps(changed)


def _paths(value: Any) -> Iterator[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, below in items:
        yield (key,)
        if isinstance(below, dict | list):
            yield from ((key, *path) for path in _paths(below))

"""What Python compiles anew at every start, compiled once: when the archive is built.

The methods of dataclasses and named tuples are written as text, and compiled, whenever their
module is imported; regular expressions are as well. Together they are a quarter of the time of a
`status`. The archive brings its own Python, so what they compile to is known: it is kept by the
very text that was compiled, and whatever is not found by it is compiled as ever.
"""

from __future__ import annotations

import collections
import dataclasses
import marshal
import re
import sys
from _blake2 import blake2b
from collections.abc import Callable, Iterable
from importlib.util import MAGIC_NUMBER
from typing import Any

FILE = "ahead.bin"
"""Beside this module in the archive."""
FORMAT = 2
"""Of marshal: the last that writes the same bytes for the same code every time."""

_re: Any = re._compiler  # type: ignore[attr-defined]


def record(packages: Iterable[str]) -> bytes:
    """Import all modules of `packages`, and keep what that compiles.

    It changes the Python that it runs in, for good, and sees nothing of what has been imported
    before: to be called in a process of its own that has done nothing else.
    """
    texts: dict[bytes, bytes] = {}
    patterns: dict[tuple[str | bytes, int], bytes] = {}
    engine, whole = _re._sre, _re.compile
    assemble, made = engine.compile, list[tuple[Any, ...]]()

    def kept(text: str, mode: str) -> Any:
        code = _compiled(text, mode)
        texts[_digest(text)] = marshal.dumps(code, FORMAT)
        return code

    def assembled(*arguments: Any) -> Any:
        made.append(arguments)
        return assemble(*arguments)

    def compiled(pattern: Any, flags: int = 0) -> Any:
        found = whole(pattern, flags)
        if isinstance(pattern, str | bytes):
            _, kinds, code, groups, by_name, names = made[-1]
            # Numbers with names, and views of what the parser goes on with, as plain values.
            plain = (int(kinds), [int(c) for c in code], int(groups), dict(by_name), tuple(names))
            patterns[pattern, int(flags)] = marshal.dumps(plain, FORMAT)
        return found

    engine.compile = assembled
    _replace(kept, compiled)
    for package in packages:
        _import_all(package)
    ordered = (sorted(texts.items()), sorted(patterns.items(), key=repr))
    return MAGIC_NUMBER + marshal.dumps(ordered, FORMAT)


def use(data: bytes) -> None:
    """Let everything that is imported from now on find in `data` what it would have compiled.

    Another Python's data is left alone.
    """
    if not data.startswith(MAGIC_NUMBER):
        return
    ordered = marshal.loads(data[len(MAGIC_NUMBER) :])
    texts: dict[bytes, bytes] = dict(ordered[0])
    patterns: dict[tuple[str | bytes, int], bytes] = dict(ordered[1])
    assemble, whole = _re._sre.compile, _re.compile

    def found(text: str, mode: str) -> Any:
        code = texts.get(_digest(text))
        return marshal.loads(code) if code else _compiled(text, mode)

    def compiled(pattern: Any, flags: int = 0) -> Any:
        plain = isinstance(pattern, str | bytes)
        code = patterns.get((pattern, int(flags))) if plain else None
        return assemble(pattern, *marshal.loads(code)) if code else whole(pattern, flags)

    _replace(found, compiled)


def _compiled(text: str, mode: str) -> Any:
    """As its module would have it, without what this one imports from the future."""
    return compile(text, "<string>", mode, dont_inherit=True)


def _digest(text: str) -> bytes:
    """What stands for `text`, which would be half of the file."""
    return blake2b(text.encode(), digest_size=16).digest()


def _replace(code: Callable[[str, str], Any], pattern: Callable[..., Any]) -> None:
    """Have dataclasses and named tuples ask `code`, and regular expressions `pattern`.

    A module's own `exec` and `eval` come before the built-in ones.
    """

    def run(text: str, *scopes: Any) -> None:
        exec(code(text, "exec"), *scopes)

    def evaluate(text: str, *scopes: Any) -> Any:
        return eval(code(text, "eval"), *scopes)

    dataclasses.exec = run  # type: ignore[attr-defined]
    collections.eval = evaluate  # type: ignore[attr-defined]
    _re.compile = pattern


def _import_all(package: str) -> None:
    from importlib import import_module
    from pkgutil import walk_packages

    for module in walk_packages(import_module(package).__path__, f"{package}."):
        import_module(module.name)


if __name__ == "__main__":
    file, *names = sys.argv[1:]
    data = record(names)
    with open(file, "wb") as out:
        out.write(data)

"""The product without one of its guards, in this very process.

A guard is a text in a file and the text without it, as in tests/guards. The file is
compiled without it, and every function that came out differently gets the new code: whoever
has imported the function before calls it without the guard too.
"""

from __future__ import annotations

import importlib
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FunctionType, ModuleType

from tests import mutate

ROOT = Path(__file__).resolve().parents[2]
MAKERS = ("fget", "func", "__wrapped__")
"""Where a property, a cached property and a cached function keep the function itself."""
TABLE = ROOT / "tests" / "explore" / "guards.toml"


@dataclass(frozen=True)
class Guard:
    """One guard, and the scenario in which a search must miss it.

    Without `old` it is the one of its name in tests/guards.
    """

    name: str
    scenario: str
    file: str = ""
    old: str = ""
    new: str = ""


def read() -> list[Guard]:
    """The guards that searches must miss."""
    shared = {guard.name: vars(guard) for guard in mutate.read()}
    guards = []
    for entry in tomllib.loads(TABLE.read_text())["guard"]:
        known = {} if "old" in entry else shared[entry["name"]]
        taken = {key: known[key] for key in ("file", "old", "new") if key in known}
        guards.append(Guard(**{**taken, **entry}))
    return guards


@contextmanager
def without(guard: Guard) -> Iterator[None]:
    """The product without `guard`, until the end of the block."""
    text = (ROOT / guard.file).read_text()
    assert text.count(guard.old) == 1, f"{guard.name}: its text stands once in {guard.file}"
    name = guard.file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    module = importlib.import_module(name)
    mutant = ModuleType(name)
    mutant.__file__ = module.__file__
    code = compile(text.replace(guard.old, guard.new), str(module.__file__), "exec")
    with _registered(name, mutant):
        exec(code, mutant.__dict__)
    now, then = functions(vars(module), name), functions(vars(mutant), name)
    swapped: list[tuple[FunctionType, CodeType]] = []
    for path, function in now.items():
        if path in then and _differs(function.__code__, then[path].__code__):
            swapped.append((function, function.__code__))
            function.__code__ = then[path].__code__
    constants = _constants(vars(module), vars(mutant))
    kept = {key: vars(module)[key] for key in constants}
    vars(module).update(constants)
    _forget(module)
    assert swapped or constants, f"{guard.name}: nothing changes without it"
    try:
        yield
    finally:
        for function, original in swapped:
            function.__code__ = original
        vars(module).update(kept)
        _forget(module)


@contextmanager
def _registered(name: str, mutant: ModuleType) -> Iterator[None]:
    """Dataclasses look their module up while they are made."""
    import sys

    real = sys.modules[name]
    sys.modules[name] = mutant
    try:
        yield
    finally:
        sys.modules[name] = real


def _forget(module: ModuleType) -> None:
    """What the module's functions remember was computed by other code."""
    for value in vars(module).values():
        if hasattr(value, "cache_clear"):
            value.cache_clear()


def functions(
    scope: Mapping[str, object], module: str, prefix: str = ""
) -> dict[str, FunctionType]:
    """The functions and methods that are written in `module`, by their names."""
    found: dict[str, FunctionType] = {}
    for name, value in scope.items():
        value = next((made for how in MAKERS if (made := getattr(value, how, None))), value)
        if isinstance(value, FunctionType) and value.__module__ == module:
            found[prefix + name] = value
        elif isinstance(value, type) and value.__module__ == module and not prefix:
            found.update(functions(vars(value), module, f"{name}."))
    return found


def _differs(one: CodeType, other: CodeType) -> bool:
    """Whether two functions do different things, wherever their lines stand."""
    constants = zip(one.co_consts, other.co_consts, strict=False)
    return (
        (one.co_code, one.co_names, one.co_varnames)
        != (other.co_code, other.co_names, other.co_varnames)
        or len(one.co_consts) != len(other.co_consts)
        or any(
            _differs(a, b)
            if isinstance(a, CodeType) and isinstance(b, CodeType)
            else (type(a), a) != (type(b), b)
            for a, b in constants
        )
    )


def _constants(now: Mapping[str, object], then: Mapping[str, object]) -> dict[str, object]:
    """The module's constants that came out differently."""
    plain = (int, float, str, tuple)
    return {
        key: then[key]
        for key in now.keys() & then.keys()
        if key.isupper() and isinstance(now[key], plain) and now[key] != then[key]
    }

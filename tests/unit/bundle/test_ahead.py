"""What the archive brings compiled: found by its text, and the same as ever."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SHOP = """
import re
from collections import namedtuple
from dataclasses import dataclass, field, FrozenInstanceError

@dataclass(frozen=True)
class Pod:
    name: str
    ready: bool = False
    labels: dict = field(default_factory=dict, compare=False)

Place = namedtuple("Place", "cell node", defaults=["none"])
NAMED = re.compile(r"(?P<name>[a-z]+)-(?:\\d+|(?P<word>x))", re.IGNORECASE)
PLAIN, LOUD, RAW = re.compile("ab+"), re.compile("ab+", re.I), re.compile(rb"ab+")
"""
CHECK = """
import shop

a = shop.Pod("a", labels={"x": "y"})
assert a == shop.Pod("a") and a != shop.Pod("b") and not a.ready
assert shop.Pod.__init__.__annotations__["name"] is str
assert repr(a) == "Pod(name='a', ready=False, labels={'x': 'y'})"
try:
    a.name = "b"
except shop.FrozenInstanceError:
    pass
else:
    raise AssertionError
assert shop.Place("c") == ("c", "none") and shop.Place("c", node="n")._fields == ("cell", "node")
found = shop.NAMED.fullmatch("WEB-X")
assert (found["name"], found["word"], shop.NAMED.groups) == ("WEB", "X", 2)
assert shop.NAMED.flags == 34 and shop.NAMED.pattern.startswith("(?P<name>")
assert not shop.PLAIN.match("ABB") and shop.LOUD.match("ABB") and shop.RAW.match(b"abb")
"""
USE = "from bundle import ahead; ahead.use(open('ahead.bin', 'rb').read())\n"
NOTHING_COMPILES = """
import builtins, re
def never(*args, **_): raise AssertionError(args)
real, builtins.compile = builtins.compile, never
re._parser.parse = never
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """With a package `shop`, and the same under another name."""
    for name in ("shop", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(SHOP)
    return tmp_path


def python(arguments: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run Python in `folder`, with its modules and ours."""
    path = os.pathsep.join([str(folder), str(ROOT)])
    env = {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "", "PYTHONHASHSEED": "0"}
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=env, capture_output=True, text=True
    )


def record(folder: Path, package: str) -> bytes:
    """What importing `package` compiles, as bytes that are in the folder as well."""
    done = python(["-S", "-m", "bundle.ahead", "ahead.bin", package], folder)
    assert done.returncode == 0, done.stderr
    return (folder / "ahead.bin").read_bytes()


def test_what_was_compiled_ahead_is_not_compiled_again_and_is_the_same(folder: Path) -> None:
    record(folder, "shop")

    done = python(["-c", USE + NOTHING_COMPILES + CHECK], folder)

    assert done.returncode == 0, done.stderr


def test_without_it_the_same_check_sees_something_compiled(folder: Path) -> None:
    record(folder, "shop")

    done = python(["-c", NOTHING_COMPILES + CHECK], folder)

    assert "AssertionError" in done.stderr


def test_what_is_not_in_it_is_compiled_as_ever(folder: Path) -> None:
    (folder / "empty").mkdir()
    (folder / "empty" / "__init__.py").write_text("")
    record(folder, "empty")

    done = python(["-c", USE + CHECK], folder)

    assert done.returncode == 0, done.stderr


def test_what_another_python_compiled_is_left_alone(folder: Path) -> None:
    data = record(folder, "shop")
    (folder / "ahead.bin").write_bytes(b"\0\0\0\0" + data[4:])

    done = python(["-c", USE + NOTHING_COMPILES + CHECK], folder)

    assert "AssertionError" in done.stderr


def test_it_is_the_same_bytes_every_time(folder: Path) -> None:
    assert record(folder, "shop") == record(folder, "shop")

"""Unpack this platform's archive and run it: what each machine of the build matrix does."""

from __future__ import annotations

import importlib
import os
import pkgutil
import shutil
import subprocess
import tempfile
from pathlib import Path

import kubectl_cafe
import statemachine
from bundle import platforms
from bundle.errors import BundleError
from kubectl_cafe.cli.completing import COMPLETER
from kubectl_cafe.version import VERSION

UNREACHABLE = ("--server", "http://127.0.0.1:1")
"""No server listens there: the command loads its HTTP client and fails with an error."""
COMMANDS = (("version", "--client"), ("--help",), ("states",), ("init", "--dry-run=client"))
"""Each loads other modules; none sends a request."""


def run(folder: Path) -> str:
    """What was run, in one line; raises BundleError where an answer is not as expected."""
    import_all()
    here = platforms.here()
    if not (folder / here.archive()).is_file():
        raise BundleError(f"bundle: {folder} has no {here.archive()}\n  next:  make dist")
    with tempfile.TemporaryDirectory() as scratch:
        shutil.unpack_archive(folder / here.archive(), scratch)
        answers = [_answer(Path(scratch, here.program), *words) for words in COMMANDS]
        completed = _answer(Path(scratch, here.executable(COMPLETER)), "vers")
        reached = _run(Path(scratch, here.program), "status", *UNREACHABLE)
    if reached.returncode != 1 or "127.0.0.1:1" not in reached.stderr:
        raise BundleError(f"bundle: status without a server: {reached.stdout}{reached.stderr}")
    if answers[0].strip() != f"Client Version: v{VERSION}":
        raise BundleError(f"bundle: version --client says {answers[0]!r}")
    if not completed.startswith("version"):
        raise BundleError(f"bundle: the completion of vers is {completed!r}")
    return f"bundle: {here.archive()} runs on {here.os}/{here.arch}"


def import_all() -> None:
    """Import every module: one that this platform can't import is found before a user does."""
    for package in (kubectl_cafe, statemachine):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)


def _run(program: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run it without Python on PATH."""
    env = {**os.environ, "PATH": ""}
    return subprocess.run([program, *words], capture_output=True, text=True, env=env, check=False)


def _answer(program: Path, *words: str) -> str:
    """What it prints; raises BundleError where it fails or is silent."""
    done = _run(program, *words)
    if done.returncode != 0 or not done.stdout:
        raise BundleError(f"bundle: {program.name} {' '.join(words)} failed: {done.stderr}")
    return done.stdout

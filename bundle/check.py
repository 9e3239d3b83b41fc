"""Unpack this platform's archive and run it: what each machine of the build matrix does."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from bundle import platforms
from bundle.errors import BundleError
from kubectl_cafe.cli.completing import COMPLETER
from kubectl_cafe.version import VERSION

COMMANDS = (("version", "--client"), ("--help",), ("states",), ("init", "--dry-run=client"))
"""Each loads a part of its own; none asks a server."""


def run(folder: Path) -> str:
    """What was run, in one line; raises BundleError where an answer is not as expected."""
    here = platforms.here()
    if not (folder / here.archive()).is_file():
        raise BundleError(f"bundle: {folder} has no {here.archive()}\n  next:  make dist")
    with tempfile.TemporaryDirectory() as scratch:
        shutil.unpack_archive(folder / here.archive(), scratch)
        answers = [_answer(Path(scratch, here.program), *words) for words in COMMANDS]
        completed = _answer(Path(scratch, here.executable(COMPLETER)), "vers")
    if answers[0].strip() != f"Client Version: v{VERSION}":
        raise BundleError(f"bundle: version --client says {answers[0]!r}")
    if not completed.startswith("version"):
        raise BundleError(f"bundle: the completion of vers is {completed!r}")
    return f"bundle: {here.archive()} runs on {here.os}/{here.arch}"


def _answer(program: Path, *words: str) -> str:
    """What it prints, without Python on PATH; raises BundleError where it fails or is silent."""
    env = {**os.environ, "PATH": ""}
    done = subprocess.run([program, *words], capture_output=True, text=True, env=env, check=False)
    if done.returncode != 0 or not done.stdout:
        raise BundleError(f"bundle: {program.name} {' '.join(words)} failed: {done.stderr}")
    return done.stdout

"""Builds the archive: PyInstaller's folder of plugin and Python, completed and packed."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path

from bundle import archive, inside, manifest, notices, platforms, sbom
from bundle.errors import BundleError
from kubectl_cafe.cli.completing import COMPLETER

ROOT = Path(__file__).parent.parent
KEPT = ROOT / "build" / "bundle"
SOURCES = ("kubectl_cafe", "statemachine", "bundle")
LINES_SHOWN = 20


def into(out: Path) -> Path:
    """Put this platform's archive and its bill of materials into `out`; the archive's path."""
    out.mkdir(parents=True, exist_ok=True)
    for path in built().iterdir():
        shutil.copyfile(path, out / path.name)
    return out / platforms.here().archive()


def built() -> Path:
    """The folder with both, built once for the same sources and the same environment.

    There is no lock: a caller that starts several processes must let one build first. Raises
    BundleError.
    """
    folder = KEPT / _digest()
    if not folder.is_dir():
        KEPT.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=KEPT) as scratch:
            _build(Path(scratch)).rename(folder)
    return folder


def _build(scratch: Path) -> Path:
    here, unpacked, packed = platforms.here(), scratch / "kubectl-cafe", scratch / "packed"
    _freeze(scratch)
    binaries = json.loads((scratch / "cafe" / "binaries.json").read_text())
    components = inside.components(unpacked, binaries)
    # kubectl runs a program of this name for completions; the plugin reads its own name in argv.
    shutil.copy(unpacked / here.program, unpacked / here.executable(COMPLETER))
    shutil.copy(ROOT / "LICENSE", unpacked)
    text = notices.render(components)
    (unpacked / "THIRD-PARTY-NOTICES").write_text(text, encoding="utf-8")
    packed.mkdir()
    path = archive.pack(unpacked, packed / here.archive())
    bill = sbom.render(path.name, archive.sha256(path), components)
    (packed / f"{path.name}{manifest.BILL}").write_text(bill, encoding="utf-8")
    return packed


def _freeze(scratch: Path) -> None:
    """Run PyInstaller, which puts the plugin into a folder of `scratch`; raises BundleError."""
    command = ["-m", "PyInstaller", str(ROOT / "bundle" / "cafe.spec")]
    command += ["--noconfirm", "--log-level", "ERROR"]
    command += ["--distpath", str(scratch), "--workpath", str(scratch)]
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    _python(command, "PyInstaller", path, PYINSTALLER_CONFIG_DIR=str(scratch / "cache"))


def _python(command: Sequence[str], what: str, path: str, **environment: str) -> None:
    """Run this Python in the checkout; raises BundleError with the last lines of its output."""
    # A fixed hash seed: sets are compiled in hash order. No column numbers: 10 % of the archive.
    fixed = {"PYTHONHASHSEED": "0", "PYTHONNODEBUGRANGES": "1", "PYTHONPATH": path, **environment}
    done = subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=os.environ | fixed,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        tail = "\n  ".join(f"{done.stdout}{done.stderr}".splitlines()[-LINES_SHOWN:])
        raise BundleError(f"bundle: {what} failed (exit {done.returncode}):\n  {tail}")


def _digest() -> str:
    """A hash of the sources, of Python's version and of the installed distributions."""
    installed = sorted({f"{one.name} {one.version}" for one in metadata.distributions()})
    sha = hashlib.sha256(repr((platform.python_version(), installed)).encode())
    for path in _sources():
        sha.update(f"\0{path.relative_to(ROOT)}\0".encode())
        sha.update(path.read_bytes())
    return sha.hexdigest()[:16]


def _sources() -> Iterator[Path]:
    yield ROOT / "LICENSE"
    yield ROOT / "setup.py"
    for folder in SOURCES:
        found = sorted(path for path in (ROOT / folder).rglob("*") if path.is_file())
        yield from (path for path in found if "__pycache__" not in path.parts)

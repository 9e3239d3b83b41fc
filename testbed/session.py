"""One cluster for a whole test run, shared by its processes, gone when the last of them is.

Every process that uses the cluster holds a shared lock on the run's lock file, which the kernel
releases however the process ends. A guard process waits for the lock to be free and cleans up, so
that even `kill -9` of a test run leaves nothing behind. If the guard itself was killed, the next
run finds the free lock and cleans up in its place.
"""

from __future__ import annotations

import fcntl
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from testbed.client import Client
from testbed.controlplane import ControlPlane
from testbed.nodes import add_nodes
from testbed.processes import Processes, detached

ROOT = Path(__file__).parent.parent


@contextmanager
def shared(home: Path, run: str, cells: Mapping[str, int]) -> Iterator[ControlPlane]:
    """The control plane of test run `run`, with nodes in `cells`; the first to ask starts it."""
    home.mkdir(parents=True, exist_ok=True)
    plane = ControlPlane(home / run)
    ready = plane.directory / "ready"
    with _door(home):
        sweep(home)
        holding = _lock_file(home, run).open("a")
        fcntl.flock(holding, fcntl.LOCK_SH)
        try:
            if not ready.exists():
                _start_guard(home, run)
                plane.start()
                add_nodes(Client.of(plane), cells)
                ready.touch()
        except BaseException:
            holding.close()
            raise
    try:
        yield plane
    finally:
        holding.close()


def sweep(home: Path) -> None:
    """Remove every run in `home` that no process uses; the caller holds the door's lock."""
    for path in home.glob("*.lock"):
        with path.open("a") as lock:
            if _taken(lock):
                continue
            _remove(home, path)


def guard(home: Path, run: str) -> None:
    """Wait until no process uses `run`, then remove it."""
    path = _lock_file(home, run)
    while path.exists():
        with path.open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
        # Only under the door's lock is it certain that no process is about to join.
        with _door(home):
            sweep(home)


def _remove(home: Path, lock: Path) -> None:
    """End the processes of a run, keep its logs as the last ones, remove the rest."""
    directory = lock.with_suffix("")
    Processes(directory).stop(grace=0)
    if (directory / "logs").is_dir():
        shutil.rmtree(home / "logs", ignore_errors=True)
        shutil.move(directory / "logs", home / "logs")
    shutil.rmtree(directory, ignore_errors=True)
    lock.unlink()


def _taken(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False


def _lock_file(home: Path, run: str) -> Path:
    return home / f"{run}.lock"


@contextmanager
def _door(home: Path) -> Iterator[None]:
    """One process at a time joins, starts or removes runs."""
    with (home / "door").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _start_guard(home: Path, run: str) -> None:
    with (home / "guard.log").open("ab") as log:
        detached([sys.executable, "-m", "testbed.session", home, run], log, ROOT)


if __name__ == "__main__":
    guard(Path(sys.argv[1]), sys.argv[2])

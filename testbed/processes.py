"""Start, watch and end the testbed's own processes, and no others.

Every process leads a session of its own. `processes.json` has its pid and its start time, by which
a later process can distinguish it from another one with the same pid.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from testbed.errors import TestbedError

TAIL = 20
"""Lines of a log that are shown when its process fails to start."""


_CHILDREN: dict[int, subprocess.Popen[bytes]] = {}
"""Processes that were started by this one, for as long as it lives: Popen objects that are
dropped earlier complain that their process still runs, which here it should."""


@dataclass(frozen=True)
class Entry:
    """A process that was started here: its name, pid, and start time as the kernel tells it."""

    name: str
    pid: int
    started: str

    def alive(self) -> bool:
        """Whether it still runs, and is still the one that was started."""
        return start_time(self.pid) == self.started


class Processes:
    """The processes of one testbed `directory`; logs go to `logs/NAME.log` there."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._state = directory / "processes.json"

    def entries(self) -> list[Entry]:
        """What was started and not stopped, dead or alive, in the order of starting."""
        if not self._state.exists():
            return []
        return [Entry(**entry) for entry in json.loads(self._state.read_text())]

    def alive(self, name: str) -> bool:
        """Whether the process called `name` runs."""
        return any(entry.name == name and entry.alive() for entry in self.entries())

    def log(self, name: str) -> Path:
        """Where the output of `name` goes."""
        return self._directory / "logs" / f"{name}.log"

    def start(
        self, name: str, command: Sequence[str | Path], env: Mapping[str, str] | None = None
    ) -> Entry:
        """Start `command`; it outlives this process unless `stop` ends it."""
        log = self.log(name)
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            pid = detached(command, output, self._directory, env)
        entry = Entry(name, pid, start_time(pid) or "")
        self._write([*(e for e in self.entries() if e.name != name), entry])
        return entry

    def wait_until(self, name: str, ready: Callable[[], bool], seconds: float) -> None:
        """Wait until `ready()`.

        Raises TestbedError with the log's tail when the process ends or `seconds` pass before.
        """
        deadline = time.monotonic() + seconds
        while not ready():
            if not self.alive(name):
                raise TestbedError(f"testbed: {name} ended at once.\n{self.tail(name)}")
            if time.monotonic() > deadline:
                raise TestbedError(
                    f"testbed: {name} is not ready after {seconds:.0f} s.\n{self.tail(name)}"
                )
            time.sleep(0.05)

    def tail(self, name: str) -> str:
        """The last lines of the log of `name`, for a person."""
        log = self.log(name)
        lines = log.read_text(errors="replace").splitlines()[-TAIL:] if log.exists() else []
        shown = "\n  ".join(lines) or "(empty)"
        return f"The end of {log}:\n  {shown}"

    def stop(self, name: str | None = None, grace: float = 10.0) -> None:
        """End `name` (all of them, last started first, when absent): SIGTERM, then SIGKILL.

        `grace` is in seconds and shared by all; 0 kills at once.
        """
        leaving = [e for e in self.entries() if name in (None, e.name)]
        deadline = time.monotonic() + grace
        for entry in reversed(leaving):
            if grace > 0:
                self._signal(entry, signal.SIGTERM)
                while entry.alive() and time.monotonic() < deadline:
                    _reap(entry.pid)
                    time.sleep(0.02)
            self._signal(entry, signal.SIGKILL)
        for entry in leaving:
            while entry.alive():
                _reap(entry.pid)
                time.sleep(0.02)
            _reap(entry.pid)
        if leaving:
            self._write([e for e in self.entries() if e not in leaving])

    def _signal(self, entry: Entry, number: signal.Signals) -> None:
        """Signal the whole group of a process that is certainly ours."""
        if entry.alive():
            try:
                os.killpg(entry.pid, number)
            except ProcessLookupError:
                return

    def _write(self, entries: list[Entry]) -> None:
        scratch = self._state.with_suffix(".tmp")
        scratch.write_text(json.dumps([asdict(entry) for entry in entries], indent=1))
        scratch.replace(self._state)


def detached(
    command: Sequence[str | Path],
    output: IO[bytes],
    directory: Path,
    env: Mapping[str, str] | None = None,
) -> int:
    """Start `command` in a session of its own, all it says goes to `output`; answers its pid."""
    child = subprocess.Popen(
        [str(part) for part in command],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        cwd=directory,
        env=None if env is None else dict(env),
        start_new_session=True,
    )
    _CHILDREN[child.pid] = child
    return child.pid


def _reap(pid: int) -> None:
    """Let go of a child that has ended; of another's child nothing is to be done."""
    child = _CHILDREN.get(pid)
    if child is not None and child.poll() is not None:
        del _CHILDREN[pid]


def start_time(pid: int) -> str | None:
    """When `pid` was started, in the kernel's own terms; None when there is none or it is dead."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return None if Path("/proc/self/stat").exists() else _start_time_by_ps(pid)
    except ProcessLookupError:
        return None
    # The name, in brackets, may hold blanks: what counts stands after it.
    fields = status.rpartition(")")[2].split()
    if fields[0] in "ZX" and not _threads(pid):
        return None
    return fields[19]


def _threads(pid: int) -> bool:
    """Whether threads of a dead leader still run: until they are gone its ports are taken."""
    try:
        return len(os.listdir(f"/proc/{pid}/task")) > 1
    except (FileNotFoundError, ProcessLookupError):
        return False


def _start_time_by_ps(pid: int) -> str | None:
    answer = subprocess.run(
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    state, _, started = answer.stdout.strip().partition(" ")
    return None if not state or state.startswith("Z") else started.strip()

"""Run `kubectl-cafe` as its users do: as a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from testbed.terminal import Terminal

PROGRAM = Path(sys.prefix) / "bin" / "kubectl-cafe"
SECONDS = 120.0

LEFT_OUT = ("CAFE_", "KUBE", "PYTHONDONTWRITEBYTECODE")
"""How the names of those variables begin that the plugin does not get: what this shell speaks to,
and what would have it compile itself anew each time, 70 ms that no installed one needs."""


@dataclass(frozen=True)
class Outcome:
    """How a run ended: exit code (negative: the signal that ended it), stdout and stderr."""

    code: int
    out: str
    err: str

    def document(self) -> dict[str, Any]:
        """What it printed by `-o json`; raises AssertionError with its exit code and stderr."""
        try:
            found: dict[str, Any] = json.loads(self.out)
        except ValueError:
            raise AssertionError(f"no JSON, exit code {self.code}: {self.err}") from None
        return found


class Running:
    """A run that goes on; its output is collected in files, so that nothing blocks."""

    def __init__(self, command: list[str], env: Mapping[str, str]) -> None:
        self._out = self._collector()
        self._err = self._collector()
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=self._out, stderr=self._err, env=env
        )

    @property
    def pid(self) -> int:
        """The process."""
        return self._process.pid

    def running(self) -> bool:
        """Whether it has not ended yet."""
        return self._process.poll() is None

    def kill9(self) -> None:
        """End it as a power cut would; what has ended already stays as it is."""
        self._process.kill()
        self._process.wait()

    def send(self, number: signal.Signals) -> None:
        """Send a signal: SIGINT for Ctrl-C, SIGSTOP and SIGCONT for a laptop that sleeps."""
        self._process.send_signal(number)

    def said(self) -> tuple[str, str]:
        """stdout and stderr up to now."""
        return _all(self._out), _all(self._err)

    def wait(self, seconds: float = SECONDS) -> Outcome:
        """Its outcome; after `seconds` it is killed and subprocess.TimeoutExpired is raised."""
        try:
            code = self._process.wait(seconds)
        except subprocess.TimeoutExpired as error:
            self.kill9()
            out, err = self.said()
            error.add_note(f"stdout:\n{out}\nstderr:\n{err}")
            raise
        out, err = self.said()
        return Outcome(code, out, err)

    def _collector(self) -> int:
        """A descriptor of an unnamed file, which is closed when this object is collected."""
        with tempfile.TemporaryFile() as file:
            descriptor = os.dup(file.fileno())
        weakref.finalize(self, os.close, descriptor)
        return descriptor


def _all(descriptor: int) -> str:
    # By its own offset: the child goes on writing at the end of the same open file.
    return os.pread(descriptor, 1 << 26, 0).decode(errors="replace")


@dataclass(frozen=True)
class Cafe:
    """Calls `kubectl-cafe ARGUMENTS -n NAMESPACE` with one kubeconfig, or another `program`."""

    kubeconfig: Path
    namespace: str
    env: Mapping[str, str] = field(default_factory=dict)
    runs: list[Running] = field(default_factory=list, compare=False)
    """The processes that were started, so that the fixture can end them."""
    program: tuple[str, ...] = (str(PROGRAM),)
    flags: tuple[str, ...] = ()
    """Flags that every call gets."""

    def at(self, kubeconfig: Path) -> Cafe:
        """The same through another kubeconfig: another user's, or a proxy's."""
        return replace(self, kubeconfig=kubeconfig)

    def start(self, *arguments: str) -> Running:
        """Start it and go on."""
        env = self._environment() | {"NO_COLOR": "1", "COLUMNS": "160", **self.env}
        self.runs.append(Running(self._command(arguments), env))
        return self.runs[-1]

    def at_terminal(self, *arguments: str, size: tuple[int, int] = (80, 24)) -> Terminal:
        """Start it in a terminal of `size` columns and rows; the caller closes the terminal."""
        env = self._environment() | {"TERM": "xterm-256color", "LANG": "C.UTF-8", **self.env}
        for name in ("COLUMNS", "LINES", "NO_COLOR"):
            if name not in self.env:
                env.pop(name, None)
        return Terminal(self._command(arguments), env, *size)

    def _command(self, arguments: Sequence[str]) -> list[str]:
        return [*self.program, *arguments, *self.flags, "-n", self.namespace]

    def _environment(self) -> dict[str, str]:
        env = {k: v for k, v in os.environ.items() if not k.startswith(LEFT_OUT)}
        return env | {"KUBECONFIG": str(self.kubeconfig)}

    def __call__(self, *arguments: str, seconds: float = SECONDS) -> Outcome:
        """Run it to its end."""
        return self.start(*arguments).wait(seconds)

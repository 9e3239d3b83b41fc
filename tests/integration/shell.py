"""A shell in which the commands of docs/ and of the help are typed."""

from __future__ import annotations

import re
import socket
import subprocess
from pathlib import Path

from demo.scenes.operator import environment
from testbed.controlplane import ControlPlane
from testbed.credentials import write_kubeconfig

ROOT = Path(__file__).parents[2]
NAMESPACE = "stores"
"""What pages call the namespace of a test."""


class Shell:
    """An operator's shell, whose kubeconfig names the namespace."""

    def __init__(self, plane: ControlPlane, namespace: str, folder: Path) -> None:
        self.kubeconfig = write_kubeconfig(
            folder / "kubeconfig", plane.server, plane.token(), "admin", plane.ca, namespace
        )
        self._env = environment(self.kubeconfig)
        self._namespace = namespace

    def run(self, command: str, folder: Path | None = None) -> tuple[int, list[str]]:
        """The exit code, and stdout and stderr as they stand in a terminal.

        It is typed in `folder`, or in the checkout.
        """
        done = subprocess.run(
            ["bash", "-c", command],
            env=self._env,
            cwd=folder or ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )
        shown = done.stdout.replace(self._namespace, NAMESPACE)
        host = re.compile(rf"\b{re.escape(socket.gethostname())}(?=_|\b)")
        return done.returncode, host.sub("laptop", shown).splitlines()

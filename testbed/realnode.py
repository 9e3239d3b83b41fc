"""A real node: kubelet and containerd next to the control plane, in namespaces of their own.

All its processes live in one pid and one mount namespace. Whatever ends the first of them, a
kill -9 too, ends every container and every mount; what then remains on the machine are a bridge,
empty control groups and files, all of which carry this node's name and go at the next start.
"""

from __future__ import annotations

import fcntl
import ipaddress
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from testbed import images, prerequisites
from testbed.build import binary
from testbed.controlplane import ControlPlane
from testbed.errors import TestbedError
from testbed.nodeconfig import NodeConfig, free_subnet, identity
from testbed.processes import Processes, start_time

READY_SECONDS = 60.0
LEAVE_SECONDS = 20
CGROUPS = Path("/sys/fs/cgroup")
KUBELET_HOME = Path("/var/lib/kubelet")


class RealNode:
    """One node of `control_plane` whose files are in `directory`; one a directory at a time.

    Creating one starts nothing. Errors are TestbedErrors.
    """

    def __init__(
        self,
        control_plane: ControlPlane,
        directory: Path,
        *,
        name: str = "real",
        cell: str = "CellA",
        detached: bool = False,
    ) -> None:
        """`detached`: it outlives the process that starts it."""
        self.name = name
        self.directory = directory.resolve()
        self._control_plane = control_plane
        self._cell = cell
        self._detached = detached
        self._identity = identity(self.directory)
        self._processes = Processes(self.directory)
        self._lock: IO[str] | None = None

    @property
    def bridge(self) -> str:
        """The bridge that the pods' addresses are behind."""
        return f"cafe-{self._identity}"

    def start(self) -> None:
        """Start it and wait until the API server shows it Ready, some 10 s.

        What an earlier run left in this directory, or by this node's name, is removed first.
        """
        if lacking := prerequisites.missing():
            raise TestbedError(f"testbed: no real node: {lacking[0]}")
        programs = {name: binary(name) for name in ("containerd", "kubelet", "app")}
        self._take_lock()
        self._clear()
        for folder in ("logs", "kubelet", "cni", "certs.d/_default"):
            (self.directory / folder).mkdir(parents=True)
        node = NodeConfig(
            directory=self.directory,
            name=self.name,
            cell=self._cell,
            identity=self._identity,
            subnet=free_subnet(self._identity, _addresses()),
            kubeconfig=self._control_plane.directory / "kubeconfig-kubelet",
            containerd=programs["containerd"],
            kubelet=programs["kubelet"],
            snapshotter=prerequisites.snapshotter(self.directory),
        )
        for path, text in node.files().items():
            path.write_text(text)
        images.write_archive(node.archive, programs["app"])
        self._add_bridge(node)
        self._make_kubelet_home()
        try:
            self._launch(node)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Delete its pods and the node, end everything, remove what it left; twice is fine."""
        if self._processes.alive("node"):
            self._leave()
        self._clear()
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def run(self, command: Sequence[str | Path]) -> str:
        """Run `command` inside the node's namespaces and return what it prints."""
        inside = ["nsenter", "--target", str(self._init()), "--mount", "--pid", "--"]
        done = subprocess.run(
            [*inside, *map(str, command)], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise TestbedError(f"testbed: {command[0]} failed on the node: {done.stderr.strip()}")
        return done.stdout

    def _launch(self, node: NodeConfig) -> None:
        own = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
        tied = [] if self._detached else ["setpriv", "--pdeathsig", "KILL"]
        command = [*tied, *own, "sh", str(node.directory / "init.sh")]
        self._processes.start("node", command)
        self._processes.wait_until("node", self._ready, READY_SECONDS)

    def _ready(self) -> bool:
        path = '{.status.conditions[?(@.type=="Ready")].status}'
        answer = self._kubectl("get", "node", self.name, "-o", f"jsonpath={path}")
        return answer.stdout == "True" or time.sleep(0.3) is not None

    def _leave(self) -> None:
        """Delete the node's pods and wait until the kubelet has let them go, then the node."""
        mine = ("--all-namespaces", f"--field-selector=spec.nodeName={self.name}")
        self._kubectl("cordon", self.name)
        self._kubectl("delete", "pods", *mine, f"--timeout={LEAVE_SECONDS}s")
        self._kubectl("delete", "node", self.name, "--ignore-not-found", "--wait=false")
        self._kubectl("delete", "pods", *mine, "--force", "--grace-period=0", "--wait=false")

    def _kubectl(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [binary("kubectl"), "--kubeconfig", self._control_plane.kubeconfig, *arguments]
        # The API server may be gone already; what is left of this node is removed all the same.
        return subprocess.run(
            [*command, "--request-timeout=30s"], capture_output=True, text=True, check=False
        )

    def _clear(self) -> None:
        """End what runs and remove what lies about, from this run or from one that was killed."""
        for entry in self._processes.entries():
            child = _child(entry.pid) if entry.alive() else None
            if child is not None:
                os.kill(child, signal.SIGKILL)
        self._processes.stop(grace=0)
        subprocess.run(["ip", "link", "delete", self.bridge], capture_output=True, check=False)
        _remove_cgroups(f"cafe-{self._identity}")
        if (self.directory / "made-kubelet-home").exists() and not any(KUBELET_HOME.iterdir()):
            KUBELET_HOME.rmdir()
        for path in self.directory.iterdir() if self.directory.exists() else ():
            if path.is_dir() and path.name != "logs":
                shutil.rmtree(path)
            elif path.name not in ("lock", "logs"):
                path.unlink()

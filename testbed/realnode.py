"""A real node: kubelet and containerd next to the control plane, in namespaces of their own.

All its processes live in one pid and one mount namespace. Whatever ends the first of them, a
kill -9 too, ends every container and every mount; what then remains on the machine are a bridge,
empty control groups and files, all of which carry this node's name and go at the next start.
"""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from testbed import images, machine, prerequisites
from testbed.build import binary
from testbed.controlplane import ControlPlane
from testbed.errors import TestbedError
from testbed.nodeconfig import NodeConfig, bridge, cgroup, free_subnet
from testbed.processes import Processes, start_time

READY_SECONDS = 60.0
LEAVE_SECONDS = 30
KUBELET_HOME = Path("/var/lib/kubelet")
KEPT = ("lock", "logs")
"""What stays in the directory after a stop."""


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
        self.cell = cell
        self.directory = directory.resolve()
        self._control_plane = control_plane
        self._detached = detached
        self._processes = Processes(self.directory)
        self._lock: IO[str] | None = None

    @property
    def running(self) -> bool:
        """Whether its processes run, whoever started them."""
        return self._processes.alive("node")

    def start(self) -> None:
        """Start it and wait until the API server shows it Ready, some 10 s.

        What an earlier run left in this directory, or by this node's name, is removed first.
        """
        if lacking := prerequisites.missing():
            raise TestbedError(f"testbed: no real node: {lacking[0]}")
        programs = {name: binary(name) for name in ("containerd", "kubelet", "app")}
        self._take()
        try:
            self._clear()
            node = self._configure(programs)
            images.write_archive(node.archive, programs["app"])
            machine.add_bridge(node.bridge, node.address, node.subnet.prefixlen)
            self._launch(node)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Delete its pods and the node, end everything, remove what it left; twice is fine."""
        if self.running:
            self._leave()
        self._clear()
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def run(self, *command: str | Path) -> str:
        """Run `command` inside the node's namespaces and return what it prints."""
        inside = ["nsenter", "--target", str(self._init()), "--mount", "--pid", "--"]
        done = _called([*inside, *command])
        if done.returncode:
            raise TestbedError(f"testbed: {command[0]} failed on the node: {done.stderr.strip()}")
        return done.stdout

    def ctr(self, *arguments: str) -> str:
        """Ask containerd, in Kubernetes' namespace of it."""
        return self.run(binary("ctr"), "--namespace", "k8s.io", *arguments)

    def _configure(self, programs: dict[str, Path]) -> NodeConfig:
        shutil.rmtree(self.directory / "logs", ignore_errors=True)
        if not KUBELET_HOME.exists():
            KUBELET_HOME.mkdir()
            (self.directory / "made-kubelet-home").touch()
        (self.directory / "kubelet").mkdir()
        node = NodeConfig(
            directory=self.directory,
            name=self.name,
            cell=self.cell,
            subnet=free_subnet(self.directory, machine.addresses()),
            kubeconfig=self._control_plane.directory / "kubeconfig-kubelet",
            containerd=programs["containerd"],
            kubelet=programs["kubelet"],
            snapshotter=prerequisites.snapshotter(self.directory),
        )
        for path, text in node.files().items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return node

    def _launch(self, node: NodeConfig) -> None:
        own = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
        tied = [] if self._detached else ["setpriv", "--pdeathsig", "KILL"]
        self._processes.start("node", [*tied, *own, "sh", node.directory / "init.sh"])
        self._processes.wait_until("node", self._ready, READY_SECONDS)

    def _ready(self) -> bool:
        time.sleep(0.2)  # a kubectl in a tight loop would slow down what it waits for
        path = '{.status.conditions[?(@.type=="Ready")].status}'
        return self._kubectl("get", "node", self.name, "-o", f"jsonpath={path}").stdout == "True"

    def _leave(self) -> None:
        """Delete the node's pods and wait until the kubelet has let them go, then the node.

        The API server may be gone already; the rest is removed all the same.
        """
        mine = ("pods", "--all-namespaces", f"--field-selector=spec.nodeName={self.name}")
        self._kubectl("cordon", self.name)
        self._kubectl("delete", *mine, f"--timeout={LEAVE_SECONDS}s")
        self._kubectl("delete", *mine, "--force", "--grace-period=0", "--wait=false")
        self._kubectl("delete", "node", self.name, "--ignore-not-found", "--wait=false")

    def _kubectl(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        kubeconfig = f"--kubeconfig={self._control_plane.kubeconfig}"
        return _called([binary("kubectl"), kubeconfig, *arguments])

    def _init(self) -> int:
        """The node's process 1, as the machine numbers it."""
        for entry in self._processes.entries():
            if entry.alive() and (child := machine.first_child(entry.pid)):
                return child
        raise TestbedError(f"testbed: the real node in {self.directory} does not run")

    def _take(self) -> None:
        """Keep every other run out of the directory until `stop`."""
        self.directory.mkdir(parents=True, exist_ok=True)
        self._lock = (self.directory / "lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock.close()
            self._lock = None
            raise TestbedError(
                f"testbed: another run uses the real node in {self.directory}; wait for its end"
            ) from None

    def _clear(self) -> None:
        """End what runs and remove what lies about, from this run or from one that was killed."""
        init = self._init() if self.running else None
        started = start_time(init) if init else None
        self._processes.stop(grace=0)
        while init and start_time(init) == started:
            time.sleep(0.02)  # it is gone when the last process of its namespace is
        machine.remove_bridge(bridge(self.directory))
        machine.remove_cgroups(cgroup(self.directory).strip("/"))
        if (self.directory / "made-kubelet-home").exists() and not any(KUBELET_HOME.iterdir()):
            KUBELET_HOME.rmdir()
        for path in self.directory.iterdir() if self.directory.exists() else ():
            if path.is_dir() and path.name not in KEPT:
                shutil.rmtree(path)
            elif path.name not in KEPT:
                path.unlink()


def _called(command: Sequence[str | Path]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)

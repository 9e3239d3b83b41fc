"""A real node: kubelet and containerd next to the control plane, in namespaces of their own.

All its processes live in one pid and one mount namespace. Whatever ends the first of them, a
kill -9 too, ends every container and every mount; what then remains on the machine are a bridge,
empty control groups and files, all of which carry this node's name and go at the next start, and
the folder /var/lib/kubelet with what was in it before.
"""

from __future__ import annotations

import contextlib
import fcntl
import shutil
import subprocess
import time
from functools import cached_property
from pathlib import Path
from typing import IO

from testbed import images, machine, prerequisites
from testbed.build import binary
from testbed.client import Client, Object, Refused
from testbed.controlplane import ControlPlane
from testbed.errors import TestbedError
from testbed.nodeconfig import TAINT, NodeConfig, bridge, cgroup, free_subnet
from testbed.processes import Processes, start_time
from testbed.waiting import wait_for

READY_SECONDS = 60.0
LEAVE_SECONDS = 30
KUBELET_HOME = Path("/var/lib/kubelet")
"""A part of it is built into the kubelet; the node puts a folder of its own there."""
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
        reserved: bool = True,
        detached: bool = False,
    ) -> None:
        """`reserved`: only pods that tolerate the taint `testbed.cafe/real` may come.

        `detached`: it outlives the process that starts it.
        """
        self.name = name
        self.cell = cell
        self.directory = directory.resolve()
        self._control_plane = control_plane
        self._reserved = reserved
        self._detached = detached
        self._processes = Processes(self.directory)
        self._lock: IO[str] | None = None

    @cached_property
    def _client(self) -> Client:
        return Client.of(self._control_plane)

    @property
    def running(self) -> bool:
        """Whether its processes run, also those that an earlier process started."""
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
            machine.add_cgroups(cgroup(self.directory))
            machine.add_bridge(node.bridge, node.address, node.subnet.prefixlen)
            self._forget()  # a run that was killed left them, and they still look ready
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
        done = subprocess.run(
            [*inside, *map(str, command)], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise TestbedError(f"testbed: {command[0]} failed on the node: {done.stderr.strip()}")
        return done.stdout

    def ctr(self, *arguments: str) -> str:
        """Ask containerd, in Kubernetes' namespace of it."""
        return self.run(binary("ctr"), "--namespace", "k8s.io", *arguments)

    def _configure(self, programs: dict[str, Path]) -> NodeConfig:
        shutil.rmtree(self.directory / "logs", ignore_errors=True)
        # Stays, empty: to remove it would take it from under another node that runs.
        KUBELET_HOME.mkdir(exist_ok=True)
        (self.directory / "kubelet").mkdir()
        node = NodeConfig(
            directory=self.directory,
            name=self.name,
            cell=self.cell,
            reserved=self._reserved,
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
        """Whether the node is Ready and the scheduler may use it."""
        try:
            node = self._client.get("nodes", self.name)
        except (Refused, OSError):
            return False
        ready = {"type": "Ready", "status": "True"}.items()
        taints = [taint["key"] for taint in node["spec"].get("taints", [])]
        return set(taints) <= {TAINT} and any(
            ready <= condition.items() for condition in node["status"].get("conditions", [])
        )

    def _leave(self) -> None:
        """Delete the node's pods, wait until the kubelet has let them go, then delete the node.

        The API server may be gone already: what is on the machine is removed all the same.
        """
        with contextlib.suppress(Refused, OSError, TestbedError):
            self._client.patch("nodes", self.name, {"spec": {"unschedulable": True}})
            self._delete_pods({})
            wait_for(lambda: not self._pods(), "the node's pods to go", LEAVE_SECONDS)
        self._forget()

    def _forget(self) -> None:
        """Delete the node and its pods from the API server, whatever a kubelet may say."""
        with contextlib.suppress(Refused, OSError):
            self._delete_pods({"gracePeriodSeconds": 0})
            self._client.delete("nodes", self.name)

    def _pods(self) -> list[Object]:
        return self._client.list("pods", fieldSelector=f"spec.nodeName={self.name}")

    def _delete_pods(self, options: Object) -> None:
        for pod in self._pods():
            with contextlib.suppress(Refused):
                home = self._client.within(pod["metadata"]["namespace"])
                home.delete("pods", pod["metadata"]["name"], options)

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
        machine.remove_cgroups(cgroup(self.directory))
        for path in self.directory.iterdir() if self.directory.exists() else ():
            if path.is_dir() and path.name not in KEPT:
                shutil.rmtree(path)
            elif path.name not in KEPT:
                path.unlink()

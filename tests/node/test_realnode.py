"""The node itself: what it shares with the machine, and what it leaves there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from testbed import machine
from testbed.client import Client
from testbed.controlplane import ControlPlane
from testbed.errors import TestbedError
from testbed.nodeconfig import bridge, cgroup
from testbed.realnode import KUBELET_HOME, RealNode
from testbed.timeline import Timeline
from testbed.traffic import Traffic
from testbed.waiting import wait_for

ROOT = Path(__file__).parents[2]
Object = dict[str, Any]

OWNER = """
import sys, time
from pathlib import Path
from testbed.controlplane import ControlPlane
from testbed.realnode import RealNode
RealNode(ControlPlane(Path(sys.argv[1])), Path(sys.argv[2]), name=sys.argv[3]).start()
print("up", flush=True)
time.sleep(600)
"""


@pytest.fixture
def doomed(real_node: RealNode, control_plane: ControlPlane) -> Iterator[RealNode]:
    """A second node, to be started by somebody who is killed."""
    name = f"doomed-{real_node.directory.name}"
    node = RealNode(control_plane, real_node.directory.with_name(name), name=name)
    yield node
    node.stop()


def leftovers(directory: Path) -> list[str]:
    """What of the node in `directory` is on the machine."""
    links = Path("/sys/class/net")
    found = [str(p) for p in links.iterdir() if p.name == bridge(directory)]
    groups = [machine.CGROUPS / cgroup(directory), *machine.CGROUPS.glob(f"*/{cgroup(directory)}")]
    found += [str(group) for group in groups if group.exists()]
    found += [
        line for line in Path("/proc/mounts").read_text().splitlines() if str(directory) in line
    ]
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = process.read_bytes().replace(b"\0", b" ").decode()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if f"{directory}/" in command:
            found.append(command)
    return found


def inside(folder: Path) -> dict[str, tuple[int, int]]:
    """What is in the machine's own folder: a kubelet may have run here before."""
    found = {path: path.lstat() for path in folder.rglob("*")} if folder.exists() else {}
    return {str(path): (stat.st_ino, stat.st_mtime_ns) for path, stat in found.items()}


def test_the_node_keeps_its_mounts_and_kernel_settings_to_itself(real_node: RealNode) -> None:
    knob = Path("/proc/sys/kernel/panic")
    assert str(real_node.directory) not in Path("/proc/mounts").read_text()
    assert real_node.run("cat", knob).strip() == "10"  # what a kubelet insists on
    assert "app:v1" in real_node.ctr("images", "list", "-q")


def test_a_node_that_stops_leaves_another_ones_files_where_they_are(
    real_node: RealNode, doomed: RealNode
) -> None:
    before = inside(KUBELET_HOME)
    doomed.start()
    doomed.stop()
    assert "pods" in real_node.run("ls", KUBELET_HOME).split()
    assert inside(KUBELET_HOME) == before


def test_a_second_run_in_the_same_directory_is_told_so(
    real_node: RealNode, control_plane: ControlPlane
) -> None:
    with pytest.raises(TestbedError, match="another run uses the real node in"):
        RealNode(control_plane, real_node.directory).start()
    assert real_node.running


def test_kill_9_of_its_owner_ends_every_process_and_the_next_start_removes_the_rest(
    control_plane: ControlPlane, doomed: RealNode
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", OWNER, control_plane.directory, doomed.directory, doomed.name],
        stdout=subprocess.PIPE,
        cwd=ROOT,
    ) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == b"up\n"
        os.kill(owner.pid, signal.SIGKILL)
    wait_for(lambda: not doomed.running, "the node to end with its owner")
    doomed.start()
    doomed.stop()
    assert leftovers(doomed.directory) == []


def test_stop_twice_is_fine_and_leaves_nothing(
    control_plane: ControlPlane, doomed: RealNode
) -> None:
    doomed.start()
    assert leftovers(doomed.directory) != []
    doomed.stop()
    doomed.stop()
    assert leftovers(doomed.directory) == []
    assert Client.of(control_plane).find("nodes", doomed.name) is None


def test_the_client_counts_what_a_restart_without_a_switch_of_traffic_costs(
    client: Client,
    pod: Callable[..., Object],
    set_image: Callable[[str, str], Object],
) -> None:
    client.create(
        "services",
        {
            "metadata": {"name": "web"},
            "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]},
        },
    )
    pod("web", "app:v1")
    with Timeline(client, "web") as timeline, Traffic(client, "web") as asking:
        asking.wait_for_addresses(1)
        asking.wait_for_requests(50)
        assert asking.tally().failures == ()
        set_image("web", "app:v2")
        timeline.wait_for(lambda s: s.containers["main"].restarts == 1 and s.ready == "True")
        asking.wait_for_requests(50)
        tally = asking.tally()
    assert len(tally.failures) > 0
    assert set(tally.answers) == {"v1", "v2"}
    assert tally.requests == sum(tally.answers.values()) + len(tally.failures)

"""`make scene` on a cluster: a scene is made, and the next one removes it, whatever it left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from demo.scenes.__main__ import NAMESPACE, NODE, folder
from testbed.client import Client
from testbed.controlplane import ControlPlane
from testbed.plugin import Cafe
from testbed.processes import Processes
from testbed.waiting import wait_for

ROOT = Path(__file__).parents[2]


def started(plane: ControlPlane, *args: str) -> subprocess.Popen[str]:
    """`python -m demo.scenes`, with its output in one pipe."""
    command = [sys.executable, "-m", "demo.scenes", "--directory", str(plane.directory), *args]
    return subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def made(plane: ControlPlane, scene: str) -> str:
    """What `make scene` prints of a scene."""
    process = started(plane, scene)
    said, _ = process.communicate(timeout=120)
    assert process.returncode == 0, said
    return said


def alive(plane: ControlPlane) -> list[int]:
    """The commands that a scene has in the background."""
    return [one.pid for one in Processes(folder(plane)).entries() if one.alive()]


def state(plane: ControlPlane) -> str:
    """The state of `shop`."""
    return str(
        Cafe(plane.kubeconfig, NAMESPACE)("status", "shop", "-o", "json").document()["state"]
    )


@pytest.fixture
def plane(own_control_plane: ControlPlane) -> ControlPlane:
    """A control plane of the test's own: a scene changes the namespace of its kubeconfig."""
    return own_control_plane


def test_a_scene_prints_its_commands_and_the_next_one_removes_it(plane: ControlPlane) -> None:
    said = made(plane, "driven")
    assert "$ kubectl cafe upgrade shop --yes --image shop=app:v2" in said
    assert "kubectl config set-context --current --namespace=stores" in said
    assert 'eval "$(make -s cluster-env)"' in said
    (driver,) = alive(plane)

    made(plane, "waiting")

    assert alive(plane) == []
    with pytest.raises(ProcessLookupError):
        os.kill(driver, 0)
    assert state(plane) == "AwaitingConfirm"


def test_what_keeps_objects_from_going_is_removed(plane: ControlPlane) -> None:
    client = Client.of(plane)
    pods = client.within(NAMESPACE)
    made(plane, "held")
    assert any(pod["metadata"].get("finalizers") for pod in pods.list("pods"))

    made(plane, "node-lost")
    assert client.find("nodes", NODE)

    made(plane, "nothing")
    assert client.find("nodes", NODE) is None
    assert pods.list("pods") == []


def test_after_ctrl_c_the_next_scene_is_made(plane: ControlPlane) -> None:
    process = started(plane, "driven")
    wait_for(lambda: alive(plane), "its driver", 60)
    os.killpg(process.pid, signal.SIGINT)
    said, _ = process.communicate(timeout=30)
    assert process.returncode == 130, said
    assert "interrupted" in said

    made(plane, "aborted")
    assert state(plane) == "Aborted"
    assert alive(plane) == []


def test_the_end_of_the_cluster_ends_what_a_scene_has_in_the_background(
    plane: ControlPlane,
) -> None:
    made(plane, "driven")
    assert alive(plane)

    process = started(plane, "--end")
    process.communicate(timeout=30)

    assert process.returncode == 0
    assert alive(plane) == []

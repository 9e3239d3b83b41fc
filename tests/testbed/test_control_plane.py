"""The control plane starts, survives and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from testbed.build import binary
from testbed.client import Client
from testbed.controlplane import ControlPlane
from testbed.errors import TestbedError
from testbed.processes import Entry, Processes, start_time
from testbed.waiting import wait_for

ROOT = Path(__file__).parent.parent.parent

HOLDER = """
import sys, time
from pathlib import Path
from testbed.session import shared
with shared(Path(sys.argv[1]), "run", {}) as plane:
    print(plane.directory, flush=True)
    time.sleep(600)
"""


def test_simulated_nodes_are_ready_in_three_cells(control_plane: ControlPlane) -> None:
    nodes = Client.of(control_plane).list("nodes", "type=sim")
    cells = {node["metadata"]["labels"]["cafe.sofastack.io/cell"] for node in nodes}
    assert cells == {"CellA", "CellB", "CellC"}


def test_our_own_kubectl_speaks_to_it(control_plane: ControlPlane) -> None:
    kubeconfig = f"--kubeconfig={control_plane.kubeconfig}"
    command = [str(binary("kubectl")), kubeconfig, "get", "nodes"]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "cella-1" in answer.stdout


def test_the_api_server_comes_back_with_its_data(own_control_plane: ControlPlane) -> None:
    client = Client.of(own_control_plane, "default")
    client.create("configmaps", {"metadata": {"name": "kept"}})
    own_control_plane.stop_apiserver()
    with pytest.raises(OSError):
        client.get("configmaps", "kept")
    own_control_plane.start_apiserver()
    assert client.get("configmaps", "kept")["metadata"]["name"] == "kept"


def test_a_killed_test_run_leaves_no_process_and_no_files(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as holder:
        assert holder.stdout is not None
        directory = Path(holder.stdout.readline().strip())
        entries = Processes(directory).entries()
        assert {entry.name for entry in entries} >= {"etcd", "kube-apiserver", "kwok"}
        assert all(entry.alive() for entry in entries)
        holder.kill()
    wait_for(lambda: not any(entry.alive() for entry in entries), "the processes to end")
    wait_for(lambda: not directory.exists(), "the files to go")
    wait_for(lambda: not (tmp_path / "run.lock").exists(), "the guard to finish")


def test_two_processes_of_one_run_share_one_cluster(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    two = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) for _ in range(2)]
    folders = [Path(one.stdout.readline().strip()) for one in two if one.stdout]
    entries = Processes(folders[0]).entries()
    two[0].kill()
    two[0].communicate()
    assert folders[0] == folders[1]
    assert len(entries) == 5
    assert all(entry.alive() for entry in entries)
    two[1].kill()
    two[1].communicate()
    wait_for(lambda: not folders[0].exists(), "the files to go")


def test_another_client_with_a_known_pid_is_not_ended(tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "60"]) as stranger:
        state = tmp_path / "processes.json"
        state.write_text(f'[{{"name": "etcd", "pid": {stranger.pid}, "started": "1"}}]')
        Processes(tmp_path).stop()
        assert stranger.poll() is None
        stranger.kill()


def test_a_process_is_known_by_pid_and_start_time() -> None:
    pid = os.getpid()
    assert Entry("me", pid, start_time(pid) or "").alive()
    assert not Entry("me", pid, "1").alive()


def test_a_program_that_ends_at_once_shows_the_end_of_its_log(tmp_path: Path) -> None:
    processes = Processes(tmp_path)
    processes.start("broken", ["sh", "-c", "echo the reason; exit 1"])
    with pytest.raises(TestbedError, match="the reason"):
        processes.wait_until("broken", lambda: False, 5)


def test_a_process_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    processes = Processes(tmp_path)
    entry = processes.start(
        "deaf", ["sh", "-c", "trap '' TERM; echo up; while :; do sleep 1; done"]
    )
    wait_for(lambda: "up" in processes.log("deaf").read_text(), "it to run")
    processes.stop(grace=0.3)
    assert not entry.alive()
    assert processes.entries() == []


def test_stopping_ends_the_children_of_a_process_too(tmp_path: Path) -> None:
    processes = Processes(tmp_path)
    processes.start("parent", ["sh", "-c", "sleep 60 & echo $!; wait"])
    wait_for(lambda: processes.log("parent").read_text().strip(), "the child")
    child = int(processes.log("parent").read_text())
    processes.stop(grace=1)
    wait_for(lambda: start_time(child) is None, "the child to end")


def test_no_cluster_is_said_with_the_way_to_one(tmp_path: Path) -> None:
    with pytest.raises(TestbedError, match="make cluster-up"):
        _ = ControlPlane(tmp_path).server


def test_an_interrupted_run_cleans_up_too(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
    ) as holder:
        assert holder.stdout is not None
        directory = Path(holder.stdout.readline().strip())
        holder.send_signal(signal.SIGINT)
        holder.communicate()
    wait_for(lambda: not directory.exists(), "the files to go")

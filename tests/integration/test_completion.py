"""Tab behind `kubectl cafe`: the real kubectl asks, the real cluster answers."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from testbed.build import binary
from testbed.controlplane import ControlPlane
from testbed.waiting import wait_for
from tests.integration.shop import NAME, Shop


def tab(kubeconfig: Path, *words: str) -> list[str]:
    """The candidates that kubectl has for the last of `words`, and its directive."""
    kubectl = binary("kubectl")
    path = os.pathsep.join([str(Path(sys.prefix) / "bin"), str(kubectl.parent), os.environ["PATH"]])
    env = {**os.environ, "KUBECONFIG": str(kubeconfig), "PATH": path}
    done = subprocess.run(
        [kubectl, "__complete", "cafe", *words], capture_output=True, text=True, env=env
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def until(kubeconfig: Path, *words: str, wanted: list[str]) -> None:
    """A busy machine may miss the moment in which Tab has to be answered: not every time."""
    wait_for(lambda: tab(kubeconfig, *words) == wanted, f"kubectl to offer {wanted}")


def test_kubectl_offers_verbs_names_containers_revisions_and_the_group_that_waits(
    shop: Shop,
) -> None:
    shop.born(2, "label", batchSize=1, confirm=True)
    assert shop.upgrade("app:v2").code == 3
    where, kubeconfig = ("-n", shop.client.namespace or ""), shop.cafe.kubeconfig

    assert "confirm\tConfirm the waiting group and continue the release" in tab(kubeconfig, "conf")
    until(kubeconfig, "status", *where, "", wanted=[f"{NAME}\tAwaitingConfirm", ":4"])
    until(kubeconfig, "upgrade", NAME, *where, "--image", "", wanted=["main=\tapp:v2", ":6"])
    until(
        kubeconfig,
        *("rollback", NAME, *where, "--to-revision", ""),
        wanted=["2\tapp:v2", "1\tapp:v1", ":4"],
    )
    until(
        kubeconfig,
        *("confirm", NAME, *where, "--group", ""),
        wanted=["2\twaits for a confirmation", ":4"],
    )


@pytest.mark.parametrize("server", ["https://127.0.0.1:1", "https://192.0.2.1"])
def test_a_server_that_is_not_there_offers_nothing(
    control_plane: ControlPlane, tmp_path: Path, server: str
) -> None:
    kubeconfig = tmp_path / "config"
    text = control_plane.kubeconfig.read_text()
    kubeconfig.write_text(text.replace(control_plane.server, server))
    assert server in kubeconfig.read_text()

    assert tab(kubeconfig, "status", "") == [":4"]

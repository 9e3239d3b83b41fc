"""What the tests of cases on the control plane share."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from demo.scenes.balancer import LoadBalancer
from demo.scenes.operator import Operator
from demo.scenes.shop import Scene
from testbed.audit import Audit
from testbed.build import binary
from testbed.client import Client
from testbed.controlplane import ControlPlane
from testbed.plugin import Cafe
from testbed.puppet import Puppet
from testbed.session import shared
from tests.integration.admission import Admission
from tests.integration.applied import Kubectl
from tests.integration.bench import CRD, ROLES, Bench
from tests.integration.shell import Shell
from tests.integration.shop import Shop
from tests.integration.stage import Stage

RUNS = Path(__file__).parents[2] / ".testbed" / "runs"


@pytest.fixture(scope="session")
def installed(control_plane: ControlPlane) -> None:
    """`kubectl cafe init`, once a run."""
    done = Cafe(control_plane.kubeconfig, "default")("init")
    assert done.code == 0, done.err


@pytest.fixture
def shop(installed: None, client: Client, cafe: Cafe, audit: Audit) -> Shop:
    """A CafeDeployment to be made in the test's own namespace."""
    return Shop(client, cafe, audit)


@pytest.fixture
def stage(shop: Shop, puppet: Callable[..., Puppet]) -> Stage:
    """One pod whose kubelet is the test."""
    return Stage(shop, puppet())


@pytest.fixture
def balancers(client: Client) -> Iterator[Callable[[], LoadBalancer]]:
    """`balancers()` is a load balancer's controller in the test's namespace."""
    made: list[LoadBalancer] = []

    def make() -> LoadBalancer:
        made.append(LoadBalancer(client))
        return made[-1]

    yield make
    for one in made:
        one.stop()


@pytest.fixture(scope="module")
def plane() -> Iterator[ControlPlane]:
    """A control plane of this module's own: the tests take the resource away under it."""
    with shared(RUNS, f"init-{secrets.token_hex(4)}", {}) as plane:
        yield plane


@pytest.fixture
def bench(plane: ControlPlane) -> Bench:
    """The administrator's bench; nothing of ours is installed."""
    bench = Bench(plane, plane.kubeconfig)
    gone = bench.kubectl("delete", CRD, *ROLES, "--ignore-not-found", "--wait")
    assert gone.code == 0, gone.err
    return bench


@pytest.fixture(scope="module")
def environment(control_plane: Any) -> dict[str, str]:
    """The environment that leads to a cluster with the resource installed."""
    env = {**os.environ, "KUBECONFIG": str(control_plane.kubeconfig)}
    plugin = Path(sys.executable).with_name("kubectl-cafe")
    done = subprocess.run([plugin, "init"], capture_output=True, text=True, env=env)
    assert done.returncode == 0, done.stderr
    return env


@pytest.fixture
def kubectl(environment: dict[str, str], namespace: str) -> Kubectl:
    """The real kubectl in the test's namespace; `given` goes to stdin as JSON."""

    def run(*args: str, given: Any = None) -> subprocess.CompletedProcess[str]:
        command = [str(binary("kubectl")), "-n", namespace, *args]
        text = None if given is None else json.dumps(given)
        return subprocess.run(command, input=text, capture_output=True, text=True, env=environment)

    return run


@pytest.fixture
def shell(control_plane: ControlPlane, namespace: str, tmp_path: Path) -> Shell:
    """An operator's shell."""
    return Shell(control_plane, namespace, tmp_path)


@pytest.fixture
def scene(
    shell: Shell,
    puppet: Callable[[str], Puppet],
    balancers: Callable[[], LoadBalancer],
    tmp_path: Path,
) -> Iterator[Scene]:
    """Makes a scene of docs/ in the test's own namespace."""
    operator = Operator(shell.kubeconfig, tmp_path / "scene")
    yield Scene(operator, puppet, balancers)
    operator.end()


@pytest.fixture
def admission(client: Client) -> Iterator[Admission]:
    """Changes pods on their way in, in the test's own namespace."""
    found = Admission(client)
    yield found
    found.remove()

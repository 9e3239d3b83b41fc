"""What every test may ask for: the control plane, a namespace of its own, the plugin."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from testbed import prerequisites
from testbed.audit import Audit
from testbed.client import Client
from testbed.controlplane import ControlPlane
from testbed.plugin import Cafe
from testbed.proxy import FaultProxy
from testbed.puppet import Puppet
from testbed.session import shared

RUNS = Path(__file__).parent.parent / ".testbed" / "runs"
CELLS = {"CellA": 1, "CellB": 1, "CellC": 1}


@pytest.fixture(scope="session")
def control_plane(testrun_uid: str) -> Iterator[ControlPlane]:
    """A control plane for the whole run; CAFE_TEST_CLUSTER names the folder of one to share."""
    existing = os.environ.get("CAFE_TEST_CLUSTER")
    if existing:
        yield ControlPlane(Path(existing))
        return
    with shared(RUNS, testrun_uid, CELLS) as plane:
        yield plane


@pytest.fixture
def own_control_plane(tmp_path: Path) -> Iterator[ControlPlane]:
    """A control plane of the test's own, to stop and start its API server at will."""
    run = f"own-{secrets.token_hex(4)}"
    with shared(RUNS, run, CELLS) as plane:
        yield plane


@pytest.fixture
def namespace(control_plane: ControlPlane) -> Iterator[str]:
    """A namespace of the test's own; the server removes it behind the test's back."""
    name = f"t-{secrets.token_hex(4)}"
    client = Client.of(control_plane)
    client.create("namespaces", {"metadata": {"name": name}})
    # Pods are refused until the namespace has it, and the controller takes its time.
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}}
    client.within(name).apply("serviceaccounts", account)
    yield name
    client.delete("namespaces", name)


@pytest.fixture
def client(control_plane: ControlPlane, namespace: str) -> Client:
    """Requests as the administrator, in the test's namespace."""
    return Client.of(control_plane, namespace)


@pytest.fixture
def cafe(control_plane: ControlPlane, namespace: str) -> Iterator[Cafe]:
    """`cafe("status", "shop")` runs the plugin there; `cafe.start(...)` leaves it running."""
    one = Cafe(control_plane.kubeconfig, namespace)
    yield one
    for run in one.runs:
        run.kill9()


@pytest.fixture
def audit(control_plane: ControlPlane, namespace: str) -> Audit:
    """What the API server was asked since the test began."""
    return Audit.of(control_plane).from_now_on()


@pytest.fixture
def puppet(control_plane: ControlPlane) -> Iterator[Callable[..., Puppet]]:
    """`puppet(cell="CellA")` makes a node whose kubelet the test plays."""
    made: list[Puppet] = []

    def make(cell: str = "CellA") -> Puppet:
        made.append(Puppet(control_plane, cell))
        return made[-1]

    yield make
    for one in made:
        one.stop()


@pytest.fixture
def proxy(control_plane: ControlPlane, tmp_path: Path) -> Iterator[FaultProxy]:
    """A proxy before the API server that loses, delays and breaks what the test tells it to."""
    with FaultProxy(control_plane, tmp_path) as one:
        yield one


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly that the tests of the real node did not run; they alone may be skipped."""
    skipped = [r for r in terminalreporter.getreports("skipped") if "tests/node" in r.nodeid]
    if skipped:
        terminalreporter.section("tests/node DID NOT RUN", sep="!", red=True, bold=True)
        lacking = "; ".join(prerequisites.missing()) or "see above"
        terminalreporter.write_line(f"{len(skipped)} tests need a real node: {lacking}")

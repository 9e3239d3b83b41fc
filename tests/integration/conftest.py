"""What the tests of cases on the control plane share."""

from __future__ import annotations

import pytest

from testbed.audit import Audit
from testbed.client import Client
from testbed.controlplane import ControlPlane
from testbed.plugin import Cafe
from tests.integration.shop import Shop


@pytest.fixture(scope="session")
def installed(control_plane: ControlPlane) -> None:
    """`kubectl cafe init`, once a run."""
    done = Cafe(control_plane.kubeconfig, "default")("init")
    assert done.code == 0, done.err


@pytest.fixture
def shop(installed: None, client: Client, cafe: Cafe, audit: Audit) -> Shop:
    """A CafeDeployment to be made in the test's own namespace."""
    return Shop(client, cafe, audit)

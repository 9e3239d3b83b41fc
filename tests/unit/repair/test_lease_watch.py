"""A repair watches a lease that looks old before it takes it."""

from __future__ import annotations

import pytest

from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.cli.commands.repair import _watched
from kubectl_cafe.cli.connection import Connection
from kubectl_cafe.client.transport import Transport
from kubectl_cafe.errors import Refused
from tests.unit.builders import cafe_object
from tests.unit.client.conftest import HandClock
from tests.unit.client.leases import Server
from tests.unit.client.stub import Asked, Reply, Stub

CAFE = CafeDeployment(cafe_object())


@pytest.fixture
def server(stub: Stub) -> Server:
    """The stub, as the server of the Lease."""
    stub.script = script = Server()
    return script


def test_one_that_is_not_renewed_by_our_own_clock_is_taken_and_the_wait_is_said(
    transport: Transport, server: Server, clock: HandClock, capsys: pytest.CaptureFixture[str]
) -> None:
    server.held("ann", clock.time() - 72)
    began = clock.now

    silent = _watched(Connection(transport, "stores", ""), CAFE)

    assert silent == str(server.version)
    assert 32 <= clock.now - began <= 34
    said = capsys.readouterr().err
    assert said.count("ann has not renewed its lease for 72s") == 1


def test_one_whose_holder_renews_it_is_refused_however_old_it_looks(
    transport: Transport, server: Server, stub: Stub, clock: HandClock
) -> None:
    server.held("ann", clock.time() - 72)
    began = clock.now

    def renewed(asked: Asked) -> Reply:
        if clock.now - began >= 5:
            server.held("ann", clock.time() - 72)
        return server(asked)

    stub.script = renewed
    with pytest.raises(Refused, match="driven by ann"):
        _watched(Connection(transport, "stores", ""), CAFE)
    assert clock.now - began <= 6


@pytest.mark.parametrize("holder", ["", "ann"])
def test_one_that_is_free_or_long_past_its_time_is_not_waited_for(
    transport: Transport, server: Server, clock: HandClock, holder: str
) -> None:
    server.held(holder, clock.time() - 1000)
    began = clock.now
    _watched(Connection(transport, "stores", ""), CAFE)
    assert clock.now == began

"""A fence that can't be completed ends, and says by what (protocol 10)."""

from __future__ import annotations

import pytest

from kubectl_cafe.client.errors import Denied
from kubectl_cafe.client.transport import SessionTransport
from kubectl_cafe.driver.fencing import Patience, Touch, Unfenced, touch
from tests.unit.client.conftest import HandClock
from tests.unit.client.stub import Stub, status
from tests.unit.touched import EPOCH, POD, Server, thing


@pytest.fixture
def server(stub: Stub) -> Server:
    script = Server()
    stub.script = script
    return script


DOWN = 'failed calling webhook "w.example": no service'


@pytest.mark.guard("a-fence-has-an-end")
def test_a_touch_that_fails_for_a_minute_ends_the_fence_with_the_servers_words(
    server: Server, transport: SessionTransport, clock: HandClock
) -> None:
    server.spoil += [lambda _: status(500, "InternalError", DOWN)] * 100
    said: list[str] = []

    with pytest.raises(Unfenced, match="failed calling webhook") as caught:
        touch(
            transport, Touch(POD, thing("a", "uid-ours")), EPOCH, Patience(transport, said.append)
        )

    assert sum(clock.slept) == 60
    assert (caught.value.where, "then run this command again" in caught.value.hint) == (POD, True)
    assert said == [f"{POD}: admission failed, nothing was stored: {DOWN}"]


def test_a_fence_is_patient_as_long_as_some_object_is_touched(
    server: Server, transport: SessionTransport, clock: HandClock
) -> None:
    patience = Patience(transport)
    server.spoil += [lambda _: status(500, "InternalError", DOWN)] * 59
    touch(transport, Touch(POD, thing("a", "uid-ours")), EPOCH, patience)
    server.pod["metadata"]["annotations"] = {}
    server.spoil += [lambda _: status(500, "InternalError", DOWN)] * 59

    touch(transport, Touch(POD, server.pod), EPOCH, patience)

    assert server.touched


def test_a_409_of_an_object_that_has_not_changed_ends_the_fence(
    server: Server, transport: SessionTransport
) -> None:
    server.spoil += [lambda _: status(409, "Conflict", "never on a Friday")] * 100

    with pytest.raises(Denied, match="never on a Friday"):
        touch(transport, Touch(POD, thing("a", "uid-ours")), EPOCH)

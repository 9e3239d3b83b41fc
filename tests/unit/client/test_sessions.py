"""Two sessions of one process over one transport: a guard and a release each."""

from __future__ import annotations

import pytest

from kubectl_cafe.client.lease_view import LeaseLost
from kubectl_cafe.client.transport import PatchKind, Transport
from tests.unit.client.conftest import POD
from tests.unit.client.stub import Stub, status
from tests.unit.client.test_aside import aside


def lost() -> None:
    raise LeaseLost("the lease is lost")


def held() -> None:
    """The lease is ours."""


@pytest.mark.guard("a-session-has-its-own-lease")
@pytest.mark.parametrize("latest", ["the one that lost it", "the one that has it"])
def test_a_lost_lease_ends_the_writes_of_its_own_session_alone(
    stub: Stub, transport: Transport, latest: str
) -> None:
    if latest == "the one that has it":
        late, other = transport.session(lost, "r-late"), transport.session(held, "r-other")
    else:
        other, late = transport.session(held, "r-other"), transport.session(lost, "r-late")

    with pytest.raises(LeaseLost):
        late.patch(POD, {}, PatchKind.MERGE)
    with pytest.raises(LeaseLost):
        late.check_lease()
    other.check_lease()
    other.patch(POD, {}, PatchKind.MERGE)
    transport.replace(POD, {})

    assert [asked.method for asked in stub.asked] == ["PATCH", "PUT"]


def test_each_session_names_its_own_release_and_the_transport_none(
    stub: Stub, transport: Transport
) -> None:
    one, two = transport.session(held, "r-1"), transport.session(held)
    two.release = "r-2"  # Its release has begun.
    one.get(POD)
    two.get(POD)
    transport.get(POD)
    two.release = "r-3"  # Another one has taken its place.
    one.get(POD)
    two.get(POD)

    plain = transport.user_agent
    named = [f"{plain} (release {release})" for release in ("r-1", "r-2", "r-1", "r-3")]
    assert [asked.header("User-Agent") for asked in stub.asked] == [*named[:2], plain, *named[2:]]


def test_that_one_sessions_events_are_forbidden_is_not_said_of_the_other(
    stub: Stub, transport: Transport
) -> None:
    one, two = transport.session(held), transport.session(held)
    stub.script = lambda _: status(403, "Forbidden", "events is forbidden")
    aside(one)
    assert "events is forbidden" in one.aside_refused
    assert (two.aside_refused, transport.aside_refused) == ("", "")


def test_sessions_share_credentials_and_the_servers_time(stub: Stub, transport: Transport) -> None:
    one, two = transport.session(held), transport.session(held)
    one.get(POD)
    assert two.clock is transport.clock
    assert two.server_time() == one.server_time() == transport.server_time()

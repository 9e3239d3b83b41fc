"""The lease: from hand to hand."""

from __future__ import annotations

import pytest

from kubectl_cafe.client import paths
from kubectl_cafe.client.clock import BootClock
from kubectl_cafe.client.lease import LeaderElector, LeaseHeld, LeaseLost
from kubectl_cafe.client.lease_view import inspect
from kubectl_cafe.client.transport import PatchKind, Transport


def keeper(server: Transport, namespace: str, name: str, identity: str) -> LeaderElector:
    return LeaderElector(server, namespace, name, None, identity, BootClock())


def test_a_lease_goes_from_hand_to_hand(server: Transport, namespace: str) -> None:
    me, you = (keeper(server, namespace, "cafe-hands", who) for who in ("me", "you"))
    assert me.acquire(wait=False) == 1
    with pytest.raises(LeaseHeld) as caught:
        you.acquire(wait=False)
    assert caught.value.holder == "me"
    assert 29 < caught.value.seconds_left <= 33
    me.renew()
    me.check()
    assert me.release()
    assert inspect(server, namespace, "hands").holder is None
    assert you.acquire(wait=False) == 2


def test_a_lease_whose_time_is_over_is_taken_and_its_old_holder_finds_out(
    server: Transport, namespace: str
) -> None:
    me, you = (keeper(server, namespace, "cafe-over", who) for who in ("me", "you"))
    me.acquire(wait=False)
    path = paths.leases(namespace, "cafe-over")
    past = {"spec": {"renewTime": "2020-01-01T00:00:00.000000Z"}}
    server.patch(path, past, PatchKind.MERGE)
    assert you.acquire(wait=False) == 2
    with pytest.raises(LeaseLost, match="its holder is now you"):
        me.renew()


def test_c71_a_lease_deleted_while_driving_is_made_again(server: Transport, namespace: str) -> None:
    me = keeper(server, namespace, "cafe-deleted", "me")
    me.acquire(wait=False)
    server.delete(paths.leases(namespace, "cafe-deleted"))
    me.renew()
    assert inspect(server, namespace, "deleted").holder == "me"
    me.check()

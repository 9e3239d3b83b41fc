"""An API server that goes away for a moment, and one that stays away too long."""

from __future__ import annotations

import queue

import pytest

from kubectl_cafe.client import errors, lease, paths
from kubectl_cafe.client.clock import BootClock
from kubectl_cafe.client.lease import LeaderElector, LeaseLost
from kubectl_cafe.client.lease_view import inspect
from kubectl_cafe.client.watch import Informer
from testbed.controlplane import ControlPlane
from tests.contract.conftest import through

MAPS = paths.configmaps("default")


def named(name: str) -> dict[str, object]:
    return {"metadata": {"name": name}}


def test_a_short_outage_costs_neither_the_lease_nor_a_second_list(
    own_control_plane: ControlPlane,
) -> None:
    transport = through(own_control_plane.kubeconfig)
    keeper = LeaderElector(transport, "default", "cafe-web", None, "me", BootClock())
    keeper.acquire(wait=False)
    session = transport.session(keeper.check)
    keeper.start()
    told: queue.Queue[str] = queue.Queue()
    lists: list[int] = []
    informer = Informer(
        transport,
        MAPS,
        on_sync=lambda items: lists.append(len(items)),
        on_event=lambda kind, item: told.put(f"{kind} {item['metadata']['name']}"),
    )
    informer.start()
    try:
        assert informer.synced.wait(10)
        own_control_plane.stop_apiserver()
        with pytest.raises(errors.NotSent):
            through(own_control_plane.kubeconfig).create(MAPS, named("lost"))
        own_control_plane.start_apiserver()
        session.create(MAPS, named("after"))
        while told.get(timeout=30) != "ADDED after":
            pass
        assert len(lists) == 1
        keeper.check()
        assert keeper.release()
    finally:
        informer.stop()
        keeper.release()


def test_a_long_outage_ends_all_writing_before_the_lease_can_be_taken(
    own_control_plane: ControlPlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The real 20 s of 30 s, in proportion: what is tested is who stops first.
    monkeypatch.setattr(lease, "DEADLINE", 4.0)
    monkeypatch.setattr(lease, "RENEWAL", 1.0)
    clock = BootClock()
    transport = through(own_control_plane.kubeconfig)
    me = LeaderElector(transport, "default", "cafe-web", None, "me", clock)
    me.acquire(wait=False)
    session = transport.session(me.check)
    me.start()
    own_control_plane.stop_apiserver()
    clock.sleep(5)
    own_control_plane.start_apiserver()
    with pytest.raises(LeaseLost):
        session.create(MAPS, named("late"))
    other = through(own_control_plane.kubeconfig)
    assert other.get_or_none(f"{MAPS}/late") is None
    assert inspect(other, "default", "web").live

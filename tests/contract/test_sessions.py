"""What a session may write, and in whose name: of the real transport and of the one in memory."""

from __future__ import annotations

import pytest

from kubectl_cafe.client import errors, paths
from kubectl_cafe.client.clock import BootClock
from kubectl_cafe.client.lease import LeaderElector, LeaseLost
from kubectl_cafe.client.transport import PatchKind, SessionTransport, Transport
from tests.contract.conftest import Edit


def path_of(item: Edit) -> str:
    return paths.configmaps(item["metadata"]["namespace"], item["metadata"]["name"])


def lost() -> None:
    raise LeaseLost("the lease is lost")


def under_a_lease(server: Transport, namespace: str, name: str) -> tuple[LeaderElector, Transport]:
    """A keeper that has taken the lease, and the session under it."""
    keeper = LeaderElector(server, namespace, f"cafe-{name}", None, f"{name}'s", BootClock())
    keeper.acquire(wait=False)
    return keeper, server.session(keeper.check, f"r-{name}")


def test_a_session_reads_but_writes_nothing_that_its_guard_holds_back(
    server: Transport, config_map: Edit
) -> None:
    session, path = server.session(lost), path_of(config_map)
    with pytest.raises(LeaseLost):
        session.create(path.rpartition("/")[0], {"metadata": {"name": "never"}})
    with pytest.raises(LeaseLost):
        session.replace(path, {**config_map, "data": {"a": "2"}})
    with pytest.raises(LeaseLost):
        session.patch(path, {"data": {"a": "3"}}, PatchKind.MERGE)
    with pytest.raises(LeaseLost):
        session.patch(path, {"data": {"a": "3"}}, PatchKind.MERGE, {"dryRun": "All"})
    with pytest.raises(LeaseLost):
        session.delete(path)
    assert session.get(path) == server.get(path) == config_map
    collection = session.list(path.rpartition("/")[0]).items
    assert "never" not in [item["metadata"]["name"] for item in collection]


def test_the_guard_is_asked_before_the_server_judges(server: Transport, config_map: Edit) -> None:
    path, stale = path_of(config_map), config_map["metadata"]["resourceVersion"]
    server.patch(path, {"data": {"a": "2"}}, PatchKind.MERGE)
    late = {"metadata": {"resourceVersion": stale}, "data": {"a": "3"}}
    with pytest.raises(errors.Conflict):
        server.session(lambda: None).patch(path, late, PatchKind.MERGE)
    with pytest.raises(LeaseLost):
        server.session(lost).patch(path, late, PatchKind.MERGE)


def test_the_guard_is_asked_once_a_guarded_write(server: Transport, namespace: str) -> None:
    asked: list[int] = []
    session = server.session(lambda: asked.append(1))
    maps = paths.configmaps(namespace)
    made = session.create(maps, {"metadata": {"name": "counted"}}, needs_lease=False)
    session.replace(path_of(made), made, needs_lease=False)
    session.get(path_of(made))
    assert asked == []
    session.patch(path_of(made), {"data": {"a": "2"}}, PatchKind.MERGE)
    applied = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "applied"}}
    session.patch(f"{maps}/applied", applied, PatchKind.APPLY)
    session.delete(path_of(made))
    assert asked == [1, 1, 1]


def test_a_lease_that_is_taken_away_ends_the_writes_of_its_own_session_alone(
    server: Transport, namespace: str, config_map: Edit
) -> None:
    mine, late = under_a_lease(server, namespace, "late")
    yours, other = under_a_lease(server, namespace, "other")
    taken = {"spec": {"holderIdentity": "somebody else"}}
    server.patch(paths.leases(namespace, "cafe-late"), taken, PatchKind.MERGE)
    with pytest.raises(LeaseLost):
        mine.renew()
    yours.renew()

    with pytest.raises(LeaseLost):
        late.patch(path_of(config_map), {"data": {"a": "late"}}, PatchKind.MERGE)
    other.patch(path_of(config_map), {"data": {"a": "other"}}, PatchKind.MERGE)

    assert server.get(path_of(config_map))["data"] == {"a": "other"}


def test_a_session_names_its_own_release(server: Transport) -> None:
    one, two = server.session(lambda: None, "r-1"), server.session(lambda: None)
    two.release = "r-2"
    named = [f"{server.user_agent} (release {release})" for release in ("r-1", "r-2")]
    assert [one.user_agent, two.user_agent] == named
    assert "release" not in server.user_agent


def test_what_a_session_may_be_asked_is_what_a_transport_may_be_asked(server: Transport) -> None:
    session = server.session(lambda: None)
    public = [name for name in dir(SessionTransport) if not name.startswith("_")]
    assert [name for name in public if not hasattr(session, name)] == []
    assert (session.aside_refused, session.clock, session.release) == ("", server.clock, "")

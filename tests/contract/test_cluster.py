"""What the transport, its watches and the lease rely on, asked of a real API server."""

from __future__ import annotations

import base64
import queue
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubectl_cafe.cluster import errors, paths, transport
from kubectl_cafe.cluster.clock import BootClock
from kubectl_cafe.cluster.config import load
from kubectl_cafe.cluster.identity import whoami
from kubectl_cafe.cluster.lease import LeaseHeld, LeaseKeeper, LeaseLost
from kubectl_cafe.cluster.transport import PatchKind, Transport
from kubectl_cafe.cluster.watch import Informer
from testbed.controlplane import ControlPlane

Edit = dict[str, Any]


def until(condition: Callable[[], object], seconds: float = 15.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def server(control_plane: ControlPlane) -> Transport:
    return Transport(load(str(control_plane.kubeconfig)))


@pytest.fixture(scope="module")
def namespace(server: Transport) -> Iterator[str]:
    name = f"contract-{uuid.uuid4().hex[:8]}"
    server.create(paths.namespaces(), {"metadata": {"name": name}})
    until(lambda: server.get_or_none(f"{paths.namespaces(name)}/serviceaccounts/default"))
    yield name
    server.delete(paths.namespaces(name))


@pytest.fixture
def config_map(server: Transport, namespace: str) -> Edit:
    """Any small object: what is asked of it holds for every kind."""
    body = {"metadata": {"generateName": "any-"}, "data": {"a": "1"}}
    return server.create(paths.configmaps(namespace), body)


def path_of(item: Edit) -> str:
    return paths.configmaps(item["metadata"]["namespace"], item["metadata"]["name"])


def changed(**metadata: str) -> Edit:
    return {"metadata": metadata, "data": {"a": "2"}}


def test_a_patch_with_a_stale_resource_version_is_a_conflict(
    server: Transport, config_map: Edit
) -> None:
    stale = config_map["metadata"]["resourceVersion"]
    server.patch(path_of(config_map), changed(), PatchKind.MERGE)
    with pytest.raises(errors.Conflict):
        server.patch(
            path_of(config_map),
            {"data": {"a": "3"}, "metadata": {"resourceVersion": stale}},
            PatchKind.MERGE,
        )


@pytest.mark.parametrize("kind", [PatchKind.MERGE, PatchKind.STRATEGIC])
def test_a_patch_with_a_foreign_uid_says_gone(
    server: Transport, config_map: Edit, kind: PatchKind
) -> None:
    with pytest.raises(errors.Gone):
        server.patch(path_of(config_map), changed(uid=str(uuid.uuid4())), kind)


def test_a_pods_status_patched_with_a_foreign_uid_says_gone(
    server: Transport, namespace: str
) -> None:
    pod = {
        "metadata": {"name": "foreign"},
        "spec": {
            "containers": [{"name": "app", "image": "app:v1"}],
            "nodeName": "nowhere",
            "automountServiceAccountToken": False,
        },
    }
    server.create(paths.pods(namespace), pod)
    with pytest.raises(errors.Gone):
        server.patch(
            paths.pods(namespace, "foreign", "status"),
            {"metadata": {"uid": str(uuid.uuid4())}},
            PatchKind.STRATEGIC,
        )


def test_a_patch_of_what_is_not_there_says_gone(server: Transport, namespace: str) -> None:
    with pytest.raises(errors.Gone):
        server.patch(paths.pods(namespace, "none"), {}, PatchKind.STRATEGIC)


def test_a_put_with_a_stale_resource_version_is_a_conflict(
    server: Transport, config_map: Edit
) -> None:
    server.replace(path_of(config_map), {**config_map, "data": {"a": "2"}})
    with pytest.raises(errors.Conflict):
        server.replace(path_of(config_map), {**config_map, "data": {"a": "3"}})


def test_a_delete_with_a_foreign_uid_says_gone(server: Transport, config_map: Edit) -> None:
    with pytest.raises(errors.Gone):
        server.delete(path_of(config_map), {"preconditions": {"uid": str(uuid.uuid4())}})
    assert server.get_or_none(path_of(config_map)) is not None


def test_a_create_over_an_existing_name_says_so(server: Transport, config_map: Edit) -> None:
    meta = config_map["metadata"]
    with pytest.raises(errors.AlreadyExists):
        server.create(paths.configmaps(meta["namespace"]), {"metadata": {"name": meta["name"]}})


def test_a_create_in_a_missing_namespace_names_it(server: Transport) -> None:
    with pytest.raises(errors.Gone, match='namespaces "none-such" not found') as caught:
        server.create(paths.configmaps("none-such"), {"metadata": {"name": "a"}})
    assert caught.value.hint == "kubectl get namespaces"


def test_what_validation_refuses_is_invalid_with_its_field(
    server: Transport, config_map: Edit
) -> None:
    with pytest.raises(errors.Invalid, match=r"metadata\.labels"):
        server.patch(
            path_of(config_map), {"metadata": {"labels": {"a": "not valid!"}}}, PatchKind.MERGE
        )


def test_a_json_patch_whose_test_fails_is_invalid_and_changes_nothing(
    server: Transport, config_map: Edit
) -> None:
    steps = [
        {"op": "test", "path": "/data/a", "value": "other"},
        {"op": "replace", "path": "/data/a", "value": "2"},
    ]
    with pytest.raises(errors.Invalid):
        server.patch(path_of(config_map), steps, PatchKind.JSON)
    assert server.get(path_of(config_map))["data"] == {"a": "1"}


def test_server_side_apply_creates_and_then_changes(server: Transport, namespace: str) -> None:
    path = paths.configmaps(namespace, "applied")
    for value in ("1", "2"):
        body = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "applied"},
            "data": {"a": value},
        }
        answer = server.patch(path, body, PatchKind.APPLY, {"force": True})
        assert answer["data"] == {"a": value}
        assert answer["metadata"]["managedFields"][0]["manager"] == "kubectl-cafe"


def test_a_kind_that_is_not_served_says_so(server: Transport, namespace: str) -> None:
    with pytest.raises(errors.NoSuchKind):
        server.list(f"/apis/none.example.com/v1/namespaces/{namespace}/things")


def test_a_dry_run_leaves_nothing(control_plane: ControlPlane, namespace: str) -> None:
    dry = Transport(load(str(control_plane.kubeconfig)))
    dry.dry_run = "All"
    dry.create(paths.configmaps(namespace), {"metadata": {"name": "dry"}})
    assert dry.get_or_none(paths.configmaps(namespace, "dry")) is None


def test_a_list_in_pages_is_whole_and_of_one_moment(
    server: Transport, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        body = {"metadata": {"name": f"page-{number}", "labels": {"pages": "yes"}}}
        server.create(paths.configmaps(namespace), body)
    monkeypatch.setattr(transport, "PAGE", 2)
    listing = server.list(paths.configmaps(namespace), {"labelSelector": "pages=yes"})
    assert [item["metadata"]["name"] for item in listing.items] == [
        f"page-{number}" for number in range(5)
    ]
    assert int(listing.resource_version) > 0


def test_the_informer_sees_what_is_there_and_then_every_change_in_order(
    server: Transport, namespace: str
) -> None:
    told: queue.Queue[tuple[str, Any]] = queue.Queue()
    path = paths.configmaps(namespace)
    server.create(path, {"metadata": {"name": "seen", "labels": {"watched": "yes"}}})
    informer = Informer(
        server,
        path,
        {"labelSelector": "watched=yes"},
        on_sync=lambda items: told.put(("SYNC", [item["metadata"]["name"] for item in items])),
        on_event=lambda kind, item: told.put((kind, item.get("data"))),
    )
    informer.start()
    try:
        assert told.get(timeout=10) == ("SYNC", ["seen"])
        one = paths.configmaps(namespace, "seen")
        server.patch(one, {"data": {"a": "1"}}, PatchKind.MERGE)
        server.patch(one, {"data": {"a": "2"}}, PatchKind.MERGE)
        server.delete(one)
        assert [told.get(timeout=10) for _ in range(3)] == [
            ("MODIFIED", {"a": "1"}),
            ("MODIFIED", {"a": "2"}),
            ("DELETED", {"a": "2"}),
        ]
        assert informer.failed is None
    finally:
        informer.stop()
        informer.join(5)
    assert not informer.is_alive()


@pytest.fixture(scope="module")
def things(server: Transport, namespace: str) -> Iterator[str]:
    """The path of a custom kind that has only just come to be."""
    group = f"{namespace}.example.com"
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": anything},
    }
    names = {"plural": "things", "singular": "thing", "kind": "Thing", "listKind": "ThingList"}
    spec = {"group": group, "scope": "Namespaced", "names": names, "versions": [version]}
    body = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"things.{group}"},
        "spec": spec,
    }
    server.create(paths.crds(None), body)
    path = f"/apis/{group}/v1/namespaces/{namespace}/things"

    def served() -> bool:
        try:
            return server.list(path).items == []
        except (errors.NoSuchKind, errors.Throttled):
            return False

    until(served)
    yield path
    server.delete(paths.crds(f"things.{group}"))


def test_a_watch_from_a_forgotten_version_says_expired(server: Transport, things: str) -> None:
    query = {"resourceVersion": "1", "timeoutSeconds": "5"}
    with pytest.raises(errors.Expired), server.stream(things, query) as events:
        list(events)


def test_a_custom_resource_takes_no_strategic_patch(server: Transport, things: str) -> None:
    group = things.split("/")[2]
    body = {"apiVersion": f"{group}/v1", "kind": "Thing", "metadata": {"name": "one"}}
    server.create(things, body)
    with pytest.raises(errors.Invalid) as caught:
        server.patch(f"{things}/one", {"a": 1}, PatchKind.STRATEGIC)
    assert caught.value.status == 415
    assert server.patch(f"{things}/one", {"a": 1}, PatchKind.MERGE)["a"] == 1


def test_the_servers_time_is_near_ours_when_both_are_one_machine(server: Transport) -> None:
    server.get(paths.version())
    assert abs(server.server_time() - BootClock().time()) < 1.5


def test_the_server_says_who_we_are(server: Transport, control_plane: ControlPlane) -> None:
    assert whoami(server) == "admin"
    jane = load(str(control_plane.kubeconfig), as_user="jane", as_groups=("a", "b"))
    assert whoami(Transport(jane)) == "jane"


def test_both_impersonated_groups_arrive(control_plane: ControlPlane) -> None:
    jane = Transport(load(str(control_plane.kubeconfig), as_user="jane", as_groups=("a", "b")))
    answer = jane.create(
        paths.selfsubjectreviews(),
        {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"},
    )
    assert {"a", "b"} <= set(answer["status"]["userInfo"]["groups"])


def test_whoever_may_not_is_told_what_and_how_to_ask(
    control_plane: ControlPlane, namespace: str
) -> None:
    jane = Transport(load(str(control_plane.kubeconfig), as_user="jane"))
    with pytest.raises(errors.Forbidden, match='User "jane" cannot list') as caught:
        jane.list(paths.pods(namespace))
    assert caught.value.hint.startswith(f"kubectl auth can-i list pods -n {namespace}")


def edited(control_plane: ControlPlane, folder: Path, cluster: Edit, user: Edit) -> Path:
    """The administrator's kubeconfig with some fields changed (None: removed)."""
    content = yaml.safe_load(control_plane.kubeconfig.read_text())
    for entry, changes in (
        (content["clusters"][0]["cluster"], cluster),
        (content["users"][0]["user"], user),
    ):
        entry.update(changes)
        for key in [key for key, value in changes.items() if value is None]:
            del entry[key]
    path = folder / "edited"
    path.write_text(yaml.safe_dump(content))
    return path


NO_CA = {"certificate-authority": None, "certificate-authority-data": None}


def test_a_wrong_token_is_unauthorized(control_plane: ControlPlane, tmp_path: Path) -> None:
    path = edited(control_plane, tmp_path, {}, {"token": "wrong"})
    with pytest.raises(errors.Unauthorized):
        Transport(load(str(path))).get(paths.version() + "z")


def test_a_certificate_that_nobody_vouches_for_is_its_own_error(
    control_plane: ControlPlane, tmp_path: Path
) -> None:
    path = edited(control_plane, tmp_path, NO_CA, {})
    with pytest.raises(errors.TlsFailed, match="certificate is not valid here") as caught:
        Transport(load(str(path))).replace(paths.configmaps("default", "a"), {})
    assert "certificate-authority" in caught.value.hint


def test_a_certificate_of_another_name_is_its_own_error(
    control_plane: ControlPlane, tmp_path: Path
) -> None:
    path = edited(control_plane, tmp_path, {"tls-server-name": "other.example.com"}, {})
    with pytest.raises(errors.TlsFailed, match=r"other\.example\.com"):
        Transport(load(str(path))).get(paths.version())


def test_skipping_the_verification_works(control_plane: ControlPlane, tmp_path: Path) -> None:
    path = edited(control_plane, tmp_path, {**NO_CA, "insecure-skip-tls-verify": True}, {})
    assert Transport(load(str(path))).get(paths.version())["major"] == "1"


def test_an_inline_ca_works_and_leaves_no_file_behind(
    control_plane: ControlPlane, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = base64.b64encode(control_plane.ca.read_bytes()).decode()
    path = edited(control_plane, tmp_path, {**NO_CA, "certificate-authority-data": data}, {})
    left = tmp_path / "temporary"
    left.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(left))
    assert Transport(load(str(path))).get(paths.version())["major"] == "1"
    assert list(left.iterdir()) == []


def test_speaking_http_to_an_https_server_is_said_so(
    control_plane: ControlPlane, tmp_path: Path
) -> None:
    plain = control_plane.server.replace("https", "http")
    path = edited(control_plane, tmp_path, {"server": plain}, {})
    with pytest.raises(errors.Invalid, match="HTTP request to an HTTPS server"):
        Transport(load(str(path))).get(paths.version())


def keeper(server: Transport, namespace: str, name: str, identity: str) -> LeaseKeeper:
    return LeaseKeeper(server, namespace, name, None, identity, BootClock())


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
    assert you.inspect().holder is None
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
    with pytest.raises(LeaseLost, match="you holds it now"):
        me.renew()


def test_c71_a_lease_deleted_while_driving_is_made_again(server: Transport, namespace: str) -> None:
    me = keeper(server, namespace, "cafe-deleted", "me")
    me.acquire(wait=False)
    server.delete(paths.leases(namespace, "cafe-deleted"))
    me.renew()
    assert me.inspect().holder == "me"
    me.check()


def test_the_audit_log_can_be_read_by_release(control_plane: ControlPlane, namespace: str) -> None:
    named = Transport(load(str(control_plane.kubeconfig)))
    named.release = uuid.uuid4().hex
    named.create(paths.configmaps(namespace), {"metadata": {"generateName": "audited-"}})
    assert f"(release {named.release})" in control_plane.audit_log.read_text()

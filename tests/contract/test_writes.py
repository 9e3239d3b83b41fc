"""What a server answers to writes: conflicts, what is gone, what is invalid."""

from __future__ import annotations

import uuid

import pytest

from kubectl_cafe.client import errors, paths
from kubectl_cafe.client.transport import PatchKind, Transport
from tests.contract.conftest import Edit


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
    with pytest.raises(errors.NotFound):
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
    with pytest.raises(errors.NotFound):
        server.patch(
            paths.pods(namespace, "foreign", "status"),
            {"metadata": {"uid": str(uuid.uuid4())}},
            PatchKind.STRATEGIC,
        )


def test_a_patch_of_what_is_not_there_says_gone(server: Transport, namespace: str) -> None:
    with pytest.raises(errors.NotFound):
        server.patch(paths.pods(namespace, "none"), {}, PatchKind.STRATEGIC)


def test_a_put_with_a_stale_resource_version_is_a_conflict(
    server: Transport, config_map: Edit
) -> None:
    server.replace(path_of(config_map), {**config_map, "data": {"a": "2"}})
    with pytest.raises(errors.Conflict):
        server.replace(path_of(config_map), {**config_map, "data": {"a": "3"}})


def test_a_delete_with_a_foreign_uid_says_gone(server: Transport, config_map: Edit) -> None:
    with pytest.raises(errors.NotFound):
        server.delete(path_of(config_map), {"preconditions": {"uid": str(uuid.uuid4())}})
    assert server.get_or_none(path_of(config_map)) is not None


def test_a_create_over_an_existing_name_says_so(server: Transport, config_map: Edit) -> None:
    meta = config_map["metadata"]
    with pytest.raises(errors.AlreadyExists):
        server.create(paths.configmaps(meta["namespace"]), {"metadata": {"name": meta["name"]}})


def test_a_create_in_a_missing_namespace_names_it(server: Transport) -> None:
    with pytest.raises(errors.NotFound, match='namespaces "none-such" not found') as caught:
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


def test_a_dry_run_leaves_nothing(
    server: Transport, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "dry_run", "All")
    server.create(paths.configmaps(namespace), {"metadata": {"name": "dry"}})
    assert server.get_or_none(paths.configmaps(namespace, "dry")) is None


def test_a_custom_resource_takes_no_strategic_patch(server: Transport, things: str) -> None:
    group = things.split("/")[2]
    body = {"apiVersion": f"{group}/v1", "kind": "Thing", "metadata": {"name": "one"}}
    server.create(things, body)
    with pytest.raises(errors.Invalid) as caught:
        server.patch(f"{things}/one", {"a": 1}, PatchKind.STRATEGIC)
    assert caught.value.status == 415
    assert server.patch(f"{things}/one", {"a": 1}, PatchKind.MERGE)["a"] == 1

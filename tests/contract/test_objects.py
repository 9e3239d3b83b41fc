"""What becomes of pods and workloads under the writes that a release makes (protocol 6)."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from kubectl_cafe.client import errors, paths
from kubectl_cafe.client.transport import PatchKind, Transport
from tests.contract.conftest import Edit

GATE = "cafe.sofastack.io/in-service"


@pytest.fixture
def pod(server: Transport, namespace: str) -> Edit:
    """A pod of two containers that no kubelet ever sees."""
    body = {
        "metadata": {"name": f"pod-{uuid.uuid4().hex[:6]}", "labels": {"app": "shop"}},
        "spec": {
            "containers": [
                {"name": "main", "image": "app:v1"},
                {"name": "side", "image": "side:v1"},
            ],
            "readinessGates": [{"conditionType": GATE}],
            "nodeName": "nowhere",
            "automountServiceAccountToken": False,
        },
    }
    return server.create(paths.pods(namespace), body)


@pytest.fixture
def replica_set(server: Transport, namespace: str) -> Edit:
    """A ReplicaSet that wants no pods."""
    labels = {"app": "set"}
    template = {
        "metadata": {"labels": {**labels, "old": "yes"}},
        "spec": {"containers": [{"name": "main", "image": "app:v1"}]},
    }
    spec = {"replicas": 0, "selector": {"matchLabels": labels}, "template": template}
    name = f"set-{uuid.uuid4().hex[:6]}"
    body = {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {"name": name},
        "spec": spec,
    }
    return server.create(paths.replicasets(namespace), body)


def of(item: Edit, *sub: str) -> str:
    return paths.pods(item["metadata"]["namespace"], item["metadata"]["name"], *sub)


def judged(item: Edit) -> Edit:
    return {key: item["metadata"][key] for key in ("uid", "resourceVersion")}


def images(item: Edit) -> dict[str, str]:
    return {c["name"]: c["image"] for c in item["spec"]["containers"]}


def condition(item: Edit, kind: str) -> Any:
    found = [c for c in item["status"].get("conditions") or () if c["type"] == kind]
    return found[0]["status"] if found else None


def set_to(kind: str, status: str) -> Edit:
    return {"status": {"conditions": [{"type": kind, "status": status}]}}


def test_one_image_is_patched_by_the_containers_name(server: Transport, pod: Edit) -> None:
    body = {
        "metadata": judged(pod),
        "spec": {"containers": [{"name": "side", "image": "side:v2"}]},
    }
    after = server.patch(of(pod), body, PatchKind.STRATEGIC)
    assert images(after) == {"main": "app:v1", "side": "side:v2"}


def test_a_change_of_an_image_moves_the_generation_by_one(server: Transport, pod: Edit) -> None:
    body = {"spec": {"containers": [{"name": "main", "image": "app:v2"}]}}
    after = server.patch(of(pod), body, PatchKind.STRATEGIC)
    assert after["metadata"]["generation"] == pod["metadata"]["generation"] + 1


@pytest.mark.parametrize("kind", ["labels", "annotations"])
def test_labels_and_annotations_leave_the_generation(
    server: Transport, pod: Edit, kind: str
) -> None:
    after = server.patch(of(pod), {"metadata": {kind: {"a": "1"}}}, PatchKind.STRATEGIC)
    assert after["metadata"]["generation"] == pod["metadata"]["generation"]
    assert after["metadata"]["resourceVersion"] != pod["metadata"]["resourceVersion"]


def test_status_conditions_are_merged_by_type(server: Transport, pod: Edit) -> None:
    for kind, status in (("example.com/other", "True"), (GATE, "False"), (GATE, "True")):
        after = server.patch(of(pod, "status"), set_to(kind, status), PatchKind.STRATEGIC)
    assert condition(after, "example.com/other") == "True"
    assert condition(after, GATE) == "True"


def test_one_patch_of_the_status_carries_condition_labels_and_annotations(
    server: Transport, pod: Edit
) -> None:
    meta = {**judged(pod), "labels": {"a": "1"}, "annotations": {"b": "2"}}
    body = {"metadata": meta, **set_to(GATE, "False")}
    after = server.patch(of(pod, "status"), body, PatchKind.STRATEGIC)
    assert condition(after, GATE) == "False"
    assert after["metadata"]["labels"] == {"app": "shop", "a": "1"}
    assert after["metadata"]["annotations"]["b"] == "2"
    assert after["metadata"]["generation"] == pod["metadata"]["generation"]


def test_a_patch_of_the_status_leaves_the_spec(server: Transport, pod: Edit) -> None:
    body = {
        **set_to(GATE, "False"),
        "spec": {"containers": [{"name": "main", "image": "app:v2"}]},
    }
    after = server.patch(of(pod, "status"), body, PatchKind.STRATEGIC)
    assert images(after) == images(pod)


def test_a_patch_of_the_pod_leaves_the_status(server: Transport, pod: Edit) -> None:
    after = server.patch(of(pod), set_to(GATE, "False"), PatchKind.STRATEGIC)
    assert condition(after, GATE) is None


@pytest.mark.parametrize("sub", [(), ("status",)])
def test_a_stale_resource_version_is_a_conflict(
    server: Transport, pod: Edit, sub: tuple[str, ...]
) -> None:
    server.patch(of(pod), {"metadata": {"labels": {"a": "1"}}}, PatchKind.STRATEGIC)
    body = {"metadata": {**judged(pod), "annotations": {"b": "2"}}}
    with pytest.raises(errors.Conflict):
        server.patch(of(pod, *sub), body, PatchKind.STRATEGIC)


def test_null_removes_a_label(server: Transport, pod: Edit) -> None:
    after = server.patch(of(pod), {"metadata": {"labels": {"app": None}}}, PatchKind.STRATEGIC)
    assert not after["metadata"].get("labels")


@pytest.mark.parametrize(
    "spec",
    [
        {"containers": [{"name": "main", "env": [{"name": "A", "value": "1"}]}]},
        {"containers": [{"name": "more", "image": "app:v1"}]},
        {"containers": [{"name": "main", "image": ""}]},
    ],
    ids=["env", "another container", "no image"],
)
def test_of_a_pods_spec_images_alone_may_change(server: Transport, pod: Edit, spec: Edit) -> None:
    with pytest.raises(errors.Invalid):
        server.patch(of(pod), {"spec": spec}, PatchKind.STRATEGIC)
    assert images(server.get(of(pod))) == images(pod)


def test_a_patch_that_changes_nothing_is_no_new_version(server: Transport, pod: Edit) -> None:
    body = {"spec": {"containers": [{"name": "main", "image": "app:v1"}]}}
    after = server.patch(of(pod), body, PatchKind.STRATEGIC)
    assert judged(after) == judged(pod)


def test_a_template_is_replaced_as_a_whole(server: Transport, replica_set: Edit) -> None:
    path = paths.replicasets(replica_set["metadata"]["namespace"], replica_set["metadata"]["name"])
    template = {
        "$patch": "replace",
        "metadata": {"labels": {"app": "set", "new": "yes"}},
        "spec": {"containers": [{"name": "main", "image": "app:v2"}]},
    }
    after = server.patch(path, {"spec": {"template": template}}, PatchKind.STRATEGIC)
    whole = after["spec"]["template"]
    assert whole["metadata"]["labels"] == {"app": "set", "new": "yes"}
    assert [c["image"] for c in whole["spec"]["containers"]] == ["app:v2"]
    assert after["metadata"]["generation"] == replica_set["metadata"]["generation"] + 1


def test_a_workloads_annotation_leaves_its_generation(server: Transport, replica_set: Edit) -> None:
    path = paths.replicasets(replica_set["metadata"]["namespace"], replica_set["metadata"]["name"])
    after = server.patch(path, {"metadata": {"annotations": {"a": "1"}}}, PatchKind.MERGE)
    assert after["metadata"]["generation"] == replica_set["metadata"]["generation"]

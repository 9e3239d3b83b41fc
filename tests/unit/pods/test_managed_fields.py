"""Who wrote a pod's images, and when its status was written, by its managedFields."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_cafe import names
from kubectl_cafe.pods.managed_fields import Writer
from kubectl_cafe.pods.model import lean, parse
from kubectl_cafe.times import seconds

T = "2026-01-02T03:04:0{}Z"
IMAGE = {"f:image": {}}


def entry(manager: str, **fields: Any) -> dict[str, Any]:
    """One entry; `containers` are those whose image it owns, `birth`: it created the pod."""
    own = {f'k:{{"name":"{name}"}}': IMAGE for name in fields.pop("containers", ())}
    spec = {"f:restartPolicy": {}} if fields.pop("birth", False) else {}
    spec |= {"f:containers": own} if own else {}
    notes = {f"f:{name}": {} for name in fields.pop("notes", ())}
    return {
        "manager": manager,
        "fieldsV1": {"f:spec": spec, "f:metadata": {"f:annotations": notes}},
    }


BORN = entry("kube-controller-manager", birth=True, containers=("side",))
OURS = entry(names.FIELD_MANAGER, containers=("main",))
DEBUG = {
    "manager": "kubectl",
    "subresource": "ephemeralcontainers",
    "fieldsV1": {"f:spec": {"f:ephemeralContainers": {'k:{"name":"debugger"}': IMAGE}}},
}


def writers(*entries: dict[str, Any]) -> list[Writer]:
    """Who wrote the images of containers main and side."""
    containers = [{"name": name, "image": "app:v1"} for name in ("main", "side")]
    meta = {"name": "a", "uid": "u", "resourceVersion": "7", "managedFields": list(entries)}
    made = parse(lean({"metadata": meta, "spec": {"containers": containers}}))
    return [container.writer for container in made.containers.values()]


def test_an_image_is_its_creators_until_another_manager_writes_it() -> None:
    assert writers(BORN, OURS, DEBUG) == [Writer.OURS, Writer.CREATOR]


def test_another_clients_image_is_told_from_ours() -> None:
    assert writers(BORN, entry("kubectl-set", containers=("main",)))[0] is Writer.OTHER


def test_a_field_manager_that_wrote_the_record_wrote_the_image_with_it() -> None:
    custom = entry("pipeline", containers=("main",), notes=(names.IN_PLACE,))
    assert writers(BORN, custom)[0] is Writer.OURS


@pytest.mark.guard("a-record-is-what-makes-a-manager-ours")
def test_a_manager_that_wrote_another_annotation_is_another_client() -> None:
    assert writers(BORN, entry("kubectl", containers=("main",), notes=("note",)))[0] is Writer.OTHER


def test_nothing_is_told_where_managed_fields_were_emptied() -> None:
    assert writers() == [Writer.UNKNOWN, Writer.UNKNOWN]


def test_a_manager_that_set_the_value_that_was_there_shares_it() -> None:
    both = entry("applier", containers=("main",))
    born = entry("kube-controller-manager", birth=True, containers=("main", "side"))
    assert writers(born, both)[0] is Writer.CREATOR


# The clock of a node


def times(stated: str, *entries: dict[str, Any]) -> list[float]:
    """When Ready turned and when the container started, as a pod's status states and we read."""
    meta = {"name": "a", "uid": "u", "resourceVersion": "7", "managedFields": list(entries)}
    status = {
        "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": stated}],
        "containerStatuses": [{"name": "main", "state": {"running": {"startedAt": stated}}}],
    }
    made = parse(
        lean({"metadata": meta, "spec": {"containers": [{"name": "main"}]}, "status": status})
    )
    return [made.ready.since, made.containers["main"].started_at]


WRITTEN = [
    {"manager": "kubelet", "subresource": "status", "time": T.format(3)},
    {"manager": "other", "subresource": "status", "time": T.format(1)},
    {"manager": "late", "time": T.format(9)},
]


@pytest.mark.guard("no-status-is-of-a-time-after-its-last-write")
def test_no_time_of_a_status_is_after_its_last_write() -> None:
    assert times("2026-01-02T03:14:00Z", *WRITTEN) == [seconds(T.format(3))] * 2


def test_a_time_before_the_last_write_of_its_status_stands() -> None:
    assert times(T.format(2), *WRITTEN) == [seconds(T.format(2))] * 2


def test_a_status_of_which_nobody_knows_when_it_was_written_is_believed() -> None:
    assert times("2026-01-02T03:14:00Z") == [seconds("2026-01-02T03:14:00Z")] * 2


def test_a_write_of_a_status_that_carries_no_time_tells_nothing() -> None:
    untimed = {"manager": "kubelet", "subresource": "status"}
    assert times("2026-01-02T03:14:00Z", untimed) == [seconds("2026-01-02T03:14:00Z")] * 2
    assert times("2026-01-02T03:14:00Z", untimed, *WRITTEN) == [seconds(T.format(3))] * 2

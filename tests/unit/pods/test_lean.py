"""What is kept of a pod until it is parsed."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_cafe import names
from kubectl_cafe.pods.model import lean, parse

OWNED = {
    "manager": "balancer",
    "time": "2026-01-02T03:04:05Z",
    "fieldsV1": {"f:metadata": {"f:finalizers": {'v:"lb/guard"': {}}, "f:labels": {"f:a": {}}}},
}
BORN = {
    "manager": "kube-controller-manager",
    "operation": "Update",
    "fieldsV1": {
        "f:metadata": {"f:annotations": {f"f:{names.IN_PLACE}": {}, "f:b": {}}},
        "f:spec": {
            "f:restartPolicy": {},
            "f:volumes": {},
            "f:containers": {'k:{"name":"main"}': {"f:image": {}, "f:env": {}}},
        },
    },
}
SHOWN = {"manager": "kubelet", "subresource": "status", "time": "2026-01-02T03:04:07Z"}
POD: dict[str, Any] = {
    "metadata": {
        "name": "a",
        "uid": "u",
        "resourceVersion": "7",
        "generation": 3,
        "labels": {"app": "web"},
        "annotations": {names.EPOCH: "4"},
        "creationTimestamp": "2026-01-02T03:04:05Z",
        "deletionTimestamp": "2026-01-02T03:05:05Z",
        "ownerReferences": [{"uid": "rs", "controller": True}],
        "managedFields": [OWNED, BORN, SHOWN],
    },
    "spec": {
        "nodeName": "n",
        "restartPolicy": "OnFailure",
        "terminationGracePeriodSeconds": 9,
        "readinessGates": [{"conditionType": names.IN_SERVICE}],
        "volumes": [{"name": "token"}],
        "containers": [
            {
                "name": "main",
                "image": "app:v1",
                "env": [{"name": "A", "value": "b"}],
                "startupProbe": {"periodSeconds": 4},
            }
        ],
    },
    "status": {
        "phase": "Running",
        "podIP": "10.0.0.1",
        "conditions": [{"type": "Ready", "status": "True"}],
        "containerStatuses": [{"name": "main", "containerID": "c", "ready": True}],
    },
}
FINAL = {**POD, "metadata": {**POD["metadata"], "finalizers": ["lb/guard"]}}
EMPTY = {**POD, "spec": {"containers": None}}
PODS = {"as most are": POD, "with a finalizer": FINAL, "without containers": EMPTY}


@pytest.mark.parametrize("pod", PODS.values(), ids=PODS)
def test_nothing_that_is_parsed_is_lost(pod: dict[str, Any]) -> None:
    assert parse(lean(pod)) == parse(pod)


def test_what_is_not_parsed_is_not_kept() -> None:
    kept = lean(POD)

    assert not [word for word in ("f:labels", "f:b", "f:volumes", "f:env") if word in str(kept)]
    assert "volumes" not in kept["spec"]
    assert "env" not in kept["spec"]["containers"][0]
    assert "managedFields" in POD["metadata"], "the object itself is left as it is"


class Noting(dict[str, Any]):
    """A mapping that notes what it is asked for."""

    asked: set[str]

    def get(self, key: str, default: Any = None) -> Any:
        self.asked.add(key)
        return super().get(key, default)

    def __getitem__(self, key: str) -> Any:
        self.asked.add(key)
        return super().__getitem__(key)


@pytest.mark.parametrize("of", ["spec", "container"])
def test_all_that_parse_asks_for_is_kept(of: str) -> None:
    """Whatever parse learns to read next must be kept as well."""
    spec = dict(POD["spec"])
    noted = Noting(spec if of == "spec" else spec["containers"][0])
    noted.asked = set()
    if of == "spec":
        parse({**POD, "spec": noted})
        kept = lean(POD)["spec"]
    else:
        parse({**POD, "spec": {**spec, "containers": [noted]}})
        kept = lean(POD)["spec"]["containers"][0]

    assert noted.asked == set(kept)

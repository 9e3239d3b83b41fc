"""The roles of `init --rbac` are enough for whom they are meant for."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from testbed.build import binary
from testbed.client import Client
from testbed.controlplane import ControlPlane
from testbed.plugin import Cafe
from tests.integration.shop import GATE, set_gate

CAFED: dict[str, Any] = {
    "apiVersion": "apps.cafe.cloud.alipay.com/v1alpha1",
    "kind": "CafeDeployment",
    "metadata": {"name": "web"},
    "spec": {
        "replicas": 2,
        "selector": {"matchLabels": {"app": "web"}},
        "strategy": {"maxUnavailable": 1},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {
                "readinessGates": [{"conditionType": "cafe.sofastack.io/in-service"}],
                "containers": [{"name": "main", "image": "app:v1"}],
            },
        },
    },
}


@pytest.fixture
def person(control_plane: ControlPlane, cafe: Cafe, namespace: str) -> Callable[[str, str], Cafe]:
    """`person(user, role)` is the plugin in the hands of a user who has that role here only."""
    assert cafe("init", "--rbac").code == 0
    kubectl = [str(binary("kubectl")), "-n", namespace]
    env = {**os.environ, "KUBECONFIG": str(control_plane.kubeconfig)}

    def bind(user: str, role: str) -> Cafe:
        binding = ["create", "rolebinding", user, f"--clusterrole={role}", f"--user={user}"]
        subprocess.run([*kubectl, *binding], env=env, check=True, capture_output=True)
        return Cafe(control_plane.user(user), namespace)

    applied = [*kubectl, "apply", "-f", "-"]
    text = json.dumps(CAFED)
    subprocess.run(applied, env=env, check=True, capture_output=True, input=text, text=True)
    return bind


def test_the_operator_role_is_enough_for_a_release_and_its_rollback(
    person: Callable[[str, str], Cafe], client: Client
) -> None:
    operator = person("operator", "kubectl-cafe-operator")
    images: list[set[str]] = []

    for args in (
        ("upgrade", "web", "--yes"),
        ("upgrade", "web", "--image", "main=app:v2", "--yes"),
        ("rollback", "web", "--yes"),
        ("status", "web"),
        ("history", "web"),
    ):
        done = operator(*args)
        assert done.code == 0, f"{args}: {done.err}"
        images.append({pod["spec"]["containers"][0]["image"] for pod in client.list("pods")})

    assert images == [{"app:v1"}, {"app:v2"}, {"app:v1"}, {"app:v1"}, {"app:v1"}]


def test_the_operator_role_is_enough_to_repair(
    person: Callable[[str, str], Cafe], client: Client
) -> None:
    operator = person("operator", "kubectl-cafe-operator")
    assert operator("upgrade", "web", "--yes").code == 0
    set_gate(client, client.list("pods")[0], GATE, "False")

    done = operator("repair", "web", "--yes")

    assert (done.code, "1 repaired, 0 remaining" in done.err) == (0, True), done.err


def test_the_viewer_role_is_enough_to_look(person: Callable[[str, str], Cafe]) -> None:
    viewer = person("viewer", "kubectl-cafe-viewer")

    assert viewer("status", "web").code == 0
    assert viewer("status").code == 0
    assert viewer("history", "web").code == 0
    assert viewer("repair", "web", "--dry-run=client").code == 0


def test_the_viewer_can_t_release_and_is_told_what_is_missing(
    person: Callable[[str, str], Cafe],
) -> None:
    done = person("viewer", "kubectl-cafe-viewer")("upgrade", "web", "--yes")

    assert done.code == 7
    assert "no permission to create controllerrevisions.apps" in done.err
    assert "next:  kubectl auth can-i" in done.err

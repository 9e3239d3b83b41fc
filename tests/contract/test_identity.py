"""Who the server says we are, what it lets us do, and its clock."""

from __future__ import annotations

import uuid
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from kubectl_cafe.client import errors, paths
from kubectl_cafe.client.access.config import load
from kubectl_cafe.client.access.identity import whoami
from kubectl_cafe.client.clock import BootClock
from kubectl_cafe.client.transport import Transport
from testbed.controlplane import ControlPlane
from tests.contract.conftest import through


def test_the_servers_time_is_near_ours_when_both_are_one_machine(server: Transport) -> None:
    server.get(paths.version())
    assert abs(server.server_time() - BootClock().time()) < 1.5


def test_the_server_says_who_we_are(server: Transport, control_plane: ControlPlane) -> None:
    assert whoami(server) == "admin"
    jane = through(control_plane.kubeconfig, as_user="jane", as_groups=("a", "b"))
    assert whoami(jane) == "jane"


def test_both_impersonated_groups_arrive(control_plane: ControlPlane) -> None:
    jane = through(control_plane.kubeconfig, as_user="jane", as_groups=("a", "b"))
    answer = jane.create(
        paths.selfsubjectreviews(),
        {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"},
    )
    assert {"a", "b"} <= set(answer["status"]["userInfo"]["groups"])


def test_whoever_may_not_is_told_what_and_how_to_ask(
    control_plane: ControlPlane, namespace: str
) -> None:
    jane = through(control_plane.kubeconfig, as_user="jane")
    with pytest.raises(errors.Forbidden, match='User "jane" cannot list') as caught:
        jane.list(paths.pods(namespace))
    assert caught.value.hint.startswith(f"kubectl auth can-i list pods -n {namespace}")


def test_the_audit_log_can_be_read_by_release(control_plane: ControlPlane, namespace: str) -> None:
    release = uuid.uuid4().hex
    named = through(control_plane.kubeconfig).session(lambda: None, release)
    named.create(paths.configmaps(namespace), {"metadata": {"generateName": "audited-"}})
    assert f"(release {release})" in control_plane.audit_log.read_text()


def test_inside_a_pod_its_service_account_is_who_asks(
    server: Transport, control_plane: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    accounts = f"/api/v1/namespaces/{namespace}/serviceaccounts"
    server.create(accounts, {"metadata": {"name": "driver"}})
    token = server.create(f"{accounts}/driver/token", {"spec": {}})["status"]["token"]
    (tmp_path / "token").write_text(token)
    (tmp_path / "namespace").write_text(namespace)
    (tmp_path / "ca.crt").write_bytes(control_plane.ca.read_bytes())
    where = urlsplit(control_plane.server)
    environ = {
        "KUBERNETES_SERVICE_HOST": str(where.hostname),
        "KUBERNETES_SERVICE_PORT": str(where.port),
        "HOME": str(tmp_path),
    }

    access = load(None, environ, tmp_path)

    assert access.namespace == namespace
    assert whoami(Transport(access)) == f"system:serviceaccount:{namespace}:driver"

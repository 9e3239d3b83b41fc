"""What the namespace and the one who asks allow: quotas, rights, pull secrets."""

from __future__ import annotations

import base64
import json

import pytest

from testbed.client import Client
from testbed.controlplane import ControlPlane
from testbed.plugin import Cafe
from tests.integration.shop import NAME, TWO_CELLS, Shop

RBAC = "rbac.authorization.k8s.io/v1"


def quota(shop: Shop, **hard: str) -> None:
    """A ResourceQuota of the test's namespace."""
    named = {key.replace("_", "."): value for key, value in hard.items()}
    shop.client.create("resourcequotas", {"metadata": {"name": "tight"}, "spec": {"hard": named}})


def allow(client: Client, user: str, *rules: dict[str, list[str]]) -> None:
    """A role of `rules` for `user`, here only."""
    role = f"{user}-here"
    client.create(f"{RBAC}/roles", {"metadata": {"name": role}, "rules": list(rules)})
    group = "rbac.authorization.k8s.io"
    subject = {"kind": "User", "name": user, "apiGroup": group}
    reference = {"apiGroup": group, "kind": "Role", "name": role}
    body = {"metadata": {"name": role}, "roleRef": reference, "subjects": [subject]}
    client.create(f"{RBAC}/rolebindings", body)


READ = {"apiGroups": ["*"], "resources": ["*"], "verbs": ["get", "list", "watch"]}


def test_a_first_release_that_does_not_fit_a_quota_is_refused_before_any_write(shop: Shop) -> None:
    shop.make(3)
    quota(shop, pods="2")
    writes = len(shop.writes())

    done = shop.upgrade()

    assert done.code == 7
    assert "quota tight: pods 3 required for 3 new pods, 2 left. Nothing was written" in done.err
    assert "  next:  kubectl describe quota tight" in done.err
    assert len(shop.writes()) == writes


def test_a_container_without_the_requests_that_a_quota_counts_is_refused(shop: Shop) -> None:
    shop.make(1)
    quota(shop, requests_cpu="4")

    done = shop.cafe("plan", NAME)

    assert done.code == 7
    assert (
        "refused: quota tight requires requests.cpu of every container, main has none" in done.out
    )


def test_a_restart_in_place_asks_no_quota(shop: Shop) -> None:
    shop.born(2)
    quota(shop, pods="1")

    done = shop.cafe("plan", NAME, "--image", "main=app:v2")

    assert (done.code, "quota" in done.out) == (1, False)


def test_whoever_may_not_write_a_pods_status_is_refused_by_plan_and_upgrade(shop: Shop) -> None:
    shop.born(1)
    everything = ["get", "list", "watch", "create", "update", "patch", "delete"]
    pods = {"apiGroups": [""], "resources": ["pods", "events"], "verbs": everything}
    others = [
        {"apiGroups": [group], "resources": ["*"], "verbs": everything}
        for group in ("apps", "apps.cafe.cloud.alipay.com", "coordination.k8s.io")
    ]
    allow(shop.client, "ann", READ, pods, *others)
    writes = len(shop.writes())

    plan = shop.cafe("plan", NAME, "--image", "main=app:v2", "--as", "ann")
    upgrade = shop.upgrade("app:v2", "--as", "ann")

    assert (plan.code, upgrade.code) == (7, 7)
    assert "refused: no permission to patch pods/status\n" in plan.out
    assert "no permission to patch pods/status. Nothing was written" in upgrade.err
    assert "kubectl auth can-i patch pods --subresource=status" in upgrade.err
    assert len(shop.writes()) == writes


def test_what_one_may_not_look_at_is_said_and_no_pass(
    control_plane: ControlPlane, shop: Shop, client: Client
) -> None:
    shop.born(1)
    allow(client, "operator", {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]})

    done = Cafe(control_plane.user("operator"), shop.cafe.namespace)(
        "plan", NAME, "--image", "main=app:v2"
    )

    assert done.code == 1, done.err
    assert "not checked: the nodes' condition: not allowed: nodes is forbidden" in done.out
    assert "not checked: image app:v2, container main: not allowed" in done.out


@pytest.mark.parametrize(
    ("host", "said"),
    [
        ("registry.example", "ok: credentials for registry.example/app found in cred"),
        ("other.example", "warning: no pull secret (cred) has credentials for registry.example"),
    ],
)
def test_the_pull_secret_of_the_pods_is_held_against_the_registry(
    shop: Shop, host: str, said: str
) -> None:
    config = json.dumps({"auths": {host: {"auth": "c2VjcmV0"}}}).encode()
    data = {".dockerconfigjson": base64.b64encode(config).decode()}
    kind = "kubernetes.io/dockerconfigjson"
    shop.client.create("secrets", {"metadata": {"name": "cred"}, "type": kind, "data": data})
    shop.born(1, pod={"imagePullSecrets": [{"name": "cred"}]})

    done = shop.cafe("plan", NAME, "--image", "main=registry.example/app:v2", "-o", "wide")

    assert said in done.out
    assert "c2VjcmV0" not in done.out + done.err


def test_a_pull_secret_that_is_not_there_is_told(shop: Shop) -> None:
    shop.born(1, pod={"imagePullSecrets": [{"name": "cred"}]})

    done = shop.cafe("plan", NAME, "--image", "main=app:v2")

    assert "warning: pull secret cred not found" in done.out


def test_an_upgrade_asks_a_handful_of_things_once_and_no_node_nor_secret(shop: Shop) -> None:
    shop.born(4, cells=TWO_CELLS)

    done = shop.upgrade("app:v2", "-v=6")

    assert done.code == 0
    assert done.err.count("/selfsubjectaccessreviews?") == 13
    tried = [line for line in done.err.splitlines() if "/pods/" in line and "dryRun=All" in line]
    assert len(tried) == 4
    assert sum("/status?" in line for line in tried) == 2
    assert not [kind for kind in ("/nodes", "/secrets", "/resourcequotas") if kind in done.err]

"""No way to the API server, or no right there: said with the next command."""

from __future__ import annotations

from pathlib import Path

import pytest

from testbed.client import Client
from testbed.controlplane import ControlPlane, free_ports
from testbed.credentials import write_kubeconfig
from tests.integration.refusals import UPGRADE, VERBS, names_of, refused, says
from tests.integration.shop import CAFED, NAME, Shop

REVISIONS = "apps/v1/controllerrevisions"


def test_an_api_server_that_is_down_is_said_with_its_address(tmp_path: Path, shop: Shop) -> None:
    (port,) = free_ports(1)
    server = f"http://127.0.0.1:{port}"
    nobody_there = write_kubeconfig(tmp_path / "config", server, "t", "admin", None)

    for args in (UPGRADE, ("status", NAME)):
        says(
            shop.cafe.at(nobody_there)(*args),
            1,
            f"the API server {server} (context testbed) can't be reached",
            "kubectl --context testbed cluster-info",
        )


def test_a_wrong_context_is_answered_with_those_there_are(shop: Shop) -> None:
    refused(
        shop, (*UPGRADE, "--context", "testbad"), 1, "no context 'testbad'; its contexts: testbed"
    )


def test_a_missing_kubeconfig_is_said(tmp_path: Path, shop: Shop) -> None:
    done = shop.cafe(*UPGRADE, "--kubeconfig", str(tmp_path / "none"))

    says(done, 1, str(tmp_path / "none"))


def test_a_wrong_token_is_said(control_plane: ControlPlane, tmp_path: Path, shop: Shop) -> None:
    wrong = write_kubeconfig(
        tmp_path / "config", control_plane.server, "wrong", "admin", control_plane.ca
    )

    says(
        shop.cafe.at(wrong)(*UPGRADE),
        1,
        "authentication failed",
        "kubectl auth whoami",
    )


@pytest.mark.parametrize("args", VERBS, ids=names_of)
def test_whoever_may_not_is_told_what_is_missing(
    control_plane: ControlPlane, shop: Shop, args: tuple[str, ...]
) -> None:
    shop.make(1)
    stored = shop.client.get(CAFED, NAME)

    done = shop.cafe.at(control_plane.user("nobody"))(*args)

    says(
        done,
        2 if args[0] == "plan" else 1,
        'User "nobody" cannot get resource "cafedeployments"',
        "kubectl auth can-i get cafedeployments.apps.cafe.cloud.alipay.com",
    )
    assert shop.client.get(CAFED, NAME) == stored


def test_who_may_read_and_not_write_is_refused_before_the_first_write(
    control_plane: ControlPlane, shop: Shop, client: Client
) -> None:
    """May read everything and write nothing: no record, no revision."""
    shop.born(1)
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view-all"}
    rules = [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["get", "list", "watch"]}]
    rbac = "rbac.authorization.k8s.io/v1"
    client.create(f"{rbac}/roles", {"metadata": {"name": "view-all"}, "rules": rules})
    subject = {"kind": "User", "name": "viewer", "apiGroup": role["apiGroup"]}
    binding = {"roleRef": role | {"kind": "Role"}, "subjects": [subject]}
    client.create(f"{rbac}/rolebindings", {"metadata": {"name": "view-all"}} | binding)
    stored = shop.client.get(CAFED, NAME), shop.client.list(REVISIONS)

    done = shop.cafe.at(control_plane.user("viewer"))(*UPGRADE, "--image", "main=app:v2")

    says(done, 7, "no permission to create controllerrevisions.apps", "kubectl auth can-i")
    assert (shop.client.get(CAFED, NAME), shop.client.list(REVISIONS)) == stored

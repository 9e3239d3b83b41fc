"""What can't be done is said at once, with the next command, and nothing is written."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from testbed.client import Client, Object
from testbed.controlplane import ControlPlane, free_ports
from testbed.credentials import write_kubeconfig
from testbed.plugin import Cafe, Outcome
from tests.integration.shop import CAFED, NAME, RELEASE, Shop

UPGRADE = ("upgrade", NAME, "--yes")
BUDGETS = "policy/v1/poddisruptionbudgets"
VERBS = (
    ("plan", NAME),
    UPGRADE,
    ("status", NAME),
    ("confirm", NAME),
    ("pause", NAME),
    ("resume", NAME),
    ("retry", NAME),
    ("abort", NAME),
    ("rollback", NAME),
    ("drive", NAME),
)
"""Every verb that speaks of one release."""


def names_of(verbs: tuple[str, ...]) -> str:
    """The verb alone, as the test's id."""
    return verbs[0]


def says(done: Outcome, code: int, *words: str) -> None:
    """It ended with `code`, said all of `words` and the next command, and no traceback."""
    assert done.code == code, done.err
    for word in words:
        assert word in done.err
    assert "  next:  " in done.err
    assert "Traceback" not in done.err + done.out
    assert "bug in kubectl-cafe" not in done.err


def refused(shop: Shop, args: tuple[str, ...], code: int, *words: str) -> None:
    """`args` end with `code` and `words`, and the API server was asked for no write."""
    before, stored = len(shop.writes()), shop.client.find(CAFED, NAME)

    says(shop.cafe(*args), code, *words)

    assert len(shop.writes()) == before
    assert shop.client.find(CAFED, NAME) == stored


def edited(shop: Shop, path: str, value: Any, op: str = "add") -> None:
    """One edit of the stored template, by JSON pointer below spec.template."""
    patch = [{"op": op, "path": f"/spec/template{path}", "value": value}]
    shop.client.patch(CAFED, NAME, patch, kind="application/json-patch+json")


# What is not there


@pytest.mark.parametrize("args", VERBS, ids=names_of)
def test_a_missing_cafedeployment_is_named(shop: Shop, args: tuple[str, ...]) -> None:
    refused(
        shop,
        args,
        2 if args[0] == "plan" else 1,
        f'there is no CafeDeployment "{NAME}" in namespace {shop.client.namespace}',
        "kubectl get cafed --all-namespaces",
    )


def test_a_missing_crd_leads_to_init(own_control_plane: ControlPlane) -> None:
    cafe = Cafe(own_control_plane.kubeconfig, "default")

    for args in (UPGRADE, ("status", NAME), ("status",), ("drive", NAME)):
        says(cafe(*args), 1, "CafeDeployments are not installed", "kubectl cafe init")


def test_a_missing_namespace_is_said(shop: Shop) -> None:
    elsewhere = Cafe(shop.cafe.kubeconfig, "nowhere")

    says(elsewhere(*UPGRADE), 1, 'no CafeDeployment "web" in namespace nowhere')


# Images


@pytest.mark.parametrize(
    ("typed", "near"), [("mian", "; did you mean main?"), ("database", "(there is main)")]
)
def test_an_unknown_container_is_named_with_the_near_miss(
    shop: Shop, typed: str, near: str
) -> None:
    shop.born(1)

    refused(
        shop,
        (*UPGRADE, "--image", f"{typed}=app:v2"),
        1,
        f'there is no container "{typed}"',
        near,
        "--image main=app:v2",
    )


def test_c7_an_image_that_is_the_current_one_is_no_release(shop: Shop) -> None:
    shop.born(1)
    before = len(shop.writes())

    done = shop.upgrade("app:v1")

    assert (done.code, len(shop.writes())) == (0, before)
    assert "already at the target; nothing was written" in done.err


def test_c7_a_tag_that_moves_is_warned_of(shop: Shop) -> None:
    shop.born(1, containers={"main": "app:latest"})

    done = shop.upgrade("app:latest")

    assert done.code == 0
    assert "the tag of app:latest usually moves" in done.err


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("main=", "the image is empty"),
        ("main=app:v2 ", "white space"),
        ("main=App:v2", "is not an image reference"),
        ("main=app:v2:v3", "is not an image reference"),
        ("main=app@sha256:12", "is not an image reference"),
        ("main", "want CONTAINER=IMAGE"),
        ("=app:v2", "want CONTAINER=IMAGE"),
    ],
)
def test_an_empty_or_malformed_image_on_the_command_line_is_a_usage_error(
    shop: Shop, typed: str, words: str
) -> None:
    shop.born(1)

    refused(shop, (*UPGRADE, "--image", typed), 2, words)


@pytest.mark.guard("bad-images-are-refused")
@pytest.mark.parametrize("image", ["", "App:v2"])
def test_an_empty_or_malformed_image_in_the_spec_is_refused_with_its_path(
    shop: Shop, image: str
) -> None:
    shop.born(1)
    edited(shop, "/spec/containers/0/image", image, "replace")

    refused(
        shop,
        UPGRADE,
        7,
        "spec.template.spec.containers[main].image",
        "Nothing was written",
        "--image main=",
    )


# What can't go in place


@pytest.mark.guard("only-images-labels-annotations")
@pytest.mark.parametrize(
    ("pointer", "value", "path"),
    [
        (
            "/spec/containers/0/env",
            [{"name": "MODE", "value": "fast"}],
            "spec.template.spec.containers[main].env",
        ),
        (
            "/spec/containers/0/ports",
            [{"containerPort": 81}],
            "spec.template.spec.containers[main].ports",
        ),
        (
            "/spec/containers/-",
            {"name": "extra", "image": "side:v1"},
            "spec.template.spec.containers[extra]",
        ),
        ("/spec/volumes", [{"name": "v", "emptyDir": {}}], "spec.template.spec.volumes"),
        (
            "/spec/initContainers",
            [{"name": "init", "image": "side:v1"}],
            "spec.template.spec.initContainers",
        ),
        (
            "/spec/terminationGracePeriodSeconds",
            7,
            "spec.template.spec.terminationGracePeriodSeconds",
        ),
    ],
    ids=["env", "ports", "container", "volumes", "init", "grace"],
)
def test_anything_but_images_labels_and_annotations_is_refused_with_its_path(
    shop: Shop, pointer: str, value: object, path: str
) -> None:
    shop.born(1)
    edited(shop, pointer, value)

    refused(shop, UPGRADE, 7, f"this changes {path}. Nothing was written")


def test_all_paths_that_can_t_go_in_place_are_named_at_once(shop: Shop) -> None:
    shop.born(1)
    edited(shop, "/spec/containers/0/env", [{"name": "MODE", "value": "fast"}])
    edited(shop, "/spec/hostNetwork", True)

    refused(
        shop,
        (*UPGRADE, "--image", "main=app:v2"),
        7,
        "spec.template.spec.containers[main].env, spec.template.spec.hostNetwork",
    )


@pytest.mark.guard("server-judges-the-template")
def test_a_template_that_the_server_would_refuse_is_refused_before_any_record(
    shop: Shop,
) -> None:
    shop.make(1)
    edited(shop, "/spec/containers/0/imagePullPolicy", "Sometimes")

    refused(shop, UPGRADE, 7, "spec.template", "imagePullPolicy", "Nothing was written")


def test_a_field_that_no_server_knows_is_refused_before_any_record(shop: Shop) -> None:
    shop.make(1)
    edited(shop, "/spec/containers/0/comand", ["sleep"])

    refused(shop, UPGRADE, 7, "comand", "Nothing was written")


# What this version does not honour

UNHONOURED: dict[str, tuple[Object, str]] = {
    "traffic-finalizers": (
        {"strategy": {"trafficFinalizers": ["example.com/lb"]}},
        "spec.strategy.trafficFinalizers",
    ),
    "on-failure": ({"strategy": {"onFailure": "Rollback"}}, "spec.strategy.onFailure"),
    "pause-field": ({"strategy": {"pause": True}}, "spec.strategy.pause"),
    "auto-reschedule": (
        {"topology": {"autoReschedule": {"enable": True}}},
        "spec.topology.autoReschedule.enable",
    ),
}


@pytest.mark.guard("unhonoured-fields-are-refused")
@pytest.mark.parametrize(("spec", "path"), UNHONOURED.values(), ids=UNHONOURED)
def test_what_this_version_does_not_honour_is_refused_with_its_path(
    shop: Shop, spec: Object, path: str
) -> None:
    shop.born(1)
    shop.edit(spec)

    refused(shop, (*UPGRADE, "--image", "main=app:v2"), 7, f"does not honour {path}")


@pytest.mark.parametrize("kind", ["ReplicaSet", "StatefulSet"])
def test_another_pod_set_type_is_refused_with_its_path(shop: Shop, kind: str) -> None:
    made = shop.make(1)
    shop.client.delete(CAFED, NAME)
    spec = copy.deepcopy(made["spec"]) | {"podSetType": kind}
    body = {key: made[key] for key in ("apiVersion", "kind")}
    shop.client.create(CAFED, body | {"metadata": {"name": NAME}, "spec": spec})

    refused(shop, UPGRADE, 7, "does not honour spec.podSetType")


@pytest.mark.guard("budgets-are-refused")
def test_pods_under_a_disruption_budget_are_refused_with_its_name(shop: Shop) -> None:
    shop.born(2)
    spec = {"minAvailable": 1, "selector": {"matchLabels": {"app": NAME}}}
    shop.client.create(BUDGETS, {"metadata": {"name": "careful"}, "spec": spec})

    refused(
        shop,
        (*UPGRADE, "--image", "main=app:v2"),
        7,
        "PodDisruptionBudget careful covers these pods",
        "kubectl describe pdb careful",
    )


def test_a_disruption_budget_of_other_pods_hinders_nothing(shop: Shop) -> None:
    shop.born(1)
    spec = {"minAvailable": 1, "selector": {"matchLabels": {"app": "other"}}}
    shop.client.create(BUDGETS, {"metadata": {"name": "careful"}, "spec": spec})

    assert shop.upgrade("app:v2").code == 0


@pytest.mark.guard("scaling-is-refused")
def test_another_number_of_pods_is_refused_and_the_way_back_is_said(shop: Shop) -> None:
    shop.born(2)
    shop.edit({"replicas": 3})

    refused(
        shop,
        (*UPGRADE, "--image", "main=app:v2"),
        7,
        "does not scale",
        "spec.replicas",
        "--replicas 2",
    )


# A record that can't be read


def damage(shop: Shop, text: str) -> None:
    """Write the release annotation."""
    shop.annotate({RELEASE: text})


@pytest.mark.parametrize("args", VERBS, ids=names_of)
def test_a_garbage_record_is_not_acted_on(shop: Shop, args: tuple[str, ...]) -> None:
    shop.make(1)
    damage(shop, "{half a record")

    refused(
        shop,
        args,
        2 if args[0] == "plan" else 1,
        "the release's record can't be read: not JSON",
        f"annotation {RELEASE}",
    )


def test_a_record_of_a_newer_version_is_left_to_a_newer_plugin(shop: Shop) -> None:
    shop.born(1)
    damage(shop, json.dumps(shop.record() | {"v": 99}))

    refused(shop, UPGRADE, 1, "version 99, written by a newer kubectl-cafe", "kubectl cafe version")


@pytest.mark.guard("codec-unknown-field")
def test_a_record_with_a_field_that_is_not_known_is_not_acted_on(shop: Shop) -> None:
    shop.born(1)
    damage(shop, json.dumps(shop.record() | {"surprise": 1}))

    refused(shop, UPGRADE, 1, "can't be read", "surprise")


@pytest.mark.guard("foreign-record")
def test_a_record_that_was_copied_from_another_object_is_not_acted_on(shop: Shop) -> None:
    shop.born(1)
    damage(shop, json.dumps(shop.record() | {"uid": "someone-else", "state": "RollingBack"}))

    done = shop.cafe("drive", NAME)

    assert done.code == 0
    assert "Idle" in done.err


# The way to the API server


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
        "the API server does not know who this is",
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


def test_rights_that_end_in_the_middle_of_the_start_leave_no_record(
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
    stored = shop.client.get(CAFED, NAME)

    done = shop.cafe.at(control_plane.user("viewer"))(*UPGRADE, "--image", "main=app:v2")

    says(done, 1, 'User "viewer" cannot', "kubectl auth can-i")
    assert shop.client.get(CAFED, NAME) == stored
    assert len(shop.client.list("apps/v1/controllerrevisions")) == 1


# Asking


@pytest.mark.guard("nobody-to-ask")
def test_without_a_terminal_and_without_yes_nothing_is_started(shop: Shop) -> None:
    shop.make(1)

    refused(shop, ("upgrade", NAME), 7, "this is no terminal. Nothing was written", "--yes")

"""Whether new images can be pulled, as far as nodes and secrets tell."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from kubectl_cafe.preflight import credentials, pulling
from kubectl_cafe.preflight.answers import Answers, Node, coming
from kubectl_cafe.revisions.image import canonical, repository
from tests.unit.builders import pod, template
from tests.unit.preflight.cases import AT_V1, MAY_NOT, create, said, upgrade


def node(name: str, *images: str) -> Node:
    return Node(name, "", True, True, frozenset(images))


def judged(*nodes: Node, **changes: Any) -> str:
    pods = (pod("a", labels=AT_V1, node="n1"), pod("b", labels=AT_V1, node="n2"))
    (found,) = said(pulling.judge(upgrade(*pods, **changes), Answers(nodes=nodes)))
    return found


def secret(*hosts: str, kind: str = "kubernetes.io/dockerconfigjson") -> dict[str, Any]:
    text = json.dumps({"auths": {host: {"auth": "x"} for host in hosts}})
    return {"type": kind, "data": {".dockerconfigjson": base64.b64encode(text.encode()).decode()}}


def held(**secrets: Any) -> list[str]:
    answers = Answers(secrets=secrets)
    of = upgrade(to=template("registry.example/shop/app:v2"))
    return said(credentials.judge(of, answers))


@pytest.mark.parametrize(
    ("image", "full"),
    [
        ("app", "docker.io/library/app:latest"),
        ("app:v1", "docker.io/library/app:v1"),
        ("shop/app:v1", "docker.io/shop/app:v1"),
        ("registry.example:5000/app", "registry.example:5000/app:latest"),
        ("registry:5000/app", "registry:5000/app:latest"),
        ("localhost/app:v1", "localhost/app:v1"),
        ("shop.app:v1", "docker.io/library/shop.app:v1"),
        ("index.docker.io/shop/app:v1", "docker.io/shop/app:v1"),
        ("app:v1@sha256:ab", "docker.io/library/app@sha256:ab"),
    ],
)
def test_an_image_is_spelled_as_a_node_lists_it(image: str, full: str) -> None:
    assert canonical(image) == full


def test_a_repository_is_an_image_without_tag_and_digest() -> None:
    assert repository("registry.example:5000/app:v1") == "registry.example:5000/app"
    assert repository("app@sha256:ab") == "docker.io/library/app"


def test_an_image_that_every_node_of_the_pods_has_is_well() -> None:
    have = "docker.io/library/app:v2"
    found = judged(node("n1", have), node("n2", have), node("other"))
    assert found == "ok: image app:v2 is present on 2 of 2 nodes"


@pytest.mark.guard("an-image-that-a-node-lacks-is-not-known")
def test_an_image_that_a_node_lacks_is_not_known() -> None:
    found = judged(node("n1", "docker.io/library/app:v2"), node("n2"))
    assert found == ("not checked: pull of image app:v2 (container main, present on 1 of 2 nodes)")


def test_an_image_that_is_always_pulled_is_not_known_although_it_is_there() -> None:
    new = template("app:v2")
    new["spec"]["containers"][0]["imagePullPolicy"] = "Always"
    have = "docker.io/library/app:v2"
    always = pulling.policy(new, "main", "app:v2")
    found = pulling.pullable("main", "app:v2", always, (node("n", have),))
    assert said([found])[0].startswith("not checked: ")


def test_an_image_that_is_never_pulled_and_not_there_is_a_warning() -> None:
    found = pulling.pullable("main", "app:v2", "Never", (node("n1"),))
    assert said([found])[0].startswith("warning: container main has imagePullPolicy Never")


def test_a_latest_tag_is_always_pulled_by_default() -> None:
    assert pulling.policy(template("app"), "main", "app") == "Always"
    assert pulling.policy(template("app:v1"), "main", "app:v1") == "IfNotPresent"


def test_nodes_that_may_not_be_read_are_no_pass() -> None:
    (found,) = said(pulling.judge(upgrade(), Answers(nodes=MAY_NOT)))
    assert found.startswith("not checked: image app:v2, container main: not allowed")


def test_an_image_that_stays_is_not_asked_about() -> None:
    of = upgrade(to=template("app:v1", tier="web"))
    assert list(pulling.judge(of, Answers(nodes=()))) == []


def test_every_image_is_new_where_pods_are_born() -> None:
    assert coming(create()) == {"main": "app:v1"}


def test_without_pull_secrets_nothing_is_said_of_them() -> None:
    assert held() == []


def test_a_pull_secret_with_the_registrys_host_is_well() -> None:
    assert held(cred=secret("registry.example")) == [
        "ok: credentials for registry.example/shop/app found in cred"
    ]


@pytest.mark.guard("a-pull-secret-of-another-registry-is-reported")
def test_a_pull_secret_of_another_registry_is_told() -> None:
    (found,) = held(cred=secret("other.example"))
    assert found.startswith("warning: no pull secret (cred) has credentials for registry.example")


def test_a_pull_secret_that_is_not_there_is_told() -> None:
    assert held(cred=None)[0] == "warning: pull secret cred not found"


def test_a_pull_secret_of_another_type_is_told() -> None:
    assert "has type Opaque" in held(cred=secret("registry.example", kind="Opaque"))[0]


def test_a_pull_secret_that_is_damaged_holds_nothing() -> None:
    broken = {"type": "kubernetes.io/dockerconfigjson", "data": {".dockerconfigjson": "!"}}
    assert credentials.registries(broken) == ()


def test_a_pull_secret_that_may_not_be_read_is_no_pass() -> None:
    assert held(cred=MAY_NOT)[0].startswith("not checked: pull secret cred: ")
    assert len(held(cred=MAY_NOT)) == 1


@pytest.mark.parametrize(
    ("key", "yes"),
    [
        ("registry.example", True),
        ("https://registry.example/v2/", True),
        ("*.example", True),
        ("registry.example/shop", True),
        ("registry.example/sho", False),
        ("registry.example/other", False),
        ("registry.example:5000", False),
        ("a.registry.example", False),
        ("https://index.docker.io/v1/", False),
    ],
)
def test_a_key_covers_a_repository_as_a_kubelet_matches_it(key: str, yes: bool) -> None:
    assert credentials.covers(key, "registry.example/shop/app") is yes


def test_docker_hub_is_known_by_its_old_key() -> None:
    assert credentials.covers("https://index.docker.io/v1/", "docker.io/library/app")

"""Types and combinations of a kubeconfig's fields that kubectl refuses."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kubectl_cafe.client.access.config import load
from kubectl_cafe.client.access.fields import header, without_password
from kubectl_cafe.client.access.flags import AccessFlags
from kubectl_cafe.client.errors import AccessError
from tests.unit.client.stub import PAIR

Write = Callable[..., Path]
CA = base64.b64encode(PAIR.read_bytes()).decode()


@pytest.fixture
def refusal(kubeconfig: Write) -> Callable[..., AccessError]:
    """Why a kubeconfig with this cluster and user can't be used."""

    def why(cluster: dict[str, Any] | None = None, user: dict[str, Any] | None = None) -> Any:
        contexts = {"here": {"cluster": "c", "user": "me"}}
        whole = {"server": "https://127.0.0.1:1", **(cluster or {})}
        path = kubeconfig("config", "here", contexts, {"c": whole}, {"me": user or {}})
        with pytest.raises(AccessError) as caught:
            load(AccessFlags(kubeconfig=str(path))).connect(1)
        return caught.value

    return why


@pytest.mark.guard("no-verification-is-a-boolean")
@pytest.mark.parametrize("value", ["false", "true", 0, 1, []])
def test_the_verification_is_only_switched_off_by_a_boolean(refusal: Any, value: Any) -> None:
    error = refusal({"insecure-skip-tls-verify": value})

    field = "clusters[c].cluster.insecure-skip-tls-verify"
    assert error.message == f"{field} must be true or false without quotes"
    assert error.where.endswith("config")


@pytest.mark.parametrize(
    ("user", "field"),
    [
        ({"token": 12345}, "token must be a string"),
        ({"password": ["a"]}, "password must be a string"),
        ({"as-groups": "admins"}, "as-groups must be a list of strings"),
        ({"as-groups": [True]}, "as-groups must be a list of strings"),
        ({"as-user-extra": {"a": "b"}}, "as-user-extra must be a mapping of lists of strings"),
        ({"exec": "aws"}, "exec must be a mapping"),
        ({"exec": {"command": 5}}, "exec.command must be a string"),
        ({"exec": {"args": [1]}}, "exec.args must be a list of strings"),
        ({"exec": {"env": [{"name": "A"}]}}, "exec.env must be a list of names with values"),
        ({"exec": {"provideClusterInfo": "yes"}}, "exec.provideClusterInfo must be true or false"),
        ({"auth-provider": {"config": {"a": 1}}}, "auth-provider.config must be a mapping of"),
    ],
)
def test_a_field_of_another_type_is_named(refusal: Any, user: Any, field: str) -> None:
    assert refusal(user=user).message.startswith(f"users[me].user.{field}")


@pytest.mark.guard("a-ca-and-no-verification-exclude-each-other")
@pytest.mark.parametrize(
    ("cluster", "user", "why"),
    [
        ({"certificate-authority-data": CA, "certificate-authority": "/ca"}, {}, "both set"),
        ({"certificate-authority-data": CA, "insecure-skip-tls-verify": True}, {}, "both set"),
        ({"certificate-authority": "/ca", "insecure-skip-tls-verify": True}, {}, "both set"),
        ({}, {"client-key": "/k", "client-key-data": CA}, "both set"),
        ({}, {"client-certificate": "/c", "client-certificate-data": CA}, "both set"),
        ({}, {"client-certificate-data": CA}, "client-certificate is set without client-key"),
        ({}, {"token": "t", "password": "p"}, "only one can be used"),
    ],
)
def test_fields_that_contradict_each_other_are_refused(
    refusal: Any, cluster: Any, user: Any, why: str
) -> None:
    assert why in refusal(cluster, user).message


def test_null_is_as_if_the_field_were_not_there(kubeconfig: Write) -> None:
    contexts = {"here": {"cluster": "c", "user": "me", "namespace": None}}
    cluster = {"server": "https://127.0.0.1:1", "insecure-skip-tls-verify": None}
    user = {"token": "t", "as-groups": None, "exec": None, "client-key-data": None}
    path = kubeconfig("config", "here", contexts, {"c": cluster}, {"me": user})

    access = load(AccessFlags(kubeconfig=str(path)))

    assert access.namespace == "default"
    assert access.connect(1).authorization == {"Authorization": "Bearer t"}


def test_base64_with_other_characters_in_it_is_refused(refusal: Any) -> None:
    error = refusal({"certificate-authority-data": f"{CA[:64]} {CA[64:]}"})

    assert (error.message[:10], error.where) == ("not base64", "certificate-authority-data")


@pytest.mark.guard("no-control-characters-in-a-header")
@pytest.mark.parametrize("token", ["a\n", "a\r\nX-Other: b", "a\x00", "a\x7f"])
def test_a_token_with_a_line_end_is_refused_by_its_place(refusal: Any, token: str) -> None:
    error = refusal(user={"token": token})

    assert error.message == "the token contains a line end or another control character"
    assert error.where == "users[me].user"


def test_a_header_carries_any_other_text_as_go_sends_it() -> None:
    assert header("jané €", "a", "b").encode("latin-1") == "jané €".encode()
    assert header("a\tb", "a", "b") == "a\tb"


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://jane:pw@host:1/a@b", "https://host:1/a@b"),
        ("https://jane@host", "https://host"),
        ("https://host:1/a@b", "https://host:1/a@b"),
        ("https://jane:pw@[::1", "https://[::1"),
        ("host:6443", "host:6443"),
    ],
)
def test_an_address_is_shown_without_its_password(address: str, shown: str) -> None:
    assert without_password(address) == shown

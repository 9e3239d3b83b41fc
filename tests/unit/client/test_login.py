"""What flags and kubeconfig come to: address, credentials, proxy, impersonation."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kubectl_cafe.client.access.config import Access, load
from kubectl_cafe.client.access.flags import AccessFlags
from kubectl_cafe.client.errors import AccessError

Write = Callable[..., Path]
Resolve = Callable[..., Access]
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def resolve(kubeconfig: Write) -> Resolve:
    """What a kubeconfig with this cluster and user, and these flags, come to."""

    def with_config(
        cluster: dict[str, Any] | None = None, user: dict[str, Any] | None = None, **flags: Any
    ) -> Access:
        contexts = {"here": {"cluster": "c", "user": "me", "namespace": "shop"}}
        server = {"server": "https://cluster.example:6443", **(cluster or {})}
        path = kubeconfig("config", "here", contexts, {"c": server}, {"me": user or {}})
        return load(AccessFlags(kubeconfig=str(path), **flags))

    return with_config


def authorization(access: Access) -> str | None:
    return access.connect(1).authorization.get("Authorization")


def basic(pair: str) -> str:
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


def test_a_server_by_flag_keeps_the_user_and_drops_the_other_servers_tls_name(
    resolve: Resolve,
) -> None:
    access = resolve({"tls-server-name": "old"}, {"token": "mine"}, server="https://other:1/")

    assert access.server == "https://other:1"
    assert access.chosen.cluster["tls-server-name"] is None
    assert authorization(access) == "Bearer mine"
    assert access.namespace == "shop"


def test_a_server_by_flag_needs_no_kubeconfig(tmp_path: Path) -> None:
    access = load(AccessFlags(server="http://127.0.0.1:1"), {"HOME": str(tmp_path)})

    assert (access.server, access.namespace) == ("http://127.0.0.1:1", "default")


@pytest.mark.parametrize(
    ("cluster", "user", "scheme"),
    [
        ({}, {}, "http"),
        ({"insecure-skip-tls-verify": True}, {}, "https"),
        ({"certificate-authority-data": "eA=="}, {}, "https"),
        ({}, {"client-certificate-data": "eA=="}, "https"),
    ],
)
def test_a_server_without_a_scheme_is_https_where_something_speaks_of_tls(
    resolve: Resolve, cluster: dict[str, Any], user: dict[str, Any], scheme: str
) -> None:
    access = resolve({"server": "10.0.0.1:6443", **cluster}, user)

    assert access.server == f"{scheme}://10.0.0.1:6443"


def test_a_ca_by_flag_takes_the_place_of_all_that_the_kubeconfig_says_of_it(
    resolve: Resolve,
) -> None:
    before = {"certificate-authority-data": "eA==", "insecure-skip-tls-verify": True}
    access = resolve(before, certificate_authority="/ca")

    assert access.chosen.cluster["certificate-authority"] == "/ca"
    assert not access.chosen.cluster["certificate-authority-data"]
    assert not access.chosen.cluster["insecure-skip-tls-verify"]


def test_skipping_the_verification_by_flag_forgets_the_ca(resolve: Resolve) -> None:
    access = resolve({"certificate-authority": "/not/there"}, insecure_skip_tls_verify=True)

    context = access.connect(1).rest.pool_manager.connection_pool_kw["ssl_context"]
    assert not context.check_hostname


def test_a_token_by_flag_goes_before_a_token_file_and_a_plugin(resolve: Resolve) -> None:
    plugin = {"command": "/not/there", "apiVersion": "client.authentication.k8s.io/v1"}
    access = resolve(user={"tokenFile": "/not/there", "exec": plugin}, token="flag")

    assert authorization(access) == "Bearer flag"


def test_a_user_name_and_a_password_by_flag_are_basic_authentication(resolve: Resolve) -> None:
    assert authorization(resolve(username="jane", password="p:w")) == basic("jane:p:w")


def test_a_token_and_a_user_name_at_once_are_refused(resolve: Resolve) -> None:
    with pytest.raises(AccessError, match="only one can be used"):
        resolve(user={"token": "t"}, username="jane").connect(1)


def test_a_key_file_by_flag_takes_the_place_of_the_kubeconfigs_data(resolve: Resolve) -> None:
    data = {"client-certificate-data": "eA==", "client-key-data": "eA=="}
    user = resolve(user=data, client_certificate="/c", client_key="/k").chosen.user

    assert (user["client-certificate"], user["client-key"]) == ("/c", "/k")
    assert not user["client-certificate-data"]
    assert not user["client-key-data"]


def test_each_flag_of_impersonation_goes_over_its_own_field_alone(resolve: Resolve) -> None:
    own = {"as": "eve", "as-groups": ["g"], "as-uid": "1", "as-user-extra": {"a": ["x"]}}
    extra = (("b/c", "y"), ("b/c", "z"))

    assert resolve(user=own, as_user="jane", as_user_extra=extra).headers == (
        ("Impersonate-User", "jane"),
        ("Impersonate-Group", "g"),
        ("Impersonate-Uid", "1"),
        ("Impersonate-Extra-a", "x"),
        ("Impersonate-Extra-b%2Fc", "y"),
        ("Impersonate-Extra-b%2Fc", "z"),
    )


@pytest.mark.parametrize("flags", [{"as_uid": "7"}, {"as_user_extra": (("a", "b"),)}])
def test_nothing_is_impersonated_without_a_user(resolve: Resolve, flags: dict[str, Any]) -> None:
    with pytest.raises(AccessError, match="without a user"):
        resolve(**flags)


@pytest.mark.guard("no-credentials-without-tls")
@pytest.mark.parametrize(
    "user",
    [{"token": "t"}, {"username": "jane", "password": "p"}, {"tokenFile": "/not/there"}],
    ids=["token", "basic", "file"],
)
def test_without_tls_no_credentials_are_sent(resolve: Resolve, user: dict[str, Any]) -> None:
    """As kubectl does: it sends none, also where the server is this machine."""
    assert authorization(resolve({"server": "http://127.0.0.1:8001"}, user)) is None
    assert authorization(resolve({"server": "HTTP://cluster.example"}, user)) is None


def test_without_tls_no_plugin_is_run(resolve: Resolve) -> None:
    plugin = {"command": "/not/there", "apiVersion": "client.authentication.k8s.io/v1"}

    assert authorization(resolve({"server": "http://127.0.0.1:8001"}, {"exec": plugin})) is None


def test_a_token_file_goes_before_the_token_which_is_for_when_it_can_t_be_read(
    resolve: Resolve, tmp_path: Path
) -> None:
    file = tmp_path / "token"
    user = {"tokenFile": str(file), "token": "spare"}

    assert authorization(resolve(user=user)) == "Bearer spare"
    file.write_text("fresh\n")
    assert authorization(resolve(user=user)) == "Bearer fresh"


@pytest.mark.parametrize("server", ["https://", "https://[::1", "https://host:port"])
def test_a_server_that_is_no_address_is_an_error(resolve: Resolve, server: str) -> None:
    with pytest.raises(AccessError, match="must be a URL"):
        resolve({"server": server}).connect(1)


def test_a_server_s_user_and_password_are_left_out(resolve: Resolve) -> None:
    assert resolve({"server": "https://jane:pw@host:1"}).server == "https://host:1"


def id_token(seconds: int) -> str:
    """One that runs out in so many seconds."""
    claims = json.dumps({"exp": int(time.time()) + seconds}).encode()
    return f"h.{base64.urlsafe_b64encode(claims).decode().rstrip('=')}.s"


def test_an_oidc_provider_s_token_is_used(resolve: Resolve) -> None:
    token = id_token(3600)
    provider = {"name": "oidc", "config": {"id-token": token}}

    assert authorization(resolve(user={"auth-provider": provider})) == f"Bearer {token}"


def test_a_provider_that_can_t_renew_its_token_is_an_error_that_names_it(resolve: Resolve) -> None:
    config = {"id-token": id_token(-3600), "idp-issuer-url": "http://127.0.0.1:1"}
    provider = {"name": "oidc", "config": {**config, "client-id": "c", "refresh-token": "r"}}

    with pytest.raises(AccessError, match="refused") as raised:
        resolve(user={"auth-provider": provider}).connect(1)

    assert raised.value.where.endswith(".user.auth-provider")


def test_a_provider_without_credentials_is_an_error(resolve: Resolve) -> None:
    with pytest.raises(AccessError, match="azure gave no credentials"):
        resolve(user={"auth-provider": {"name": "azure", "config": {}}}).connect(1)


def proxy_of(access: Access) -> tuple[str, dict[str, str]]:
    """The proxy's address in use ("" for none), and the headers that it gets."""
    manager = access.connect(1).rest.pool_manager
    return str(getattr(manager, "proxy", None) or ""), dict(getattr(manager, "proxy_headers", {}))


def test_the_environments_proxy_is_used(resolve: Resolve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")

    assert proxy_of(resolve())[0] == "http://proxy.example:3128"


def test_no_proxy_names_those_that_are_reached_without_one(
    resolve: Resolve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", ".example")

    assert proxy_of(resolve()) == ("", {})


def test_kubectl_knows_no_all_proxy(resolve: Resolve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "http://proxy.example:3128")

    assert proxy_of(resolve())[0] == ""


def test_this_machine_is_reached_without_a_proxy_of_the_environment(
    resolve: Resolve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")

    assert proxy_of(resolve({"server": "https://127.0.0.1:6443"}))[0] == ""


def test_the_kubeconfigs_own_proxy_goes_before_the_environments_and_past_no_proxy(
    resolve: Resolve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", "*")

    assert proxy_of(resolve({"proxy-url": "http://own:1"}))[0] == "http://own:1"


def test_a_proxy_with_a_password_gets_it(resolve: Resolve) -> None:
    _, headers = proxy_of(resolve({"proxy-url": "http://me:p%40ss@own:1"}))

    assert headers == {"proxy-authorization": basic("me:p@ss")}


def test_a_proxy_of_a_kind_that_is_not_known_is_named(resolve: Resolve) -> None:
    with pytest.raises(AccessError, match="the proxy can't be used") as caught:
        resolve({"proxy-url": "gopher://own:1"}).connect(1)
    assert caught.value.where == "gopher://own:1"


def test_an_auth_provider_without_a_config_is_an_error_of_the_kubeconfig_and_no_bug(
    resolve: Resolve,
) -> None:
    with pytest.raises(AccessError, match="has a config that cannot be read") as raised:
        resolve(user={"auth-provider": {"name": "gcp", "config": {}}}).connect(1)
    assert raised.value.where.endswith(".user.auth-provider")

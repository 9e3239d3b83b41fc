"""No message, trace or traceback has a credential in it, whatever is wrong with the kubeconfig."""

from __future__ import annotations

import base64
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kubectl_cafe.client import paths
from kubectl_cafe.client.access.config import load
from kubectl_cafe.client.access.flags import AccessFlags
from kubectl_cafe.client.transport import Transport
from kubectl_cafe.errors import CafeError
from tests.unit.client.conftest import POD, HandClock
from tests.unit.client.stub import PAIR, Reply, Stub, status

SECRET = "s3cr3tw0rd"
CODED = base64.b64encode(SECRET.encode()).decode()
CERTIFICATE = base64.b64encode(PAIR.read_bytes()).decode()
Json = dict[str, Any]
Write = Callable[..., Path]
pytestmark = pytest.mark.tls


@pytest.fixture
def stub(stub: Stub) -> Stub:
    """It knows nobody."""
    stub.script = lambda asked: status(401, "Unauthorized", "Unauthorized")
    return stub


def exec_plugin(tmp_path: Path, said: str) -> Json:
    program = tmp_path / "plugin"
    program.write_text(f"#!/bin/sh\ncat <<'END'\n{said}\nEND\n")
    program.chmod(0o755)
    return {"command": str(program), "apiVersion": "client.authentication.k8s.io/v1"}


USERS: dict[str, Json] = {
    "refused": {"token": SECRET},
    "line end": {"token": f"{SECRET}\n"},
    "line end inside": {"token": f"{SECRET}\nX-Other: {SECRET}"},
    "carriage return": {"token": f"{SECRET}\r"},
    "null byte": {"token": f"{SECRET}\x01"},
    "outside Latin-1": {"token": f"{SECRET}€"},
    "a list": {"token": [SECRET]},
    "a mapping": {"token": {"value": SECRET}},
    "basic": {"username": "jane", "password": SECRET},
    "basic with line end": {"username": "jane", "password": f"{SECRET}\n"},
    "basic and token": {"username": "jane", "password": SECRET, "token": SECRET},
    "password a number": {"username": "jane", "password": [SECRET]},
    "key not base64": {"client-certificate-data": CERTIFICATE, "client-key-data": f"{SECRET}%"},
    "key no PEM": {"client-certificate-data": CERTIFICATE, "client-key-data": CODED},
    "key a list": {"client-certificate-data": CERTIFICATE, "client-key-data": [SECRET]},
    "certificate no PEM": {"client-certificate-data": CODED, "client-key-data": CODED},
    "provider": {"auth-provider": {"name": "oidc", "config": {"id-token": SECRET}}},
    "provider with a list": {"auth-provider": {"name": "oidc", "config": {"id-token": [SECRET]}}},
    "provider of no kind": {"auth-provider": {"name": "other", "config": {"token": SECRET}}},
    "provider is text": {"auth-provider": SECRET},
    "env of a plugin": {
        "exec": {"command": "/not/there", "env": [{"name": "A", "value": SECRET}]},
    },
    "env of a plugin is text": {"exec": {"command": "/not/there", "env": SECRET}},
    "impersonation": {"token": SECRET, "as": "jane\nAuthorization: x"},
}
ANSWERS = {
    "no JSON": SECRET,
    "no object": f'["{SECRET}"]',
    "no status": f'{{"token": "{SECRET}"}}',
    "status is text": '{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", '
    f'"status": "{SECRET}"}}',
    "token is a list": '{"apiVersion": "client.authentication.k8s.io/v1", '
    f'"kind": "ExecCredential", "status": {{"token": ["{SECRET}"]}}}}',
    "token with a line end": '{"apiVersion": "client.authentication.k8s.io/v1", '
    f'"kind": "ExecCredential", "status": {{"token": "{SECRET}\\n"}}}}',
    "key is no PEM": '{"apiVersion": "client.authentication.k8s.io/v1", '
    '"kind": "ExecCredential", "status": {"clientCertificateData": "x", '
    f'"clientKeyData": "{SECRET}"}}}}',
}
CLUSTERS: dict[str, Json] = {
    "proxy with a password": {"proxy-url": f"http://jane:{SECRET}@127.0.0.1:1"},
    "proxy of no kind": {"proxy-url": f"gopher://jane:{SECRET}@127.0.0.1:1"},
    "proxy without a host": {"proxy-url": f"http://jane:{SECRET}@"},
    "proxy with a bad port": {"proxy-url": f"http://jane:{SECRET}@host:port"},
    "proxy is no address": {"proxy-url": f"http://jane:{SECRET}@[::1"},
    "server with a password": {"server": f"https://jane:{SECRET}@127.0.0.1:1"},
    "server with a bad port": {"server": f"https://jane:{SECRET}@127.0.0.1:port"},
    "server is no address": {"server": f"https://jane:{SECRET}@[::1"},
    "CA no PEM": {"certificate-authority-data": CODED},
}


def told(path: Path, clock: HandClock) -> str:
    """All that is said where a request fails, at the highest verbosity."""
    traces: list[str] = []

    def asked() -> None:
        access = load(AccessFlags(kubeconfig=str(path)))
        Transport(access, clock=clock, trace=traces.append, verbosity=9).get(POD)

    with pytest.raises(CafeError) as caught:
        asked()
    error = caught.value
    whole = "".join(traceback.format_exception(error))
    return "\n".join([*traces, error.message, error.where, error.hint, whole])


def written(kubeconfig: Write, cluster: Json, user: Json) -> Path:
    contexts = {"here": {"cluster": "c", "user": "me"}}
    return kubeconfig("config", "here", contexts, {"c": cluster}, {"me": user})


@pytest.mark.parametrize("user", USERS.values(), ids=USERS)
def test_of_a_user_that_can_t_log_in_no_secret_is_told(
    kubeconfig: Write, stub: Stub, clock: HandClock, user: Json
) -> None:
    trusted = {"server": stub.url, "certificate-authority": str(PAIR)}
    said = told(written(kubeconfig, trusted, user), clock)

    assert SECRET not in said
    assert CODED not in said


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_of_a_plugin_that_answers_nonsense_no_secret_is_told(
    kubeconfig: Write, stub: Stub, clock: HandClock, tmp_path: Path, answer: str
) -> None:
    trusted = {"server": stub.url, "certificate-authority": str(PAIR)}
    user = {"exec": exec_plugin(tmp_path, answer)}

    assert SECRET not in told(written(kubeconfig, trusted, user), clock)


@pytest.mark.parametrize("cluster", CLUSTERS.values(), ids=CLUSTERS)
def test_of_an_address_with_a_password_it_is_not_told(
    kubeconfig: Write, clock: HandClock, cluster: Json
) -> None:
    whole = {"server": "https://cluster.invalid:1", **cluster}

    assert SECRET not in told(written(kubeconfig, whole, {"token": "t"}), clock)


@pytest.mark.parametrize(
    "text",
    [f"users: [{{token: {SECRET}", f"token: '{SECRET}", f"{SECRET}", f"- {SECRET}: *{SECRET}"],
)
def test_of_a_file_that_is_no_kubeconfig_no_text_is_told(
    tmp_path: Path, clock: HandClock, text: str
) -> None:
    path = tmp_path / "config"
    path.write_text(text)

    assert SECRET not in told(path, clock)


@pytest.mark.guard("secrets-are-not-traced")
def test_a_pull_secret_that_is_read_is_in_no_trace(
    kubeconfig: Write, stub: Stub, clock: HandClock
) -> None:
    stub.script = lambda asked: Reply(body={"data": {".dockerconfigjson": CODED}})
    trusted = {"server": stub.url, "certificate-authority": str(PAIR)}
    access = load(AccessFlags(kubeconfig=str(written(kubeconfig, trusted, {"token": SECRET}))))
    traces: list[str] = []

    Transport(access, clock=clock, trace=traces.append, verbosity=9).get(paths.secrets("shop", "a"))

    assert "200" in traces[0]
    assert CODED not in traces[0]
    assert SECRET not in traces[0]

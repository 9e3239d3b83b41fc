"""Credentials that the server refuses are renewed once, by one thread for all."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from kubectl_cafe.client import errors
from kubectl_cafe.client.transport import PatchKind, Transport
from tests.unit.client.conftest import POD, HandClock
from tests.unit.client.plugins import plugin, token
from tests.unit.client.stub import Asked, Reply, Stub, status

pytestmark = pytest.mark.tls
"""No credentials leave without it."""


def token_server(good: str) -> Callable[[Asked], Reply]:
    def answer(asked: Asked) -> Reply:
        if asked.header("Authorization") == f"Bearer {good}":
            return Reply(body={"n": 1})
        return status(401, "Unauthorized", "Unauthorized")

    return answer


def test_a_401_renews_the_credentials_once_and_asks_again(
    stub: Stub, connect: Callable[..., Transport], tmp_path: Any
) -> None:
    token = tmp_path / "token"
    token.write_text("old")
    transport = connect(user={"tokenFile": str(token)})
    token.write_text("new")
    stub.script = token_server("new")
    assert transport.patch(POD, {}, PatchKind.MERGE) == {"n": 1}
    assert len(stub.asked) == 2


def test_a_plugin_whose_token_is_refused_is_run_once_more(
    stub: Stub, connect: Callable[..., Transport], tmp_path: Path
) -> None:
    """Each run answers with the next token."""
    version = "client.authentication.k8s.io/v1"
    answer = {"apiVersion": version, "kind": "ExecCredential", "status": {"token": "t%d"}}
    program, runs = tmp_path / "plugin", tmp_path / "runs"
    counted = f"printf '{json.dumps(answer)}' $(wc -l < {runs})"
    program.write_text(f"#!/bin/sh\necho run >> {runs}\n{counted}\n")
    program.chmod(0o755)
    plugin = {"command": str(program), "apiVersion": version}
    transport = connect(user={"exec": plugin})
    stub.script = token_server("t2")
    assert [transport.get(POD), transport.get(POD)] == [{"n": 1}, {"n": 1}]
    assert runs.read_text() == "run\nrun\n"


def test_a_401_with_new_credentials_as_well_is_the_end(stub: Stub, transport: Transport) -> None:
    stub.script = token_server("other")
    with pytest.raises(errors.Unauthorized) as caught:
        transport.get(POD)
    assert len(stub.asked) == 2
    assert caught.value.hint == "kubectl auth whoami"


def test_many_threads_that_are_refused_renew_the_credentials_together(
    stub: Stub, connect: Callable[..., Transport], tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = tmp_path / "token"
    token.write_text("old")
    transport = connect(user={"tokenFile": str(token)})
    token.write_text("new")
    arrived = threading.Barrier(4)
    accept = token_server("new")

    def together(asked: Asked) -> Reply:
        if asked.header("Authorization") == "Bearer old":
            arrived.wait(5)
        return accept(asked)

    stub.script = together
    logins: list[int] = []
    access = transport.access
    connect_anew = type(access).connect

    def counted(self: Any, connections: int) -> Any:
        logins.append(1)
        return connect_anew(self, connections)

    monkeypatch.setattr(type(access), "connect", counted)
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda _: transport.get(POD), range(4))) == [{"n": 1}] * 4
    assert len(logins) == 1


def test_a_plugin_that_fails_while_the_command_runs_is_a_request_that_was_not_sent(
    stub: Stub, connect: Callable[..., Transport], tmp_path: Path
) -> None:
    user = plugin(tmp_path, token("old"))
    transport = connect(user=user)
    plugin(tmp_path, "echo the IdP is down >&2; exit 1")
    stub.script = token_server("new")
    with pytest.raises(errors.CredentialsFailed, match="cannot be renewed") as caught:
        transport.patch(POD, {}, PatchKind.MERGE)
    assert isinstance(caught.value, errors.NotSent)
    assert "the credential plugin failed" in caught.value.message
    assert str(tmp_path / "plugin") in caught.value.message


def test_after_a_failed_renewal_the_plugin_is_run_again_in_a_while_and_not_by_every_thread(
    stub: Stub, connect: Callable[..., Transport], tmp_path: Path, clock: HandClock
) -> None:
    transport = connect(user=plugin(tmp_path, token("old")))
    plugin(tmp_path, "exit 1")
    stub.script = token_server("new")
    for _ in range(3):
        with pytest.raises(errors.CredentialsFailed):
            transport.get(POD)
    assert (tmp_path / "runs").read_text() == "run\nrun\n"
    plugin(tmp_path, token("new"))
    clock.now += 5
    assert transport.get(POD) == {"n": 1}


def test_a_provider_whose_library_raises_is_no_bug_in_a_thread(
    transport: Transport,
) -> None:
    def fails(_configuration: object) -> None:
        raise KeyError("id_token")

    configuration = transport._exchange._client.configuration
    configuration.api_key["BearerToken"] = "old"
    configuration.refresh_api_key_hook = fails
    with pytest.raises(errors.CredentialsFailed, match="id_token"):
        transport.get(POD)

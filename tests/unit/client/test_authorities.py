"""Whom the machine trusts is found where OpenSSL was not built to look."""

from __future__ import annotations

import ssl
from base64 import b64encode

import certifi
import pytest

from kubectl_cafe.client.access import tls
from kubectl_cafe.client.access.authorities import trust_this_machine

NOWHERE = "/nowhere/bundle.crt"


@pytest.fixture
def context() -> ssl.SSLContext:
    """It trusts nobody yet."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """What OpenSSL finds by itself: a file, a folder; the test may change it."""
    paths: list[str | None] = [None, None]
    monkeypatch.setattr(
        "ssl.get_default_verify_paths",
        lambda: ssl.DefaultVerifyPaths(paths[0], paths[1], "", "", "", ""),
    )
    return paths


def trusted(context: ssl.SSLContext) -> int:
    return context.cert_store_stats()["x509_ca"]


def test_the_first_place_that_there_is_is_taken_where_openssl_has_found_none(
    context: ssl.SSLContext, found: list[str | None]
) -> None:
    trust_this_machine(context, [NOWHERE, certifi.where()])

    assert trusted(context) > 0


@pytest.mark.parametrize("kind", [0, 1])
def test_what_openssl_finds_or_the_environment_names_is_enough(
    context: ssl.SSLContext, found: list[str | None], kind: int
) -> None:
    found[kind] = "/etc/somewhere"

    trust_this_machine(context, [certifi.where()])

    assert trusted(context) == 0


def test_a_machine_that_trusts_nobody_is_no_error(
    context: ssl.SSLContext, found: list[str | None]
) -> None:
    trust_this_machine(context, [NOWHERE])

    assert trusted(context) == 0


def test_an_authority_that_the_kubeconfig_names_is_the_only_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    end = "-----END CERTIFICATE-----\n"
    with open(certifi.where(), encoding="utf-8") as file:
        one = file.read().partition(end)[0] + end
    asked: list[ssl.SSLContext] = []
    monkeypatch.setattr(tls, "trust_this_machine", asked.append)

    own = tls.context({"certificate-authority-data": b64encode(one.encode()).decode()}, {})
    machine_s = tls.context({}, {})

    assert (trusted(own), asked) == (1, [machine_s])

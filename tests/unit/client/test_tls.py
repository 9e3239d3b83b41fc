"""Client certificates and keys from a kubeconfig."""

from __future__ import annotations

import base64
import ssl
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from kubectl_cafe.client.access import tls
from kubectl_cafe.client.errors import AccessError
from tests.unit.client.stub import PAIR


def inline(certificate: bytes, key: bytes) -> dict[str, str]:
    return {
        "client-certificate-data": base64.b64encode(certificate).decode(),
        "client-key-data": base64.b64encode(key).decode(),
    }


def pair() -> tuple[bytes, bytes]:
    """The stub's certificate and its key."""
    text = PAIR.read_bytes()
    place = text.index(b"-----BEGIN PRIVATE KEY")
    return text[:place], text[place:]


@pytest.mark.guard("inline-keys-stay-in-memory")
def test_an_inline_certificate_needs_no_place_to_write(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine whose disks are read-only."""

    def no_place(*args: Any, **kwargs: Any) -> None:
        raise FileNotFoundError("No usable temporary directory found")

    monkeypatch.setattr(tempfile, "TemporaryDirectory", no_place)

    assert isinstance(tls.context({}, inline(*pair())), ssl.SSLContext)


def test_without_files_in_memory_a_folder_of_ours_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("os.memfd_create")

    assert isinstance(tls.context({}, inline(*pair())), ssl.SSLContext)


def test_without_any_place_to_write_it_is_said_what_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr("os.memfd_create")
    monkeypatch.setattr(tempfile, "tempdir", "/not/there")

    with pytest.raises(AccessError, match="No such file") as caught:
        tls.context({}, inline(*pair()))
    assert caught.value.where == "client-certificate, client-key"


@pytest.mark.guard("no-pass-phrase-is-asked-for")
@pytest.mark.parametrize("form", [(), ("-traditional",)], ids=["PKCS8", "traditional"])
def test_a_key_with_a_pass_phrase_is_refused_and_not_asked_for(
    form: tuple[str, ...], tmp_path: Path
) -> None:
    certificate, key = pair()
    kind = ("ec", "-aes128") if form else ("pkcs8", "-topk8", "-v2", "aes-256-cbc")
    locked = subprocess.run(
        ["openssl", *kind, "-passout", "pass:secret"], input=key, capture_output=True, check=True
    ).stdout

    with pytest.raises(AccessError, match="has a pass phrase") as caught:
        tls.context({}, inline(certificate, locked))
    assert caught.value.hint == "openssl pkey -in KEY -out KEY_WITHOUT_PASS_PHRASE"


def in_memory() -> list[str]:
    """The files in memory of ours that this process has open; other threads open others."""
    found: list[str] = []
    for one in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # Closed meanwhile.
            found.append(str(one.readlink()))
    return [path for path in found if "memfd:kubectl-cafe" in path]


def test_the_files_in_memory_are_closed_again() -> None:
    for _ in range(3):
        tls.context({}, inline(*pair()))
    assert in_memory() == []

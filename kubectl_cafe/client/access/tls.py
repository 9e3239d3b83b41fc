"""TLS contexts as in kubectl, from a kubeconfig's certificates and keys."""

from __future__ import annotations

import base64
import binascii
import os
import ssl
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kubectl_cafe.client._libraries import urllib3
from kubectl_cafe.client.access.authorities import trust_this_machine
from kubectl_cafe.client.errors import AccessError


def context(cluster: Mapping[str, Any], user: Mapping[str, Any]) -> ssl.SSLContext:
    """The context for all connections; an inline key is in a file only while it is built."""
    ca = _bytes(cluster, "certificate-authority")
    try:
        made = ssl.create_default_context(cadata=ca.decode() if ca else None)
    except (ssl.SSLError, UnicodeDecodeError, ValueError) as error:
        raise AccessError(
            f"the CA certificate is not usable: {error}", where="certificate-authority-data"
        ) from None
    relax(made)
    if not ca:
        trust_this_machine(made)
    if cluster.get("insecure-skip-tls-verify"):
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
        # The kubeconfig requests this; kubectl does not warn either.
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    certificate, key = _bytes(user, "client-certificate"), _bytes(user, "client-key")
    if certificate and key:
        _load(made, certificate.rstrip() + b"\n" + key)
    return made


def _load(made: ssl.SSLContext, pair: bytes) -> None:
    """Load a certificate and its key, which OpenSSL reads only from files."""
    try:
        with _as_file(pair) as path:
            made.load_cert_chain(path, password=_no_pass_phrase)
    except (ssl.SSLError, OSError) as error:
        raise AccessError(
            f"the client certificate and key are not usable: {error}",
            where="client-certificate, client-key",
            hint="kubectl config view --minify",
        ) from None


def _no_pass_phrase() -> str:
    """Raise AccessError for an encrypted key, as kubectl does; OpenSSL would prompt."""
    raise AccessError(
        "the client key has a pass phrase; kubectl can't use such a key either",
        where="client-key",
        hint="openssl pkey -in KEY -out KEY_WITHOUT_PASS_PHRASE",
    )


@contextmanager
def _as_file(content: bytes) -> Iterator[str]:
    """The path of a file with `content`, in memory if possible, else in a temporary folder.

    A machine whose file systems are all read-only can't have a temporary folder.
    """
    descriptor = _in_memory(content)
    if descriptor is not None:
        try:
            yield f"/proc/self/fd/{descriptor}"
        finally:
            os.close(descriptor)
        return
    with tempfile.TemporaryDirectory(prefix="kubectl-cafe-") as folder:
        pair = Path(folder, "pair.pem")
        pair.touch(mode=0o600)
        pair.write_bytes(content)
        yield str(pair)


def _in_memory(content: bytes) -> int | None:
    """The descriptor of a file in memory (memfd) with `content`; None if that is not possible."""
    if sys.platform != "linux":
        return None
    try:
        descriptor = os.memfd_create("kubectl-cafe")
    except (AttributeError, OSError):
        return None
    try:
        Path(f"/proc/self/fd/{descriptor}").write_bytes(content)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def relax(context: ssl.SSLContext) -> None:
    """Make `context` trust the certificates that kubectl trusts.

    Python 3.13 sets VERIFY_X509_STRICT, which the CAs of many clusters fail. Go accepts an
    intermediate certificate as a trust anchor, OpenSSL only with VERIFY_X509_PARTIAL_CHAIN.
    """
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN


def _bytes(entry: Mapping[str, Any], key: str) -> bytes:
    """The decoded field `KEY-data`, or the content of the file in field `key`; b"": neither."""
    if entry.get(f"{key}-data"):
        try:
            lines = entry[f"{key}-data"].splitlines()
            return base64.b64decode("".join(lines), validate=True)
        except (binascii.Error, ValueError) as error:
            raise AccessError(f"not base64: {error}", where=f"{key}-data") from None
    return read(entry[key], key) if entry.get(key) else b""


def read(path: str, field: str) -> bytes:
    """The content of the file `path`, which `field` of the kubeconfig names."""
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise AccessError(
            f"{field} can't be read: {error.strerror}", where=path, hint="kubectl config view"
        ) from None

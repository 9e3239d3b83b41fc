"""TLS as kubectl does it, from a kubeconfig's certificates and keys."""

from __future__ import annotations

import base64
import binascii
import ssl
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kubectl_cafe.cluster._libraries import urllib3
from kubectl_cafe.cluster.authorities import trust_this_machine
from kubectl_cafe.cluster.errors import AccessError


def context(cluster: Mapping[str, Any], user: Mapping[str, Any]) -> ssl.SSLContext:
    """One context for all connections; inline keys touch the disk only while it is built."""
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
        # The kubeconfig says so on purpose; kubectl is silent about it, too.
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    certificate, key = _bytes(user, "client-certificate"), _bytes(user, "client-key")
    if certificate and key:
        with tempfile.TemporaryDirectory(prefix="kubectl-cafe-") as folder:
            pair = Path(folder, "pair.pem")
            pair.touch(mode=0o600)
            pair.write_bytes(certificate.rstrip() + b"\n" + key)
            try:
                made.load_cert_chain(pair)
            except (ssl.SSLError, OSError) as error:
                raise AccessError(
                    f"the client certificate and key are not usable: {error}",
                    where="client-certificate, client-key",
                ) from None
    return made


def relax(context: ssl.SSLContext) -> None:
    """Trust what kubectl trusts.

    Python 3.13 checks X.509 strictly, which CAs of many clusters don't pass; Go takes
    an intermediate certificate as the anchor, OpenSSL only when told to.
    """
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN


def _bytes(entry: Mapping[str, Any], key: str) -> bytes:
    """Field `key`-data (base64) or the file that `key` names; nothing is b""."""
    if entry.get(f"{key}-data"):
        try:
            return base64.b64decode(entry[f"{key}-data"], validate=False)
        except (binascii.Error, ValueError) as error:
            raise AccessError(f"not base64: {error}", where=f"{key}-data") from None
    return read(entry[key], key) if entry.get(key) else b""


def read(path: str, field: str) -> bytes:
    """The file that `field` of the kubeconfig names."""
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise AccessError(
            f"{field} can't be read: {error.strerror}", where=path, hint="kubectl config view"
        ) from None

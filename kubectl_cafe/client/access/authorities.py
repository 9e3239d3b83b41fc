"""This machine's certificate authorities, for a kubeconfig without a certificate authority."""

from __future__ import annotations

import ssl
import sys
from collections.abc import Iterable
from pathlib import Path

PLACES = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Arch
    "/etc/pki/tls/certs/ca-bundle.crt",  # Fedora, RHEL
    "/etc/ssl/ca-bundle.pem",  # SUSE
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  # CentOS
    "/etc/ssl/cert.pem",  # macOS, Alpine
)
"""The files that Go reads, and so kubectl (crypto/x509, root_linux.go and root_darwin.go)."""


def trust_this_machine(context: ssl.SSLContext, places: Iterable[str] = PLACES) -> None:
    """Load this machine's certificate authorities if OpenSSL has found none.

    OpenSSL searches the paths that were compiled in. The archive that krew installs has its own
    OpenSSL, built on Debian, which finds none on Fedora. SSL_CERT_FILE and SSL_CERT_DIR have
    precedence, as in Go.
    """
    found = ssl.get_default_verify_paths()
    if sys.platform == "win32" or found.cafile or found.capath:
        return
    place = next((place for place in places if Path(place).is_file()), None)
    if place is not None:
        context.load_verify_locations(place)

"""Who may speak to the control plane: the token file, kubeconfigs and the service accounts' key."""

from __future__ import annotations

import base64
import json
import secrets
from pathlib import Path

MASTERS = "system:masters"
COMPONENTS = ("admin", "kube-controller-manager", "kube-scheduler", "kwok", "kubelet", "puppet")
"""Users who may do everything; one name each, so that the audit log tells them apart."""
PEOPLE = ("viewer", "operator", "nobody", "alice", "bob")
"""Users without any right until a test binds a role to them."""

_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_P256_OID = bytes.fromhex("06082a8648ce3d030107")


def write_tokens(path: Path) -> dict[str, str]:
    """Write a token file for kube-apiserver; answers the token of each user."""
    tokens = {name: secrets.token_urlsafe(24) for name in (*COMPONENTS, *PEOPLE)}
    groups = dict.fromkeys(COMPONENTS, MASTERS) | dict.fromkeys(PEOPLE, "cafe:people")
    path.write_text("".join(f'{t},{name},{name},"{groups[name]}"\n' for name, t in tokens.items()))
    path.chmod(0o600)
    return tokens


def read_tokens(path: Path) -> dict[str, str]:
    """What `write_tokens` wrote."""
    rows = (line.split(",") for line in path.read_text().splitlines())
    return {name: token for token, name, *_ in rows}


def write_signing_key(path: Path) -> None:
    """Write a new EC key (P-256) in SEC1 form for signing service account tokens.

    Only the private number is written: Go computes the public point itself, and nothing but the
    standard library is needed here.
    """
    number = (secrets.randbelow(_P256_ORDER - 1) + 1).to_bytes(32, "big")
    body = b"\x02\x01\x01" + b"\x04\x20" + number + b"\xa0" + bytes([len(_P256_OID)]) + _P256_OID
    der = b"\x30" + bytes([len(body)]) + body
    text = base64.encodebytes(der).decode()
    path.write_text(f"-----BEGIN EC PRIVATE KEY-----\n{text}-----END EC PRIVATE KEY-----\n")
    path.chmod(0o600)


def write_kubeconfig(
    path: Path, server: str, token: str, user: str, ca: Path | None, namespace: str = "default"
) -> Path:
    """Write a kubeconfig with one context, `testbed`; `ca` is a PEM file, None for plain http."""
    cluster = {"server": server}
    if ca is not None:
        cluster["certificate-authority-data"] = base64.b64encode(ca.read_bytes()).decode()
    context = {"cluster": "testbed", "user": user, "namespace": namespace}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "testbed",
        "clusters": [{"name": "testbed", "cluster": cluster}],
        "users": [{"name": user, "user": {"token": token}}],
        "contexts": [{"name": "testbed", "context": context}],
    }
    path.write_text(json.dumps(config, indent=1))  # JSON is YAML
    path.chmod(0o600)
    return path
